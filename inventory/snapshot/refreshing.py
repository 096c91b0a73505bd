"""Changes to a copy of a finished snapshot, so that in the end it says what a full scan would have said."""

from __future__ import annotations

import sqlite3
from typing import assert_never

from inventory.directory import FederatedOf
from inventory.estate import AssignedIdentity, Host, Policy, RoleHeld, Subscription
from inventory.model import Application, ManagedIdentity, ScanNote, ServicePrincipal
from inventory.snapshot import entries
from inventory.snapshot.entries import Entry
from inventory.snapshot.part import ScanOf
from inventory.tables import rows
from inventory.tables.texts import time_text
from inventory.usage import Source, Use

_ALONE = """
    UPDATE credentials SET purpose = own_purpose, purpose_reason = own_purpose_reason, own_purpose = NULL,
        own_purpose_reason = NULL
    WHERE own_purpose IS NOT NULL
"""
_HANGING = {
    "applications": ("id", ("credentials", "owners", "federated_credentials")),
    "service_principals": ("id", ("credentials", "owners")),
    "identities": ("principal_id", ("federated_credentials", "owners")),
}
_WHOLE = {
    "roles": ("roles",),
    "policies": ("policies", "policy_restrictions", "policy_assignments"),
    "hosts": ("hosts", "host_identities", "host_settings", "subscriptions"),
    "identity-tags": ("identity_tags",),
}


def prepare(database: sqlite3.Connection, scan: ScanOf) -> None:
    """Undo what completion did, and forget the notes on the scan as a whole."""
    database.execute(_ALONE)
    database.execute("UPDATE scan SET taken_at = ?, digest = '', evidence_digest = ''", (time_text(scan.taken_at),))
    database.execute("DELETE FROM notes WHERE text NOT LIKE 'unreadable: %'")


def replace(database: sqlite3.Connection, collection: str, entry: Entry) -> None:
    """Put one entry in the place of what is known of the same object."""
    match entry:
        case Application() | ManagedIdentity() | ServicePrincipal():
            _holder_gone(database, entry)
        case FederatedOf():
            _federated_gone(database, entry.holder_id)
            if _is_identity(database, entry.holder_id):
                collection = entries.IDENTITY_FEDERATED
        case ScanNote():
            for _, object_id, _ in rows.unreadable(collection, entry):
                _hidden(database, object_id)
        case Host() | Policy() | Source() | AssignedIdentity():
            _thing_gone(database, entry)
        case RoleHeld() | Use() | Subscription():
            pass  # nothing that could be replaced: a collection of these is forgotten whole
        case _:
            assert_never(entry)
    entries.add(database, collection, [entry])


def _holder_gone(database: sqlite3.Connection, entry: Application | ServicePrincipal | ManagedIdentity) -> None:
    match entry:
        case Application():
            _gone(database, "applications", entry.id, keep_federated=entry.federated is None)
        case ServicePrincipal():
            _gone(database, "service_principals", entry.id)
        case ManagedIdentity():
            _gone(database, "identities", entry.principal_id, keep_federated=entry.federated is None)
        case _:
            assert_never(entry)


def _thing_gone(database: sqlite3.Connection, entry: Host | Policy | Source | AssignedIdentity) -> None:
    match entry:
        case Host():
            _host_gone(database, entry.resource_id)
        case AssignedIdentity():
            _tags_gone(database, entry.principal_id)
        case Policy():
            _policy_gone(database, entry.id)
        case Source():
            database.execute("DELETE FROM sources WHERE name = ?", (entry.name,))
        case _:
            assert_never(entry)


def remove(database: sqlite3.Connection, object_id: str) -> None:
    """Remove an object, of whatever kind it is."""
    if not object_id:
        return
    for table in _HANGING:
        _gone(database, table, object_id)
    _federated_gone(database, object_id)
    database.execute("DELETE FROM roles WHERE principal_id = ?", (object_id,))
    database.execute("DELETE FROM policy_assignments WHERE object_id = ?", (object_id,))
    _tags_gone(database, object_id)
    _host_gone(database, object_id)
    _policy_gone(database, object_id)


def _hidden(database: sqlite3.Connection, object_id: str) -> None:
    """Remove what an object said of itself, now that it cannot be read; what others say of it stays."""
    for table in _HANGING if object_id else ():
        _gone(database, table, object_id, keep_federated=True)


def forget(database: sqlite3.Connection, collection: str) -> None:
    """Remove all rows of a collection: one of those that are read whole, else a source of evidence."""
    for table in _WHOLE.get(collection, ()):
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - names are our own
        entries.forget(database, table)
    if collection not in _WHOLE:
        database.execute("DELETE FROM uses WHERE source = ?", (collection,))
        database.execute("DELETE FROM sources WHERE name = ?", (collection,))
    database.execute("DELETE FROM progress WHERE collection = ?", (collection,))
    database.execute(
        "DELETE FROM notes WHERE EXISTS (SELECT 1 FROM unreadable AS u WHERE u.collection = ? AND "
        "notes.text = 'unreadable: ' || u.reason AND substr(notes.subject, -length(u.object_id)) IN (u.object_id, "
        "notes.subject))",
        (collection,),
    )
    database.execute("DELETE FROM unreadable WHERE collection = ?", (collection,))
    database.execute("DELETE FROM progress WHERE collection = ?", (collection,))


def _gone(database: sqlite3.Connection, table: str, object_id: str, *, keep_federated: bool = False) -> None:
    key, hanging = _HANGING[table]
    if keep_federated and "federated_credentials" in hanging:
        known = f"SELECT {key} FROM {table} WHERE {key} = ? AND federated_known"  # noqa: S608 - names are our own
        entries.told(database, [row[0] for row in database.execute(known, (object_id,))])
    database.execute(f"DELETE FROM {table} WHERE {key} = ?", (object_id,))  # noqa: S608 - our own
    entries.forget(database, table, object_id)
    for child in hanging:
        if child != "federated_credentials" or not keep_federated:
            database.execute(f"DELETE FROM {child} WHERE holder_id = ?", (object_id,))  # noqa: S608 - our own
    _readable(database, object_id)


def _readable(database: sqlite3.Connection, object_id: str) -> None:
    """Forget that an object was unreadable."""
    found = database.execute("DELETE FROM unreadable WHERE object_id = ? RETURNING reason", (object_id,)).fetchall()
    for (reason,) in found:
        database.execute(
            "DELETE FROM notes WHERE substr(subject, -length(?1)) = ?1 AND text = ?2",
            (f" {object_id}", f"unreadable: {reason}"),
        )


def _federated_gone(database: sqlite3.Connection, holder_id: str) -> None:
    database.execute("DELETE FROM federated_credentials WHERE holder_id = ?", (holder_id,))
    entries.forget(database, "federated_told", holder_id)


def _tags_gone(database: sqlite3.Connection, principal_id: str) -> None:
    entries.forget(database, "identity_tags", principal_id)
    database.execute("DELETE FROM identity_tags WHERE principal_id = ?", (principal_id,))


def _host_gone(database: sqlite3.Connection, resource_id: str) -> None:
    entries.forget(database, "hosts", resource_id)
    for table in ("hosts", "host_identities", "host_settings"):
        database.execute(f"DELETE FROM {table} WHERE resource_id = ?", (resource_id,))  # noqa: S608 - our own


def _policy_gone(database: sqlite3.Connection, policy_id: str) -> None:
    entries.forget(database, "policies", policy_id)
    database.execute("DELETE FROM policies WHERE id = ?", (policy_id,))
    for table in ("policy_restrictions", "policy_assignments"):
        database.execute(f"DELETE FROM {table} WHERE policy_id = ?", (policy_id,))  # noqa: S608 - names are our own


def _is_identity(database: sqlite3.Connection, holder_id: str) -> bool:
    found = database.execute("SELECT EXISTS (SELECT 1 FROM identities WHERE principal_id = ?)", (holder_id,))
    return bool(found.fetchone()[0])
