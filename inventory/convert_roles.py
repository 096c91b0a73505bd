"""From the JSON of Microsoft Graph to roles held and app management policies. Pure.

Sources: Microsoft Graph reference (v1.0), resource types ``appRoleAssignment``, ``unifiedRoleAssignment``,
``tenantAppManagementPolicy``, ``appManagementPolicy``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from inventory.directory import TierOf
from inventory.estate import Policy, Restriction, RoleHeld, RoleKind, Tier
from inventory.rows import Reading
from inventory.wire import (
    WireChange,
    WireDirectoryRole,
    WireGrant,
    WireIdentified,
    WirePolicy,
    WireResource,
    WireRestrictions,
    WireRoleDefinition,
)

_SERVICE_PRINCIPAL = "serviceprincipal"


def no_tier(kind: RoleKind, role: str, role_id: str, resource: str) -> tuple[Tier, str]:  # noqa: ARG001 - as TierOf
    """Judge nothing."""
    return Tier.UNKNOWN, "no rule says how far it reaches"


def resources() -> Reading[WireResource, WireResource]:
    """Read service principals as the resources that define app roles."""
    return Reading("service principal", WireResource, lambda wire, _: wire)


def role_definitions() -> Reading[WireRoleDefinition, WireRoleDefinition]:
    """Read the directory roles that there are."""
    return Reading("role definition", WireRoleDefinition, lambda wire, _: wire)


def assigned() -> Reading[WireIdentified, str]:
    """Read the ids of the objects that an app management policy is assigned to."""
    return Reading("app management policy assignment", WireIdentified, lambda wire, _: wire.id)


def changes() -> Reading[WireChange, WireChange]:
    """Read the rows of a delta query."""
    return Reading("change", WireChange, lambda wire, _: wire)


def app_roles_held(resource: WireResource, tier_of: TierOf) -> Reading[WireGrant, RoleHeld | None]:
    """Read who holds the app roles of a resource; None for users and groups."""
    names = {role.id.lower(): role.value or role.display_name or "" for role in resource.app_roles or ()}
    name = resource.display_name or resource.id

    def value(wire: WireGrant, _: str) -> RoleHeld | None:
        if (wire.principal_type or _SERVICE_PRINCIPAL).casefold() != _SERVICE_PRINCIPAL:
            return None
        role_id = wire.app_role_id.lower()
        role = names.get(role_id) or role_id
        tier, reason = tier_of(RoleKind.APP_ROLE, role, role_id, name)
        return RoleHeld(
            principal_id=wire.principal_id,
            kind=RoleKind.APP_ROLE,
            role_id=role_id,
            role=role,
            resource=name,
            scope="",
            tier=tier,
            reason=reason,
        )

    return Reading(f"app role of {name} held", WireGrant, value)


def directory_roles_held(names: Mapping[str, str], tier_of: TierOf) -> Reading[WireDirectoryRole, RoleHeld | None]:
    """Read who holds directory roles, whose names are given by id; None for users and groups."""

    def value(wire: WireDirectoryRole, _: str) -> RoleHeld | None:
        kind = wire.principal.odata_type if wire.principal else None
        if kind and kind.rpartition(".")[2].casefold() != _SERVICE_PRINCIPAL:
            return None
        role_id = wire.role_definition_id.lower()
        role = names.get(role_id) or role_id
        tier, reason = tier_of(RoleKind.DIRECTORY_ROLE, role, role_id, "")
        return RoleHeld(
            principal_id=wire.principal_id,
            kind=RoleKind.DIRECTORY_ROLE,
            role_id=role_id,
            role=role,
            resource="",
            scope=wire.directory_scope_id or "/",
            tier=tier,
            reason=reason,
        )

    return Reading("directory role held", WireDirectoryRole, value)


def policies(*, default: bool) -> Reading[WirePolicy, Policy]:
    """Read app management policies, the tenant's ``default`` or the ones for single objects."""

    def value(wire: WirePolicy, _: str) -> Policy:
        parts = (
            ("applications", wire.application_restrictions),
            ("servicePrincipals", wire.service_principal_restrictions),
            ("", wire.restrictions),
        )
        found = tuple(one for holder, told in parts for one in _restrictions(holder, told))
        return Policy(
            id=wire.id,
            name=wire.display_name or "",
            is_default=default,
            enabled=bool(wire.is_enabled),
            restrictions=found,
        )

    return Reading("app management policy", WirePolicy, value)


def _restrictions(holder: str, told: WireRestrictions | None) -> Iterator[Restriction]:
    lists = {"passwordCredentials": told.password_credentials, "keyCredentials": told.key_credentials} if told else {}
    for credentials, wires in lists.items():
        for wire in wires or ():
            yield Restriction(
                holder=holder,
                credentials=credentials,
                type=wire.restriction_type,
                state=wire.state,
                longest=wire.max_lifetime,
                for_apps_created_after=wire.restrict_for_apps_created_after_date_time,
                excluded_actors=_json(wire.exclude_actors),
            )


def _json(told: object) -> str:
    return msgspec.json.encode(told, order="sorted").decode() if told else ""
