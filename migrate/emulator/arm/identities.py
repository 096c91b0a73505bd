"""User-assigned managed identities.

Source: REST reference "Managed Identity", operation group User Assigned Identities. Texts for a bad name are assumed.
"""

import re
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.bodies import IDENTITY_TYPE, full_body
from migrate.emulator.arm.call import NO_CONTENT, ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.arm.listing import listed
from migrate.emulator.arm.lookup import the_identity
from migrate.emulator.arm.providers import is_location
from migrate.emulator.arm.resources import is_within
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.state import managed
from migrate.emulator.state.records import ManagedIdentity

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}", re.ASCII)


def list_identities(call: ArmCall, scope: Scope) -> ArmReply:
    """GET the identities of a subscription or a resource group."""
    tenant = call.tenant

    def show(identity: ManagedIdentity) -> dict[str, Any] | None:
        return full_body(tenant, identity) if is_within(identity, scope) else None

    return listed(call, (tenant.identities, show))


def get_identity(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET one identity."""
    return ArmReply(body=full_body(call.tenant, the_identity(call, scope, name)))


def put_identity(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """PUT an identity: 201 when it is new, together with its service principal."""
    body = call.json()
    tags = values.tags(body)
    values.record(body, "properties")
    location = values.text(body, "location")
    tenant = call.tenant
    resource_id = scope.child("providers", IDENTITY_TYPE, name)
    with tenant.lock:
        known = tenant.azure.identity_with_id(tenant.identities, resource_id)
        if known is None:
            _check(name, location)
            made = managed.create(
                tenant, name=name, resource_id=_canonical(scope, name), location=values.region(location or ""),
                user_assigned=True,
            )  # fmt: skip
        else:
            _check_same_place(known, location, scope)
            made = known
        made = replace(made, tags=MappingProxyType(tags or {}))
        tenant.identities[made.principal_id] = made
    return ArmReply(status=201 if known is None else 200, body=full_body(tenant, made))


def _canonical(scope: Scope, name: str) -> str:
    # The service writes "resourcegroups" in lower case (sample of the REST reference).
    return f"/subscriptions/{scope.subscription_id}/resourcegroups/{scope.group}/providers/{IDENTITY_TYPE}/{name}"


def _check(name: str, location: str | None) -> None:
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if not is_location(location):
        raise values.no_location(location)
    if not _NAME.fullmatch(name):
        raise ArmError(
            400,
            "InvalidResourceName",
            f"The resource name '{name}' is invalid. It must be 3 to 128 letters, digits, hyphens and underscores, and "
            "begin with a letter or digit.",
        )


def _check_same_place(known: ManagedIdentity, location: str | None, scope: Scope) -> None:
    if location and values.region(location) != known.location:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{known.name}' already exists in location '{known.location}' in resource group "
            f"'{scope.group}'. A resource with the same name cannot be created in location '{location}'. Please select "
            "a new resource name.",
        )


def patch_identity(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """PATCH an identity: its tags."""
    tags = values.tags(call.json())
    with call.tenant.lock:
        known = the_identity(call, scope, name)
        changed = known if tags is None else replace(known, tags=MappingProxyType(tags))
        call.tenant.identities[known.principal_id] = changed
    return ArmReply(body=full_body(call.tenant, changed))


def delete_identity(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """DELETE an identity with its service principal: 200, or 204 when there was none."""
    tenant = call.tenant
    with tenant.lock:
        known = tenant.azure.identity_with_id(tenant.identities, scope.child("providers", IDENTITY_TYPE, name))
        if known is None:
            return NO_CONTENT
        managed.delete(tenant, known.principal_id)
    return ArmReply(status=200)


def list_operations(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /providers/Microsoft.ManagedIdentity/operations, which anybody may who has a token."""
    del call, scope
    shown = [
        {
            "name": f"Microsoft.ManagedIdentity/{kind}/{verb}",
            "display": {"provider": "Microsoft.ManagedIdentity", "resource": kind, "operation": verb},
        }
        for kind, verb in _OPERATIONS
    ]
    return ArmReply(body={"value": shown})


_OPERATIONS: Final = (
    ("identities", "read"),
    *(("userAssignedIdentities", verb) for verb in ("read", "write", "delete", "assign/action",
                                                    "listAssociatedResources/action")),
    *(("userAssignedIdentities/federatedIdentityCredentials", verb) for verb in ("read", "write", "delete")),
)  # fmt: skip
_COLLECTION: Final = ("microsoft.managedidentity", "userassignedidentities")

ROUTES: Final[Routes] = {
    ("microsoft.managedidentity", "operations"): {"GET": route(list_operations)},
    _COLLECTION: {"GET": route(list_identities, f"{IDENTITY_TYPE}/read")},
    (*_COLLECTION, "*"): {
        "GET": route(get_identity, f"{IDENTITY_TYPE}/read"),
        "PUT": route(put_identity, f"{IDENTITY_TYPE}/write"),
        "PATCH": route(patch_identity, f"{IDENTITY_TYPE}/write"),
        "DELETE": route(delete_identity, f"{IDENTITY_TYPE}/delete"),
    },
}
