"""What is compared between two snapshots: per table how rows are paired and named, and what one side may not know."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.estate import RoleKind


@dataclass(frozen=True, slots=True)
class Compared:
    """How the rows of one table are paired and named."""

    kind: str
    table: str
    key: tuple[str, ...]
    name: str
    """SQL of a name for people; ``t`` is the row, its tables those of its own snapshot (``{side}``)."""
    known: str = ""
    """SQL of whether the other snapshot (``{side}``) has all there is to know of the row ``t``."""


def _readable(column: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {{side}}.unreadable AS u WHERE u.object_id = t.{column})"  # noqa: S608 - our own


def _collection(name: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {{side}}.notes AS n WHERE n.subject = '{name}')"  # noqa: S608 - our own


_HOLDER_SEEN = (
    f"{_readable('holder_id')} AND ({_collection('applications')} AND {_collection('service principals')} "  # noqa: S608 - our own
    "OR EXISTS (SELECT 1 FROM {side}.applications AS h WHERE h.id = t.holder_id) "
    "OR EXISTS (SELECT 1 FROM {side}.service_principals AS h WHERE h.id = t.holder_id) "
    "OR EXISTS (SELECT 1 FROM {side}.identities AS h WHERE h.principal_id = t.holder_id))"
)
"""Also where pages skipped objects, of which only the number is known: what hangs on one that is there was told."""


def _told(flag: str, *holders: tuple[str, str]) -> str:
    """Return SQL that is false where the holder of ``t`` is in the other snapshot without its children."""
    unread = (
        f"NOT EXISTS (SELECT 1 FROM {{side}}.{table} AS h WHERE h.{key} = t.holder_id AND NOT h.{flag})"  # noqa: S608 - our own
        for table, key in holders
    )
    return " AND ".join((*unread, _HOLDER_SEEN))


_HELD_ROLES = (
    "NOT EXISTS (SELECT 1 FROM {side}.notes AS n WHERE n.subject LIKE 'service principal %' "
    "AND n.text LIKE 'who holds its app roles%')"
)
_ROLES_SEEN = (
    f"{_collection('roles')} AND CASE t.kind WHEN '{RoleKind.DIRECTORY_ROLE}' "
    f"THEN {_collection('directory roles')} ELSE {_HELD_ROLES} END"
)
_SUBSCRIPTION_SEEN = (
    "EXISTS (SELECT 1 FROM {side}.subscriptions AS s WHERE "
    "substr(lower(t.resource_id), 1, length(s.subscription_id) + 16) = '/subscriptions/' || s.subscription_id || '/')"
)
"""A subscription that one scan did not show may have become invisible as well as empty."""
_HOST_SEEN = f"{_collection('hosts')} AND {_SUBSCRIPTION_SEEN}"
_TAGS_SEEN = (
    f"{_collection('identity tags')} AND {_collection('identities')} AND ("  # noqa: S608 - texts of our own
    f"NOT EXISTS (SELECT 1 FROM {{side}}.identities AS h WHERE h.principal_id = t.principal_id) "
    f"OR EXISTS (SELECT 1 FROM (SELECT resource_id FROM {{side}}.identities AS h "
    f"WHERE h.principal_id = t.principal_id) AS t WHERE {_SUBSCRIPTION_SEEN}))"
)
_POLICY_SEEN = f"{_collection('policies')} AND {_readable('policy_id')}"
_ASSIGNED = "NOT EXISTS (SELECT 1 FROM {side}.notes AS n WHERE n.subject = 'app management policy ' || t.policy_id)"
_HOLDER = (
    "coalesce((SELECT h.display_name || ' (' || h.client_id || ')' FROM {side}.applications AS h "
    "WHERE h.id = t.holder_id), "
    "(SELECT h.display_name || ' (service principal of ' || h.client_id || ')' FROM {side}.service_principals AS h "
    "WHERE h.id = t.holder_id), (SELECT h.name FROM {side}.identities AS h WHERE h.principal_id = t.holder_id), "
    "t.holder_id)"
)
_PRINCIPAL = (
    "coalesce((SELECT h.display_name || ' (' || h.client_id || ')' FROM {side}.service_principals AS h "
    "WHERE h.id = t.principal_id), (SELECT h.name FROM {side}.identities AS h WHERE h.principal_id = t.principal_id), "
    "t.principal_id)"
)
_POLICY = "coalesce((SELECT h.name FROM {side}.policies AS h WHERE h.id = t.policy_id), t.policy_id)"
_HOST = "coalesce((SELECT h.name FROM {side}.hosts AS h WHERE h.resource_id = t.resource_id), t.resource_id)"
_SETTINGS = (
    "NOT EXISTS (SELECT 1 FROM {side}.hosts AS h WHERE h.resource_id = t.resource_id AND NOT h.settings_known) AND "  # noqa: S608 - texts of our own
    + _HOST_SEEN
)
_NAME = "coalesce((SELECT h.name FROM {side}.identities AS h WHERE h.principal_id = t.principal_id), t.principal_id)"
_APPLICATION, _SERVICE_PRINCIPAL = ("applications", "id"), ("service_principals", "id")
_IDENTITY = ("identities", "principal_id")
COMPARED = (
    Compared(
        "application",
        "applications",
        ("id",),
        "t.display_name || ' (' || t.client_id || ')'",
        f"{_readable('id')} AND {_collection('applications')}",
    ),
    Compared(
        "service principal",
        "service_principals",
        ("id",),
        "t.display_name || ' (' || t.client_id || ')'",
        f"{_readable('id')} AND {_collection('service principals')}",
    ),
    Compared(
        "credential",
        "credentials",
        ("holder_id", "key_id", "kind", "usage"),
        f"t.kind || ' ' || t.key_id || ' of ' || {_HOLDER}",
        _HOLDER_SEEN,
    ),
    Compared(
        "owner",
        "owners",
        ("holder_id", "object_id"),
        f"coalesce(t.display_name, t.object_id) || ' of ' || {_HOLDER}",
        _told("owners_known", _APPLICATION, _SERVICE_PRINCIPAL, _IDENTITY),
    ),
    Compared(
        "federated credential",
        "federated_credentials",
        ("holder_id", "name", "id"),
        f"t.name || ' of ' || {_HOLDER}",
        _told("federated_known", _APPLICATION, _IDENTITY),
    ),
    Compared(
        "managed identity",
        "identities",
        ("principal_id",),
        "t.name",
        f"{_readable('principal_id')} AND {_collection('service principals')}",
    ),
    Compared(
        "tags of identity",
        "identity_tags",
        ("principal_id",),
        _NAME,
        _TAGS_SEEN,
    ),
    Compared(
        "role",
        "roles",
        ("principal_id", "kind", "role_id", "resource", "scope"),
        f"t.role || ' of ' || {_PRINCIPAL}",
        _ROLES_SEEN,
    ),
    Compared("policy", "policies", ("id",), "t.name", f"{_collection('policies')} AND {_readable('id')}"),
    Compared(
        "policy restriction",
        "policy_restrictions",
        ("policy_id", "holder", "credentials", "type"),
        f"t.type || ' on ' || t.credentials || ' in ' || {_POLICY}",
        _POLICY_SEEN,
    ),
    Compared(
        "policy assignment",
        "policy_assignments",
        ("policy_id", "object_id"),
        f"{_POLICY} || ' on ' || t.object_id",
        f"{_POLICY_SEEN} AND {_readable('object_id')} AND {_ASSIGNED}",
    ),
    Compared("host", "hosts", ("resource_id",), "t.name", _HOST_SEEN),
    Compared(
        "attached identity",
        "host_identities",
        ("resource_id", "identity_id"),
        f"t.identity_id || ' at ' || {_HOST}",
        _HOST_SEEN,
    ),
    Compared("host setting", "host_settings", ("resource_id", "name"), f"t.name || ' of ' || {_HOST}", _SETTINGS),
)
