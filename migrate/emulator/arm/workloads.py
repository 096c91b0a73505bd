"""The properties of machines, sites, container apps, clusters and workspaces, and the addresses they call from."""

from typing import Any, Final
from zlib import crc32

from migrate.emulator.ids import seeded_guid
from migrate.emulator.state.records import Host, Setting
from migrate.emulator.state.tenant import Tenant

_MOST_ADDRESSES: Final = 4
_RECENT: Final = 8
NIC_TYPE: Final = "Microsoft.Network/networkInterfaces"
NIC_SUFFIX: Final = "-nic"
PLAN_TYPE: Final = "Microsoft.Web/serverfarms"
PLAN_SKU: Final = "PremiumV3"


def addresses(tenant: Tenant, host: Host) -> list[str]:
    """Give the addresses that a host calls from: those of the latest sign-ins of whatever runs on it."""
    owners = [tenant.identities[each].client_id for each in host.identities if each in tenant.identities]
    found: dict[str, None] = {}
    for app_id in (host.app_id, *owners):
        for position in tuple(tenant.sign_ins.positions(app_id))[-_RECENT:] if app_id else ():
            found.setdefault(tenant.sign_ins.at(position).ip_address)
    if not found:  # a documentation network (RFC 5737)
        found.setdefault(f"198.51.100.{crc32(host.name.encode()) % 250 + 1}")
    return list(found)[:_MOST_ADDRESSES]


def secret_text(tenant: Tenant, setting: Setting) -> str:
    """Give a setting's value with the secret's text in it."""
    return setting.value + (tenant.secret_of(setting.secret_key_id) if setting.secret_key_id else "")


def _group(host: Host) -> str:
    return f"/subscriptions/{host.subscription_id}/resourceGroups/{host.group}/providers"


def nic_id(host: Host) -> str:
    """Give the ARM id of a machine's network interface."""
    return f"{_group(host)}/{NIC_TYPE}/{host.name}{NIC_SUFFIX}"


def plan_id(host: Host) -> str:
    """Give the ARM id of the plan that a site runs on: one for each resource group."""
    return f"{_group(host)}/{PLAN_TYPE}/plan-{host.group}"


def machine(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give a virtual machine's properties."""
    return {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "provisioningState": "Succeeded",
        "vmId": seeded_guid(tenant.id, "vm", host.resource_id),
        "storageProfile": {
            "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                               "version": "latest"},
            "osDisk": {"osType": "Linux", "name": f"{host.name}_OsDisk", "createOption": "FromImage",
                       "managedDisk": {"id": f"{_group(host)}/Microsoft.Compute/disks/{host.name}_OsDisk",
                                       "storageAccountType": "Premium_LRS"}},
            "dataDisks": [],
        },
        "osProfile": {"computerName": host.name[:63], "adminUsername": "azureuser"},
        "networkProfile": {"networkInterfaces": [
            {"id": nic_id(host), "properties": {"primary": True}},
        ]},
    }  # fmt: skip


def instance_view(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give the state of a running machine (REST reference, Virtual Machines - Instance View)."""
    moment = f"{tenant.clock.start:%Y-%m-%dT%H:%M:%S}+00:00"
    return {
        "computerName": host.name[:63],
        "osName": "ubuntu",
        "osVersion": "24.04",
        "statuses": [
            {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded",
             "time": moment},
            {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"},
        ],
    }  # fmt: skip


def site(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give the properties of a web app or one of its slots; settings are never among them."""
    outbound = ",".join(addresses(tenant, host))
    site_name, _, slot = host.name.partition("/")
    name = f"{site_name}-{slot}.azurewebsites.net" if slot else f"{site_name}.azurewebsites.net"
    return {
        "name": host.name,
        "state": "Running",
        "hostNames": [name],
        "enabledHostNames": [name, name.replace(".", ".scm.", 1)],
        "defaultHostName": name,
        "enabled": True,
        "usageState": "Normal",
        "availabilityState": "Normal",
        "serverFarmId": plan_id(host),
        "sku": PLAN_SKU,
        "reserved": True,
        "httpsOnly": True,
        "siteConfig": {"linuxFxVersion": "PYTHON|3.12", "appSettings": None, "connectionStrings": None},
        "outboundIpAddresses": outbound,
        "possibleOutboundIpAddresses": outbound,
        "keyVaultReferenceIdentity": "SystemAssigned",
        "repositorySiteName": site_name,
        "resourceGroup": host.group,
    }


def container_app(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give a container app's properties: secrets by name, environment variables that refer to them."""
    variables = [
        {"name": each.name, "secretRef": secret_name(each)}
        if each.secret_key_id
        else {"name": each.name, "value": each.value}
        for each in host.settings
    ]
    return {
        "provisioningState": "Succeeded",
        "runningStatus": "Running",
        "managedEnvironmentId": f"{_group(host)}/Microsoft.App/managedEnvironments/cae-{host.group}",
        "outboundIpAddresses": addresses(tenant, host),
        "configuration": {
            "activeRevisionsMode": "Single",
            "secrets": [{"name": secret_name(each)} for each in host.settings if each.secret_key_id],
            "identitySettings": [],
        },
        "template": {"containers": [
            {"name": "main", "image": f"contoso.azurecr.io/{host.name}:1", "env": variables,
             "resources": {"cpu": 0.5, "memory": "1Gi"}},
        ]},
    }  # fmt: skip


def secret_name(setting: Setting) -> str:
    """Give the name of a container app's secret: lower case and hyphens only."""
    return setting.name.lower().replace("_", "-")


def arc_machine(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give the properties of a machine outside Azure that Azure Arc knows."""
    return {
        "provisioningState": "Succeeded",
        "status": "Connected",
        "vmId": seeded_guid(tenant.id, "arc", host.resource_id),
        "displayName": host.name,
        "machineFqdn": f"{host.name}.contoso.example",
        "osName": "linux",
        "osType": "linux",
        "agentVersion": "1.53.0",
    }


def cluster(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give a Kubernetes cluster's properties, with the issuer that a federated credential must name."""
    del tenant
    return {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.33",
        "dnsPrefix": host.name,
        "enableRBAC": True,
        "fqdn": f"{host.name}.hcp.{host.location}.azmk8s.io",
        "oidcIssuerProfile": {"enabled": bool(host.issuer_url), "issuerURL": host.issuer_url or None},
        "securityProfile": {"workloadIdentity": {"enabled": bool(host.issuer_url)}},
        "agentPoolProfiles": [
            {"name": "nodepool1", "count": 3, "vmSize": "Standard_D4s_v5", "mode": "System", "osType": "Linux",
             "type": "VirtualMachineScaleSets", "provisioningState": "Succeeded", "powerState": {"code": "Running"}},
        ],
    }  # fmt: skip


def workspace(tenant: Tenant, host: Host) -> dict[str, Any]:
    """Give the properties of an Azure Machine Learning workspace."""
    return {
        "provisioningState": "Succeeded",
        "workspaceId": seeded_guid(tenant.id, "workspace", host.resource_id),
        "friendlyName": host.name,
        "publicNetworkAccess": "Enabled",
    }
