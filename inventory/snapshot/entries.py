"""What a snapshot is made of, and how a page of it becomes rows that are there once.

An object that comes twice, since pages shift while a tenant changes, is kept as it came first.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import assert_never

import msgspec

from inventory.directory import FederatedOf
from inventory.estate import Host, Policy, RoleHeld
from inventory.model import Application, FederatedCredential, ManagedIdentity, ScanNote, ServicePrincipal
from inventory.tables import rows, schema
from inventory.usage import Source, Use

Entry = (
    Application | ServicePrincipal | ManagedIdentity | FederatedOf | Host | RoleHeld | Policy | Source | Use | ScanNote
)
"""What a snapshot is made of."""
IDENTITY_FEDERATED = "identity-federated"
"""The collection whose federated credentials belong to managed identities; those of any other to applications."""


_INSERTS = {table: schema.insert(table) for table in schema.COLUMNS}
_KEYS = {
    Application: ("applications", "id"),
    ServicePrincipal: ("service_principals", "id"),
    ManagedIdentity: ("identities", "principal_id"),
    Host: ("hosts", "resource_id"),
    Policy: ("policies", "id"),
}
Rows = defaultdict[str, list[rows.Row]]


def add(database: sqlite3.Connection, collection: str, entries: Iterable[Entry]) -> None:
    """Add entries; the caller holds the transaction."""
    sorts: defaultdict[type, list[Entry]] = defaultdict(list)
    for entry in entries:
        sorts[type(entry)].append(entry)
    found: Rows = defaultdict(list)
    for sort, members in sorts.items():
        if sort in _KEYS:
            members = _new(database, *_KEYS[sort], members)  # noqa: PLW2901 - the same, without those that are there
        elif sort is FederatedOf:
            members = _told(database, members)  # noqa: PLW2901 - the same
        for one in members:
            _collect(collection, one, found)
    for table, page in found.items():
        database.executemany(_INSERTS[table], page)


def _new(database: sqlite3.Connection, table: str, key: str, objects: list[Entry]) -> list[Entry]:
    """Return those that are not there yet, each once."""
    by_key = {str(getattr(one, key)): one for one in reversed(objects)}
    there = f"SELECT {key} FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own names
    known = {row[0] for row in database.execute(there, (_json(by_key),))}
    return [one for name, one in by_key.items() if name not in known] if known else list(by_key.values())


def _told(database: sqlite3.Connection, entries: list[Entry]) -> list[Entry]:
    """Return the listings whose holder was not told of yet, and remember that it was."""
    by_key = {one.holder_id: one for one in reversed(entries) if isinstance(one, FederatedOf)}
    there = "SELECT holder_id FROM federated_told WHERE holder_id IN (SELECT value FROM json_each(?))"
    known = {row[0] for row in database.execute(there, (_json(by_key),))}
    new = [one for name, one in by_key.items() if name not in known]
    database.executemany("INSERT INTO federated_told VALUES (?)", [(one.holder_id,) for one in new])
    return list(new)


def _json(keys: Iterable[str]) -> str:
    return msgspec.json.encode(list(keys)).decode()


def _collect(collection: str, entry: Entry, found: Rows) -> None:  # noqa: C901 - one line for each kind of entry
    match entry:
        case Application():
            _application(entry, found)
        case ServicePrincipal():
            found["service_principals"].append(rows.service_principal(entry))
            _holder(entry, found)
        case ManagedIdentity():
            found["identities"].append(rows.identity(entry))
            _federated(entry.principal_id, "identity", entry.federated or (), found)
        case FederatedOf():
            holder = "identity" if collection == IDENTITY_FEDERATED else "application"
            _federated(entry.holder_id, holder, entry.federated, found)
        case Host():
            _host(entry, found)
        case RoleHeld():
            found["roles"].append(rows.role(entry))
        case Policy():
            _policy(entry, found)
        case Source():
            found["sources"].append(rows.source(entry))
        case Use():
            found["uses"].append(rows.use(entry))
        case ScanNote():
            found["notes"].append(rows.note(entry))
            found["unreadable"] += rows.unreadable(collection, entry)
        case _:
            assert_never(entry)


def _application(entry: Application, found: Rows) -> None:
    found["applications"].append(rows.application(entry))
    _holder(entry, found)
    if entry.federated:
        _federated(entry.id, "application", entry.federated, found)


def _holder(entry: Application | ServicePrincipal, found: Rows) -> None:
    if entry.credentials:
        found["credentials"] += [rows.credential(one) for one in entry.credentials]
    if entry.owners:
        found["owners"] += [rows.owner(entry.id, one) for one in entry.owners]


def _federated(holder_id: str, holder: str, federated: Iterable[FederatedCredential], found: Rows) -> None:
    found["federated_credentials"] += [rows.federated(holder_id, holder, one) for one in federated]


def _host(entry: Host, found: Rows) -> None:
    found["hosts"].append(rows.host(entry))
    found["host_identities"] += [(entry.resource_id, one) for one in entry.identities]
    found["host_settings"] += [rows.setting(entry.resource_id, one) for one in entry.settings or ()]


def _policy(entry: Policy, found: Rows) -> None:
    found["policies"].append(rows.policy(entry))
    found["policy_restrictions"] += [rows.restriction(entry.id, one) for one in entry.restrictions]
    found["policy_assignments"] += [(entry.id, one) for one in entry.applies_to]
