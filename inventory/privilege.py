"""How far a role reaches: ``inventory.directory.TierOf``. Pure.

A role that is not in the tables is UNKNOWN, which is never "harmless". A directory role is known by its id alone, since
a custom one may be called as a built-in one is; a permission is known only on a resource that is named as one of
Microsoft's. Which scope a directory role is held in is not looked at here.
"""

from __future__ import annotations

from typing import assert_never

from inventory.estate import RoleKind, Tier
from inventory.privileged_permissions import ENDINGS, PERMISSIONS, RESOURCES
from inventory.privileged_roles import ROLES

_BUILT_IN = frozenset(name.casefold() for name, _, _ in ROLES.values())


def tier_of(kind: RoleKind, role: str, role_id: str, resource: str) -> tuple[Tier, str]:
    """Return the tier of a role and the reason for it, in words."""
    match kind:
        case RoleKind.APP_ROLE:
            return _permission(role, resource)
        case RoleKind.DIRECTORY_ROLE:
            return _directory_role(role, role_id)
        case _:
            assert_never(kind)


def _permission(role: str, resource: str) -> tuple[Tier, str]:
    if resource not in RESOURCES:
        return Tier.UNKNOWN, f"what {role} allows is {resource or 'the resource'}'s own affair"
    known = PERMISSIONS.get(role) or next((found for end, found in ENDINGS.items() if role.endswith(end)), None)
    return known or (Tier.UNKNOWN, f"this version does not know the permission {role}")


def _directory_role(role: str, role_id: str) -> tuple[Tier, str]:
    known = ROLES.get(role_id.lower())
    if known is not None:
        _, tier, reason = known
        return tier, reason
    if role.casefold() in _BUILT_IN:
        return Tier.UNKNOWN, f"a custom role that is called {role}, as a built-in one is"
    return Tier.UNKNOWN, "a custom role, or one that this version does not know"
