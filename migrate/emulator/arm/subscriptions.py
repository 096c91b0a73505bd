"""Tenants, subscriptions, resource groups, regions and providers.

Sources: REST reference "Resource Management", operation groups Tenants, Subscriptions, Resource Groups and Providers.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.call import NO_CONTENT, ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError, bad_content, group_not_found, subscription_not_found
from migrate.emulator.arm.filters import read_filter
from migrate.emulator.arm.listing import top_of
from migrate.emulator.arm.providers import all_providers, is_location, location_bodies
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.state import managed
from migrate.emulator.state.azure import ResourceGroup, Subscription
from migrate.emulator.state.tenant import Tenant

_GROUP_NAME: Final = re.compile(r"[\w().-]{1,90}(?<!\.)")
_READ_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups/read"
_WRITE_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups/write"


def _list(*bodies: Mapping[str, Any]) -> ArmReply:
    return ArmReply(body={"value": list(bodies), "count": {"type": "Total", "value": len(bodies)}})


def list_tenants(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /tenants."""
    del scope
    tenant = call.tenant
    shown = {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "tenantCategory": "Home",
        "displayName": tenant.display_name,
        "defaultDomain": tenant.domain,
        "domains": [tenant.domain],
        "countryCode": "NL",
        "tenantType": "AAD",
    }
    return ArmReply(body={"value": [shown]})


def _subscription(tenant: Tenant, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": tenant.id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def list_subscriptions(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /subscriptions: those in which the caller has a role."""
    del scope
    seen = [each for each in call.tenant.azure.subscriptions.values() if call.sees(each.id)]
    return _list(*(_subscription(call.tenant, each) for each in seen))


def get_subscription(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /subscriptions/{id}; the caller may have its role on something inside it only."""
    found = call.tenant.azure.subscriptions.get(scope.subscription_id)
    if found is None:
        raise subscription_not_found(scope.subscription_id)
    if not call.sees(found.id):
        call.demand("Microsoft.Resources/subscriptions/read", scope.path)
    return ArmReply(body=_subscription(call.tenant, found))


def list_locations(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /subscriptions/{id}/locations."""
    if not call.sees(scope.subscription_id):
        call.demand("Microsoft.Resources/subscriptions/locations/read", scope.path)
    return ArmReply(body={"value": location_bodies(scope.subscription_id)})


def list_providers(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /providers and /subscriptions/{id}/providers."""
    del call
    return ArmReply(body={"value": [each.body(scope.subscription_id) for each in all_providers()]})


# --- resource groups -------------------------------------------------------------------------------------------------


def group_body(group: ResourceGroup) -> dict[str, Any]:
    """Give what Azure Resource Manager shows of a resource group."""
    return {
        "id": group.resource_id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": dict(group.tags),
        "properties": {"provisioningState": "Succeeded"},
    }


def list_groups(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /subscriptions/{id}/resourcegroups, with ``$filter`` by tag and ``$top``."""
    wanted = read_filter(call.query.get("$filter", ""))
    groups = [
        group_body(group)
        for group in call.tenant.azure.groups()
        if group.subscription_id == scope.subscription_id and call.may(_READ_GROUP, group.resource_id)
    ]
    return ArmReply(body={"value": [each for each in groups if wanted(each)][: top_of(call)]})


def _group(call: ArmCall, scope: Scope) -> ResourceGroup:
    group = call.tenant.azure.group(scope.subscription_id, scope.group)
    if group is None:
        raise group_not_found(scope.group)
    return group


def get_group(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /subscriptions/{id}/resourcegroups/{name}."""
    call.demand(_READ_GROUP, scope.path)
    return ArmReply(body=group_body(_group(call, scope)))


def check_group(call: ArmCall, scope: Scope) -> ArmReply:
    """HEAD /subscriptions/{id}/resourcegroups/{name}: 204 or 404."""
    call.demand(_READ_GROUP, scope.path)
    exists = call.tenant.azure.group(scope.subscription_id, scope.group) is not None
    return NO_CONTENT if exists else ArmReply(status=404)


def put_group(call: ArmCall, scope: Scope) -> ArmReply:
    """PUT /subscriptions/{id}/resourcegroups/{name}: create or replace the tags; the region cannot change."""
    call.demand(_WRITE_GROUP, scope.path)
    body = call.json()
    location = values.text(body, "location")
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if not is_location(location):
        raise values.no_location(location)
    if not _GROUP_NAME.fullmatch(scope.group):
        raise ArmError(400, "InvalidResourceGroup", f"The provided resource group name '{scope.group}' is not valid.")
    with call.tenant.lock:
        known = call.tenant.azure.group(scope.subscription_id, scope.group)
        if known is not None and known.location != values.region(location):
            raise ArmError(
                409,
                "InvalidResourceGroupLocation",
                f"Invalid resource group location '{location}'. The Resource group already exists in location "
                f"'{known.location}'.",
            )
        group = ResourceGroup(
            subscription_id=scope.subscription_id,
            name=scope.group if known is None else known.name,
            location=values.region(location),
            tags=MappingProxyType(values.tags(body) or {}),
        )
        call.tenant.azure.put_group(group)
    return ArmReply(status=201 if known is None else 200, body=group_body(group))


def patch_group(call: ArmCall, scope: Scope) -> ArmReply:
    """PATCH /subscriptions/{id}/resourcegroups/{name}: the tags."""
    call.demand(_WRITE_GROUP, scope.path)
    tags = values.tags(call.json())
    if tags is None:
        raise bad_content("Only the tags of a resource group can be updated")
    with call.tenant.lock:
        known = _group(call, scope)
        group = ResourceGroup(
            subscription_id=known.subscription_id, name=known.name, location=known.location, tags=MappingProxyType(tags)
        )
        call.tenant.azure.put_group(group)
    return ArmReply(body=group_body(group))


def delete_group(call: ArmCall, scope: Scope) -> ArmReply:
    """DELETE /subscriptions/{id}/resourcegroups/{name} with everything in it.

    The reference knows 200 and 202; the first needs no second request.
    """
    call.demand("Microsoft.Resources/subscriptions/resourceGroups/delete", scope.path)
    with call.tenant.lock:
        _empty(call.tenant, _group(call, scope))
    return ArmReply()


def _empty(tenant: Tenant, group: ResourceGroup) -> None:
    inside = f"{group.resource_id.lower()}/"
    for host in [each for each in tenant.hosts.values() if each.resource_id.lower().startswith(inside)]:
        managed.set_attached(tenant, host, (), has_own=False)
        tenant.hosts.remove(host.name.lower())
    for identity in [each for each in tenant.identities.values() if each.resource_id.lower().startswith(inside)]:
        managed.delete(tenant, identity.principal_id)
    for resource_id in [each for each in tenant.azure.resources if each.startswith(inside)]:
        tenant.azure.resources.remove(resource_id)
    tenant.azure.remove_group(group)


ROUTES: Final[Routes] = {
    ("tenants",): {"GET": route(list_tenants)},
    ("subscriptions",): {"GET": route(list_subscriptions)},
    ("subscriptions", "*"): {"GET": route(get_subscription)},
    ("subscriptions", "*", "locations"): {"GET": route(list_locations)},
    ("providers",): {"GET": route(list_providers)},
    ("subscriptions", "*", "providers"): {"GET": route(list_providers)},
    ("subscriptions", "*", "resourcegroups"): {"GET": route(list_groups)},
    ("subscriptions", "*", "resourcegroups", "*"): {
        "GET": route(get_group),
        "HEAD": route(check_group),
        "PUT": route(put_group),
        "PATCH": route(patch_group),
        "DELETE": route(delete_group),
    },
}
