"""Finds resources by their ARM ids, which compare without case."""

from migrate.emulator.arm.bodies import Record
from migrate.emulator.arm.call import ArmCall
from migrate.emulator.arm.errors import resource_not_found
from migrate.emulator.arm.routing import Scope
from migrate.emulator.state.records import HOST_TYPES, Host, HostKind, ManagedIdentity, host_path
from migrate.emulator.state.tenant import Tenant


def find_resource(tenant: Tenant, resource_id: str) -> Record | None:
    """Find a resource of any type."""
    wanted = resource_id.lower().rstrip("/")
    identity = tenant.azure.identity_with_id(tenant.identities, wanted)
    if identity is not None:
        return identity
    names = wanted.rpartition("/providers/")[2].split("/")[2::2]
    host = tenant.hosts.get("/".join(names))
    if host is not None and host.resource_id.lower() == wanted:
        return host
    return tenant.azure.resources.get(wanted)


def the_identity(call: ArmCall, scope: Scope, name: str) -> ManagedIdentity:
    """Find a user-assigned identity, or refuse."""
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    found = call.tenant.azure.identity_with_id(call.tenant.identities, scope.child("providers", kind, name))
    if found is None:
        raise resource_not_found(kind, name, scope.group)
    return found


def the_host(call: ArmCall, scope: Scope, kind: HostKind, name: str) -> Host:
    """Find a host of a kind, or refuse."""
    found = find_host(call.tenant, scope, kind, name)
    if found is None:
        raise resource_not_found(HOST_TYPES[kind], name, scope.group)
    return found


def find_host(tenant: Tenant, scope: Scope, kind: HostKind, name: str) -> Host | None:
    """Find a host of a kind."""
    found = tenant.hosts.get(name.lower())
    wanted = scope.child("providers", host_path(kind, name)).lower()
    return found if found is not None and found.resource_id.lower() == wanted else None
