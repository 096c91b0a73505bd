"""What Azure holds around identities: subscriptions, role assignments, key vaults, clusters and further hosts."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final
from zlib import crc32

from migrate.emulator.ids import seeded_guid
from migrate.emulator.seed.deployment import vault_name
from migrate.emulator.seed.identities import add_system_assigned, group_named, location_of, subscription
from migrate.emulator.seed.maker import Maker
from migrate.emulator.seed.names import AUDITOR, ENVIRONMENTS, OPERATOR
from migrate.emulator.state.azure import AzureResource, RoleAssignment, Subscription
from migrate.emulator.state.records import Setting
from migrate.emulator.state.roles import OWNER, READER, SECRETS_OFFICER
from migrate.emulator.state.tenant import Tenant

CLUSTER: Final = "aks-platform-01"
ARC_MACHINE: Final = "arc-onprem-01"
WORKSPACE: Final = "mlw-forecasts-prod"
_CONTAINER_SHARE: Final = 6
_SLOT_SHARE: Final = 5


def add_azure(tenant: Tenant, seed: int) -> None:
    """Put subscriptions, roles and further resources around the hosts and identities that are already there."""
    maker = Maker(tenant, seed, "azure")
    for environment, name in (("prod", "Contoso Production"), ("dev", "Contoso Development and Test")):
        wanted = Subscription(id=subscription(maker, environment), name=name)
        tenant.azure.subscriptions[wanted.id] = wanted
    _add_assignments(maker)
    for environment in ENVIRONMENTS:
        _add_vault(maker, environment)
    _add_container_apps(tenant)
    _add_slots(tenant)
    add_system_assigned(maker, ARC_MACHINE, "arc")
    _add_cluster(maker)
    add_system_assigned(maker, WORKSPACE, "azure-ml")


def _add_assignments(maker: Maker) -> None:
    tenant = maker.tenant
    for application, role in ((OPERATOR, OWNER), (AUDITOR, READER), (OPERATOR, SECRETS_OFFICER)):
        principal = tenant.service_principal_of(tenant.application_named(application))
        for subscription_id in tenant.azure.subscriptions:
            of_data = role == SECRETS_OFFICER  # an owner of a vault may not read what is in it
            assignment = RoleAssignment(
                name=seeded_guid(maker.seed, "of data", subscription_id) if of_data else maker.guid(),
                principal_id=principal.id,
                role=role,
                scope=f"/subscriptions/{subscription_id}",
                created=maker.days(-400),
            )
            tenant.azure.assignments[assignment.name] = assignment


def _add_vault(maker: Maker, environment: str) -> None:
    name = vault_name(environment)
    group = group_named(maker, "secrets", environment)
    where = f"/subscriptions/{subscription(maker, environment)}/resourceGroups/{group}"
    vault = AzureResource(
        resource_id=f"{where}/providers/Microsoft.KeyVault/vaults/{name}",
        type="Microsoft.KeyVault/vaults",
        location=location_of(environment),
        properties=MappingProxyType({
            "sku": {"family": "A", "name": "standard"},
            "tenantId": maker.tenant.id,
            "enableRbacAuthorization": True,
            "vaultUri": f"https://{name}.{maker.tenant.cloud.vault_domain}/",
            "provisioningState": "Succeeded",
        }),
    )  # fmt: skip
    maker.tenant.azure.resources[vault.resource_id.lower()] = vault


def _add_container_apps(tenant: Tenant) -> None:
    """Give some sites a sibling that does the background work with the same identity and settings."""
    chosen = [
        host for host in tenant.hosts.values()
        if host.kind == "app-service" and host.settings and crc32(host.name.encode()) % _CONTAINER_SHARE == 0
    ]  # fmt: skip
    for site in chosen:
        name = f"ca-{site.name.removeprefix('app-')}"
        tenant.hosts[name] = replace(site, name=name, kind="container-app", connection_strings=())


def _add_slots(tenant: Tenant) -> None:
    """Give some sites a staging slot with the same identity, whose secret is a reference in the other form."""
    chosen = [
        host for host in tenant.hosts.values()
        if host.kind == "app-service" and host.settings and crc32(host.name.encode()) % _SLOT_SHARE == 0
    ]  # fmt: skip
    for site in chosen:
        vault = vault_name(site.group.rpartition("-")[2])
        value = f"@Microsoft.KeyVault(VaultName={vault};SecretName={site.name};SecretVersion=0123456789abcdef)"
        secret = Setting(name="AZURE_CLIENT_SECRET", value=value)
        kept = tuple(each for each in site.settings if each.name in {"AZURE_CLIENT_ID", "AZURE_TENANT_ID"})
        name = f"{site.name}/staging"
        tenant.hosts[name] = replace(site, name=name, kind="slot", settings=(*kept, secret), connection_strings=())


def _add_cluster(maker: Maker) -> None:
    add_system_assigned(maker, CLUSTER, "aks")
    host = maker.tenant.hosts[CLUSTER]
    unique = seeded_guid(maker.seed, "cluster issuer", CLUSTER)
    url = f"https://{host.location}.oic.prod-aks.azure.com/{maker.tenant.id}/{unique}/"
    maker.tenant.hosts[CLUSTER] = replace(host, issuer_url=url)
