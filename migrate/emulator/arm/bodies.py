"""What Azure Resource Manager shows of identities, hosts and other resources.

Property names follow the REST reference of each provider (samples of it for identities); of the many properties of a
machine or site those are given that clients in use read. Bodies are made when they are asked for.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zlib import crc32

from migrate.emulator.arm import workloads
from migrate.emulator.state.azure import AzureResource, group_of
from migrate.emulator.state.records import HOST_TYPES, FederatedCredential, Host, HostKind, ManagedIdentity
from migrate.emulator.state.tenant import Tenant

IDENTITY_TYPE: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
_SEPARATORS: Mapping[HostKind, str] = {"container-app": ","}
"""The two spellings of having both kinds differ by a blank (pages on App Service and on Container Apps)."""
KINDS: Mapping[HostKind, str] = {"app-service": "app,linux", "slot": "app,linux"}

Record = Host | ManagedIdentity | AzureResource
_PROPERTIES: Final[Mapping[HostKind, Callable[[Tenant, Host], dict[str, Any]]]] = {
    "vm": workloads.machine,
    "app-service": workloads.site,
    "slot": workloads.site,
    "container-app": workloads.container_app,
    "arc": workloads.arc_machine,
    "aks": workloads.cluster,
    "azure-ml": workloads.workspace,
}


def identity_of_host(tenant: Tenant, host: Host) -> dict[str, Any] | None:
    """Give a resource's ``identity``, or None when it has none."""
    attached = [tenant.identities[each] for each in host.identities if each in tenant.identities]
    system = next((each for each in attached if not each.user_assigned), None)
    assigned = {each.resource_id: _ids(each) for each in attached if each.user_assigned}
    kinds = ["SystemAssigned"] * (system is not None) + ["UserAssigned"] * bool(assigned)
    if not kinds:
        return None
    shown: dict[str, Any] = {"type": _SEPARATORS.get(host.kind, ", ").join(kinds)}
    if system is not None:
        shown |= {"principalId": system.principal_id, "tenantId": tenant.id}
    return {**shown, "userAssignedIdentities": assigned} if assigned else shown


def _ids(identity: ManagedIdentity) -> dict[str, str]:
    return {"principalId": identity.principal_id, "clientId": identity.client_id}


def base_of(tenant: Tenant, record: Record) -> dict[str, Any]:
    """Give what every list of resources shows: id, name, type, location, tags, kind and identity."""
    shown: dict[str, Any] = {
        "id": record.resource_id,
        "name": record.name,
        "type": type_of(record),
        "location": record.location,
    }
    if record.tags or not isinstance(record, Host):
        shown["tags"] = dict(record.tags)
    if isinstance(record, Host):
        if record.kind in KINDS:
            shown["kind"] = KINDS[record.kind]
        identity = identity_of_host(tenant, record)
        if identity is not None:
            shown["identity"] = identity
    if isinstance(record, AzureResource):
        shown |= {name: value for name, value in (("kind", record.kind), ("sku", record.sku)) if value is not None}
    return shown


def type_of(record: Record) -> str:
    """Give the resource type."""
    if isinstance(record, Host):
        return HOST_TYPES[record.kind]
    return IDENTITY_TYPE if isinstance(record, ManagedIdentity) else record.type


def properties_of(tenant: Tenant, record: Record) -> dict[str, Any]:
    """Give a resource's ``properties``."""
    if isinstance(record, Host):
        return {**_PROPERTIES[record.kind](tenant, record), **record.others}
    if isinstance(record, ManagedIdentity):
        return {"isolationScope": "None", "tenantId": tenant.id, **_ids(record)}
    return dict(record.properties)


def full_body(tenant: Tenant, record: Record) -> dict[str, Any]:
    """Give a resource as its own provider shows it."""
    return {**base_of(tenant, record), "properties": properties_of(tenant, record)}


def group_name(record: Record) -> str:
    """Give the resource group of a record."""
    return record.group if isinstance(record, Host) else group_of(record.resource_id)


def created_of(tenant: Tenant, record: Record) -> datetime:
    """Give a date of creation; a host's depends on its name alone."""
    if isinstance(record, ManagedIdentity):
        principal = tenant.service_principals.get(record.principal_id)
        if principal is not None and principal.created is not None:
            return principal.created
    return tenant.clock.start - timedelta(days=30 + crc32(record.name.encode()) % 700)


def federated_body(identity: ManagedIdentity, credential: FederatedCredential) -> dict[str, Any]:
    """Give a federated credential of an identity."""
    return {
        "id": f"{identity.resource_id}/federatedIdentityCredentials/{credential.name}",
        "name": credential.name,
        "type": f"{IDENTITY_TYPE}/federatedIdentityCredentials",
        "properties": {
            "issuer": credential.issuer,
            "subject": credential.subject,
            "audiences": list(credential.audiences),
        },
    }
