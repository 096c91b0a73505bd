"""Resources of every type: lists over a subscription or a group, and single ones by id.

Source: REST reference "Resource Management", operation group Resources.
"""

from collections.abc import Callable
from typing import Any, Final

from migrate.emulator.arm.bodies import Record, base_of, created_of, full_body, group_name, type_of
from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import group_not_found, resource_not_found
from migrate.emulator.arm.filters import read_filter
from migrate.emulator.arm.listing import listed
from migrate.emulator.arm.lookup import find_resource
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.state.azure import subscription_of
from migrate.emulator.state.records import ManagedIdentity

_READ: Final = "Microsoft.Resources/subscriptions/resourceGroups/read"


def list_resources(call: ArmCall, scope: Scope) -> ArmReply:
    """GET .../resources: what the caller may read, with ``$filter``, ``$expand`` and ``$top``."""
    if not call.sees(scope.subscription_id):
        call.demand("Microsoft.Resources/subscriptions/resources/read", scope.path)
    if scope.group and call.tenant.azure.group(scope.subscription_id, scope.group) is None:
        raise group_not_found(scope.group)
    show = _shown_to(call, scope)
    tenant = call.tenant
    return listed(call, (tenant.identities, show), (tenant.hosts, show), (tenant.azure.resources, show))


def _shown_to(call: ArmCall, scope: Scope) -> Callable[[Record], dict[str, Any] | None]:
    wanted = read_filter(call.query.get("$filter", ""))
    expanded = {part.strip().lower() for part in call.query.get("$expand", "").split(",")}
    sees_all = call.may(_READ, scope.path)

    def show(record: Record) -> dict[str, Any] | None:
        if not is_within(record, scope):
            return None
        if not sees_all and not call.may(_READ, record.resource_id):
            return None
        body = base_of(call.tenant, record)
        return {**body, **_expanded(call, record, expanded)} if wanted(body) else None

    return show


def is_within(record: Record, scope: Scope) -> bool:
    """Whether a record is a resource of its own that lies in a subscription or group."""
    if isinstance(record, ManagedIdentity) and not record.user_assigned:
        return False
    if subscription_of(record.resource_id) != scope.subscription_id:
        return False
    return not scope.group or group_name(record).lower() == scope.group.lower()


def _expanded(call: ArmCall, record: Record, names: set[str]) -> dict[str, str]:
    moment = f"{created_of(call.tenant, record):%Y-%m-%dT%H:%M:%S}.0000000Z"
    known = {"createdtime": ("createdTime", moment), "changedtime": ("changedTime", moment),
             "provisioningstate": ("provisioningState", "Succeeded")}  # fmt: skip
    return dict(known[name] for name in names if name in known)


def read_any(call: ArmCall, resource_id: str, kind: str, group: str) -> ArmReply:
    """Give a resource that no area of its own serves, by its id."""
    found = find_resource(call.tenant, resource_id)
    if found is None:
        raise resource_not_found(kind, resource_id.rpartition("/")[2], group)
    return ArmReply(body=full_body(call.tenant, found))


def get_vault(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../Microsoft.KeyVault/vaults/{name}."""
    kind = "Microsoft.KeyVault/vaults"
    return read_any(call, scope.child("providers", kind, name), kind, scope.group)


def list_vaults(call: ArmCall, scope: Scope) -> ArmReply:
    """GET .../Microsoft.KeyVault/vaults."""
    tenant = call.tenant

    def show(record: Record) -> dict[str, Any] | None:
        is_vault = type_of(record) == "Microsoft.KeyVault/vaults"
        return full_body(tenant, record) if is_vault and is_within(record, scope) else None

    return listed(call, (tenant.azure.resources, show))


ROUTES: Final[Routes] = {
    ("subscriptions", "*", "resources"): {"GET": route(list_resources)},
    ("subscriptions", "*", "resourcegroups", "*", "resources"): {"GET": route(list_resources)},
    ("microsoft.keyvault", "vaults"): {"GET": route(list_vaults, "Microsoft.KeyVault/vaults/read")},
    ("microsoft.keyvault", "vaults", "*"): {"GET": route(get_vault, "Microsoft.KeyVault/vaults/read")},
}
