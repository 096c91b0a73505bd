"""The tables and their columns, version 5.

The columns stand in sorting order: all rows of a table sorted by all its columns are its canonical form.
"""

from __future__ import annotations

from collections.abc import Mapping

APPLICATION_ID = 0x756E7363  # "unsc": marks the file as ours in its SQLite header
SCAN_ID = 0x756E7370  # "unsp": an unfinished scan
REFRESH_ID = 0x756E7372  # "unsr": an unfinished refresh
SCHEMA_VERSION = 5
OLDEST_VERSION = 2
"""From here on ``inventory.snapshot.upgrade`` brings a file to this version."""

_SCAN = (
    "CREATE TABLE scan (tenant_id TEXT NOT NULL, cloud TEXT NOT NULL, taken_at TEXT NOT NULL, digest TEXT NOT NULL, "
    "evidence_digest TEXT NOT NULL)"
)
_DELTAS = "CREATE TABLE deltas (collection TEXT PRIMARY KEY NOT NULL, link TEXT NOT NULL)"
_PROGRESS = (
    "CREATE TABLE progress (collection TEXT PRIMARY KEY NOT NULL, cursor TEXT, objects INTEGER NOT NULL)",
    "CREATE TABLE federated_told (holder_ids TEXT NOT NULL)",
    "CREATE TABLE places (collection TEXT PRIMARY KEY NOT NULL, place TEXT NOT NULL)",
)

ESTATE: Mapping[str, tuple[str, ...]] = {
    "applications": (
        "id TEXT NOT NULL",
        "client_id TEXT NOT NULL",
        "display_name TEXT NOT NULL",
        "created TEXT",
        "created_by TEXT",
        "sign_in_audience TEXT",
        "disabled INTEGER NOT NULL",
        "tags TEXT NOT NULL",
        "encryption_key TEXT",
        "management_reference TEXT",
        "lock_enabled INTEGER",
        "lock_everything INTEGER",
        "lock_verify INTEGER",
        "lock_sign INTEGER",
        "lock_encryption INTEGER",
        "owners_known INTEGER NOT NULL",
        "federated_known INTEGER NOT NULL",
        "unknown TEXT NOT NULL DEFAULT ''",
        "noted TEXT",
    ),
    "service_principals": (
        "id TEXT NOT NULL",
        "client_id TEXT NOT NULL",
        "display_name TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "home_tenant TEXT",
        "enabled INTEGER",
        "created TEXT",
        "tags TEXT NOT NULL DEFAULT '[]'",
        "sign_on_mode TEXT",
        "encryption_key TEXT",
        "owners_known INTEGER NOT NULL",
        "unknown TEXT NOT NULL DEFAULT ''",
    ),
    "identities": (
        "principal_id TEXT NOT NULL",
        "client_id TEXT NOT NULL",
        "name TEXT NOT NULL",
        "resource_id TEXT",
        "user_assigned INTEGER",
        "federated_known INTEGER NOT NULL DEFAULT 0",
        "owners_known INTEGER NOT NULL DEFAULT 0",
    ),
    "identity_tags": ("principal_id TEXT PRIMARY KEY NOT NULL", "tags TEXT NOT NULL"),
    "credentials": (
        "holder_id TEXT NOT NULL",
        "key_id TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "purpose TEXT NOT NULL",
        "purpose_reason TEXT NOT NULL",
        "own_purpose TEXT",
        "own_purpose_reason TEXT",
        "holder TEXT NOT NULL",
        "client_id TEXT NOT NULL",
        "display_name TEXT",
        "hint TEXT",
        "thumbprint TEXT",
        "usage TEXT",
        "type TEXT",
        "starts TEXT",
        "ends TEXT",
    ),
    "owners": (
        "holder_id TEXT NOT NULL",
        "object_id TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "display_name TEXT",
        "enabled INTEGER",
    ),
    "federated_credentials": (
        "holder_id TEXT NOT NULL",
        "name TEXT NOT NULL",
        "id TEXT NOT NULL",
        "holder TEXT NOT NULL DEFAULT 'application'",
        "issuer TEXT NOT NULL",
        "subject TEXT",
        "audiences TEXT NOT NULL",
        "expression TEXT",
    ),
    "roles": (
        "principal_id TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "role_id TEXT NOT NULL",
        "role TEXT NOT NULL",
        "resource TEXT NOT NULL",
        "scope TEXT NOT NULL",
        "tier INTEGER NOT NULL",
        "reason TEXT NOT NULL",
    ),
    "policies": (
        "id TEXT PRIMARY KEY NOT NULL",
        "name TEXT NOT NULL",
        "is_default INTEGER NOT NULL",
        "enabled INTEGER NOT NULL",
    ),
    "policy_restrictions": (
        "policy_id TEXT NOT NULL",
        "holder TEXT NOT NULL",
        "credentials TEXT NOT NULL",
        "type TEXT NOT NULL",
        "state TEXT",
        "longest TEXT",
        "for_apps_created_after TEXT",
        "excluded_actors TEXT",
    ),
    "policy_assignments": ("policy_id TEXT NOT NULL", "object_id TEXT NOT NULL"),
    "subscriptions": ("subscription_id TEXT PRIMARY KEY NOT NULL",),
    "hosts": (
        "resource_id TEXT PRIMARY KEY NOT NULL",
        "type TEXT NOT NULL",
        "name TEXT NOT NULL",
        "subscription_id TEXT NOT NULL",
        "resource_group TEXT NOT NULL",
        "location TEXT",
        "tags TEXT NOT NULL",
        "system_principal TEXT",
        "addresses TEXT NOT NULL",
        "settings_known INTEGER NOT NULL",
        "sign_in_client TEXT",
        "issuer TEXT",
    ),
    "host_identities": ("resource_id TEXT NOT NULL", "identity_id TEXT NOT NULL"),
    "host_settings": (
        "resource_id TEXT NOT NULL",
        "name TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "client_id TEXT",
        "reference TEXT",
    ),
    "notes": ("subject TEXT NOT NULL", "text TEXT NOT NULL"),
    "unreadable": ("collection TEXT NOT NULL", "object_id TEXT NOT NULL", "reason TEXT NOT NULL"),
}
"""What the tenant holds: the tables of ``scan.digest``."""
EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "sources": (
        "name TEXT PRIMARY KEY NOT NULL",
        "read_at TEXT NOT NULL",
        "since TEXT",
        "until TEXT",
        "retention_days INTEGER",
        "missing TEXT NOT NULL",
        "blind_spots TEXT NOT NULL",
        "sees TEXT NOT NULL",
    ),
    "uses": (
        "client_id TEXT NOT NULL",
        "key_id TEXT",
        "thumbprint TEXT",
        "source TEXT NOT NULL",
        "federated_credential_id TEXT",
        "credential_type TEXT",
        "address TEXT",
        "resource TEXT",
        "delegated INTEGER",
        "first_seen TEXT",
        "last_seen TEXT",
        "last_success TEXT",
        "successes INTEGER",
        "failures INTEGER",
    ),
}
"""What was seen in use, which changes with every sign-in: the tables of ``scan.evidence_digest``."""
COLUMNS: Mapping[str, tuple[str, ...]] = {**ESTATE, **EVIDENCE}
UNIQUE: Mapping[str, str] = {
    "roles": "principal_id, kind, role_id, resource, scope",
    "notes": "subject, text",
    "unreadable": "object_id, collection, reason",
}
"""Tables whose rows can come twice and are told apart by these columns."""
INDEXES = (
    "CREATE UNIQUE INDEX IF NOT EXISTS applications_by_id ON applications (id)",
    "CREATE UNIQUE INDEX IF NOT EXISTS service_principals_by_id ON service_principals (id)",
    "CREATE UNIQUE INDEX IF NOT EXISTS identities_by_id ON identities (principal_id)",
    "CREATE INDEX IF NOT EXISTS applications_by_client ON applications (client_id)",
    "CREATE INDEX IF NOT EXISTS service_principals_by_client ON service_principals (client_id)",
    "CREATE INDEX IF NOT EXISTS credentials_by_holder ON credentials (holder_id, key_id, kind)",
    "CREATE INDEX IF NOT EXISTS credentials_by_client ON credentials (client_id, key_id, thumbprint)",
    "CREATE INDEX IF NOT EXISTS credentials_by_key ON credentials (key_id)",
    "CREATE INDEX IF NOT EXISTS owners_by_holder ON owners (holder_id, object_id)",
    "CREATE INDEX IF NOT EXISTS federated_credentials_by_holder ON federated_credentials (holder_id, name)",
    "CREATE INDEX IF NOT EXISTS federated_credentials_by_subject ON federated_credentials (subject)",
    "CREATE INDEX IF NOT EXISTS policy_restrictions_by_policy ON policy_restrictions (policy_id)",
    "CREATE INDEX IF NOT EXISTS policy_assignments_by_object ON policy_assignments (object_id)",
    "CREATE INDEX IF NOT EXISTS host_identities_by_host ON host_identities (resource_id)",
    "CREATE INDEX IF NOT EXISTS host_identities_by_identity ON host_identities (identity_id)",
    "CREATE INDEX IF NOT EXISTS host_settings_by_host ON host_settings (resource_id)",
    "CREATE INDEX IF NOT EXISTS host_settings_by_client ON host_settings (client_id)",
    "CREATE INDEX IF NOT EXISTS uses_by_client ON uses (client_id, key_id, thumbprint, last_success)",
)


def names(table: str) -> tuple[str, ...]:
    """Return the names of a table's columns, in sorting order."""
    return tuple(column.partition(" ")[0] for column in COLUMNS[table])


def create(table: str) -> str:
    """Return the statement that makes a table."""
    unique = f", UNIQUE ({UNIQUE[table]})" if table in UNIQUE else ""
    return f"CREATE TABLE {table} ({', '.join(COLUMNS[table])}{unique})"


def insert(table: str) -> str:
    """Return the statement that inserts a row which is not there yet."""
    columns = names(table)
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names are our own


def select(table: str, condition: str = "") -> str:
    """Return the statement that reads a table in canonical order; ``condition`` is SQL of the caller's own."""
    columns = ", ".join(names(table))
    return f"SELECT {columns} FROM {table} {condition} ORDER BY {columns}"  # noqa: S608 - names are our own


def statements() -> tuple[str, ...]:
    """Return what makes an empty snapshot."""
    return (_SCAN, _DELTAS, *(create(table) for table in COLUMNS))


def unfinished() -> tuple[str, ...]:
    """Return what makes the tables that only an unfinished file has."""
    return _PROGRESS
