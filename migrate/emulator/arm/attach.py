"""Attaching identities to hosts: what a resource's ``identity`` means in a request.

Sources: page "Configure managed identities on Azure virtual machines" (REST): the identities to add stand in a
dictionary whose values are empty objects, null removes one, PATCH adds to what is there, PUT replaces it, and a type
without ``UserAssigned`` or ``SystemAssigned`` removes what it leaves out. The outer text of a failed identity operation
and the text for identities under another type are recorded in public issues; the inner texts are assumed.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.bodies import IDENTITY_TYPE
from migrate.emulator.arm.call import ArmCall
from migrate.emulator.arm.errors import ArmError, bad_content
from migrate.emulator.state import managed
from migrate.emulator.state.records import HOST_TYPES, Host, ManagedIdentity

_KINDS: Final = {"systemassigned": "SystemAssigned", "userassigned": "UserAssigned", "none": "None"}
_ID: Final = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.managedidentity/userassignedidentities/[^/]+",
    re.IGNORECASE,
)
_ASSIGN: Final = f"{IDENTITY_TYPE}/assign/action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request's ``identity``: None stands for what is not said."""

    kinds: frozenset[str] | None
    added: tuple[str, ...]
    removed: tuple[str, ...]


def read_wish(body: dict[str, Any]) -> Wish | None:
    """Read a body's ``identity``; None when there is none."""
    identity = values.record(body, "identity")
    if identity is None:
        return None
    listed = values.record(identity, "userAssignedIdentities") or {}
    if not all(value is None or isinstance(value, dict) for value in listed.values()):
        raise bad_content("The values of userAssignedIdentities must be objects or null")
    return Wish(
        kinds=_kinds(values.text(identity, "type")),
        added=tuple(key for key, value in listed.items() if value is not None),
        removed=tuple(key for key, value in listed.items() if value is None),
    )


def _kinds(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    parts = [part.strip().lower() for part in text.split(",")]
    if not all(part in _KINDS for part in parts) or ("none" in parts and len(parts) > 1):
        raise bad_content(f"Error converting value \"{text}\" to type 'ResourceIdentityType'")
    return frozenset(_KINDS[part] for part in parts) - {"None"}


def attach(call: ArmCall, host: Host, wish: Wish, *, replaces: bool) -> Host:
    """Give a host the identities that a request asks for; the caller holds the tenant's lock and saves it."""
    held = {each.resource_id.lower(): each for each in _attached(call, host) if each.user_assigned}
    has_own = any(not each.user_assigned for each in _attached(call, host))
    before = frozenset(["UserAssigned"] * bool(held) + ["SystemAssigned"] * has_own)
    kinds = before if wish.kinds is None else wish.kinds
    _check_kinds(host, kinds, wish)
    wanted = {} if replaces or "UserAssigned" not in kinds else dict(held)
    for resource_id in wish.added:
        identity = _identity(call, host, resource_id)
        if identity.resource_id.lower() not in held:
            _check_assignable(call, host, identity)
        wanted[identity.resource_id.lower()] = identity
    for resource_id in wish.removed:
        wanted.pop(resource_id.lower(), None)
    if "UserAssigned" in kinds and not wanted and (replaces or not held):
        raise _failed(host, "The request format was unexpected: a UserAssigned identity type must name an identity.")
    assigned = tuple(each.principal_id for each in wanted.values())
    return managed.set_attached(call.tenant, host, assigned, has_own="SystemAssigned" in kinds)


def _attached(call: ArmCall, host: Host) -> list[ManagedIdentity]:
    return [call.tenant.identities[each] for each in host.identities if each in call.tenant.identities]


def _check_kinds(host: Host, kinds: frozenset[str], wish: Wish) -> None:
    if host.kind == "arc" and "UserAssigned" in kinds:
        # Page "Authenticate against Azure resources with Azure Arc-enabled servers": system-assigned only.
        raise ArmError(
            400,
            "InvalidIdentityType",
            f"The resource type '{HOST_TYPES[host.kind]}' supports the identity types 'SystemAssigned' and 'None' "
            "only.",
        )
    if "UserAssigned" not in kinds and wish.added:
        raise _failed(
            host,
            "The request format was unexpected, a non-UserAssigned identity type should not contain: "
            "userAssignedIdentities",
        )


def _identity(call: ArmCall, host: Host, resource_id: str) -> ManagedIdentity:
    if not _ID.fullmatch(resource_id):
        raise ArmError(
            400,
            "LinkedInvalidPropertyId",
            f"Property id '{resource_id}' at path 'identity.userAssignedIdentities' is invalid. Expect fully qualified "
            "resource Id that start with '/subscriptions/{subscriptionId}' or "
            "'/providers/{resourceProviderNamespace}/'.",
        )
    found = call.tenant.azure.identity_with_id(call.tenant.identities, resource_id)
    if found is None:
        raise _failed(host, f"Resource '{resource_id}' was not found.")
    return found


def _check_assignable(call: ArmCall, host: Host, identity: ManagedIdentity) -> None:
    if not call.may(_ASSIGN, identity.resource_id):
        raise ArmError(
            403,
            "LinkedAuthorizationFailed",
            f"The client '{call.caller.app_id}' with object id '{call.caller.object_id}' has permission to perform "
            f"action '{HOST_TYPES[host.kind]}/write' on scope '{host.resource_id}'; however, it does not have "
            f"permission to perform action(s) '{_ASSIGN}' on the linked scope(s) '{identity.resource_id}' "
            "(respectively) or the linked scope(s) are invalid.",
        )


def _failed(host: Host, reason: str) -> ArmError:
    inner = json.dumps({"error": {"code": "BadRequest", "message": reason}}, separators=(",", ":"))
    return ArmError(
        400,
        "FailedIdentityOperation",
        f"Identity operation for resource '{host.resource_id}' failed with error 'Failed to perform resource identity "
        f"operation. Status: 'BadRequest'. Response: '{inner}'.'.",
    )
