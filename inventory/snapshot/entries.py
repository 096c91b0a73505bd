"""What a snapshot is made of, and how a page of it becomes rows that are there once.

An object that comes twice, since pages shift while a tenant changes, is kept as it came first.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, assert_never

import msgspec

from inventory.columnar import Block, plain
from inventory.decoded import Decoded
from inventory.directory import FederatedOf
from inventory.estate import AssignedIdentity, Host, Policy, RoleHeld, Subscription
from inventory.model import Application, FederatedCredential, ManagedIdentity, ScanNote, ServicePrincipal
from inventory.secret_texts import looks_secret, suspicious
from inventory.snapshot import inserting
from inventory.snapshot.seen import LARGE, Seen
from inventory.tables import rows
from inventory.tables.rows import Row
from inventory.tables.withholding import hides, kept
from inventory.usage import Source, Use

Entry = (
    Application
    | ServicePrincipal
    | ManagedIdentity
    | AssignedIdentity
    | FederatedOf
    | Host
    | Subscription
    | RoleHeld
    | Policy
    | Source
    | Use
    | ScanNote
)
"""What a snapshot is made of."""
IDENTITY_FEDERATED = "identity-federated"
"""The collection whose federated credentials belong to managed identities; those of any other to applications."""
_KEYS: Mapping[type, tuple[str, Callable[[Any], str]]] = {
    Application: ("applications", attrgetter("id")),
    ServicePrincipal: ("service_principals", attrgetter("id")),
    ManagedIdentity: ("identities", attrgetter("principal_id")),
    AssignedIdentity: ("identity_tags", attrgetter("principal_id")),
    Host: ("hosts", attrgetter("resource_id")),
    Subscription: ("subscriptions", attrgetter("id")),
    Policy: ("policies", attrgetter("id")),
    FederatedOf: ("federated_told", attrgetter("holder_id")),
}
"""Entries with rows in more than one table, and by what one of them is known."""
_SEEN = """
    PRAGMA temp.cache_size=-2048;
    CREATE TEMP TABLE IF NOT EXISTS seen (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
Rows = defaultdict[str, list[Row]]


@dataclass(slots=True, kw_only=True)
class Added:
    """The rows of a page as they were written; those of most objects as columns."""

    rows: Rows = field(default_factory=lambda: defaultdict(list))
    blocks: tuple[Block, ...] = ()

    def of(self, table: str) -> Iterator[Iterable[Row]]:
        """Yield the rows of one table, in parts."""
        yield self.rows[table]
        yield from (one.rows() for one in self.blocks if one.table == table)


def remember(database: sqlite3.Connection) -> Seen:
    """Note which objects an unfinished file holds already.

    Of the large tables a filter says it, of the others a temporary table: an index on random ids would be written anew
    with every page.
    """
    database.executescript(_SEEN)
    seen = Seen()
    for table in LARGE:
        seen.suspects(table, (row[0] for row in database.execute(f"SELECT id FROM {table}")))  # noqa: S608 - our own
    for table, key in (
        ("identities", "principal_id"),
        ("identity_tags", "principal_id"),
        ("hosts", "resource_id"),
        ("subscriptions", "subscription_id"),
        ("policies", "id"),
        ("federated_told, json_each(holder_ids)", "value"),
    ):
        name = table.partition(",")[0]
        database.execute(f"INSERT OR IGNORE INTO seen SELECT '{name} ' || {key} FROM {table}")  # noqa: S608 - our own
    return seen


def add(database: sqlite3.Connection, collection: str, entries: Sequence[Entry], seen: Seen | None = None) -> Added:
    """Add entries and return their rows; the caller holds the transaction.

    ``seen`` is what ``remember`` returned; without it the large tables themselves are looked at, which have indexes
    where a snapshot is refreshed.
    """
    whole = plain(entries) if isinstance(entries, Decoded) else None
    if whole is None or suspicious(whole.ids) or _there(database, whole.table, whole.ids, seen):
        return Added(rows=_add(database, collection, entries, seen))
    found: Rows = defaultdict(list)
    told = []
    for block in whole.blocks:
        if hides(block.table, block.columns):
            found[block.table] += kept(block.table, list(block.rows()))
        else:
            inserting.insert_block(database, block)
            told.append(block)
    for table, page in found.items():
        inserting.insert(database, table, page)
    for table, page in _add(database, collection, [entries[at] for at in whole.others], seen).items():
        found[table] += page
    return Added(rows=found, blocks=tuple(told))


def _there(database: sqlite3.Connection, table: str, ids: list[str], seen: Seen | None) -> set[str]:
    """Return which objects of a large table are there already; ``seen`` remembers all of them."""
    asked = ids if seen is None else seen.suspects(table, ids)
    if not asked:
        return set()
    statement = f"SELECT id FROM {table} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own
    return {row[0] for row in database.execute(statement, (msgspec.json.encode(asked).decode(),))}


def _add(database: sqlite3.Connection, collection: str, entries: Iterable[Entry], seen: Seen | None) -> Rows:
    found: Rows = defaultdict(list)
    sorts: defaultdict[type, list[Entry]] = defaultdict(list)
    for entry in entries:
        sorts[type(entry)].append(entry)
    for sort, members in sorts.items():
        if sort in _KEYS:
            members = _named(collection, sort, members, found)  # noqa: PLW2901 - those that can be kept
        new = _new(database, sort, members, seen) if sort in _KEYS else members
        for one in new:
            _collect(collection, one, found)
        if sort is FederatedOf:
            told(database, [one.holder_id for one in new if isinstance(one, FederatedOf)])
    for table, page in found.items():
        found[table] = kept(table, page)
        inserting.insert(database, table, found[table])
    return found


def _named(collection: str, sort: type, members: list[Entry], found: Rows) -> list[Entry]:
    """Return those whose id does not look like a secret; the others are unreadable."""
    table, key = _KEYS[sort]
    if not suspicious(map(key, members)):
        return members
    for one in members:
        if looks_secret(key(one)):
            note = ScanNote(subject=f"an object of {table}", text="unreadable: its id looks like a secret")
            found["notes"].append(rows.note(note))
            found["unreadable"].append((collection, "", "its id looks like a secret"))
    return [one for one in members if not looks_secret(key(one))]


def told(database: sqlite3.Connection, holder_ids: Iterable[str]) -> None:
    """Remember for the end of the scan that the federated credentials of these objects are known."""
    database.execute("INSERT INTO federated_told VALUES (?)", (msgspec.json.encode(list(holder_ids)).decode(),))


def forget(database: sqlite3.Connection, table: str, key: str = "") -> None:
    """Forget that one object is there, or that all of a table are."""
    if key:
        database.execute("DELETE FROM seen WHERE name = ?", (f"{table} {key}",))
    else:
        database.execute("DELETE FROM seen WHERE name BETWEEN ? AND ?", (f"{table} ", f"{table}!"))


def _new(database: sqlite3.Connection, sort: type, members: list[Entry], seen: Seen | None) -> list[Entry]:
    """Return those that are not there yet, each once, and remember them."""
    table, key = _KEYS[sort]
    if table in LARGE:
        by_id = {key(one): one for one in reversed(members)}
        there = _there(database, table, list(by_id), seen)
        return [one for name, one in by_id.items() if name not in there]
    by_name = {f"{table} {key(one)}": one for one in reversed(members)}
    names = msgspec.json.encode(list(by_name)).decode()
    known = {row[0] for row in database.execute(_KNOWN, (names,))}
    database.execute(_REMEMBER, (names,))
    return [one for name, one in by_name.items() if name not in known]


_KNOWN = "SELECT name FROM seen WHERE name IN (SELECT value FROM json_each(?))"
_REMEMBER = "INSERT OR IGNORE INTO seen SELECT value FROM json_each(?)"


def _collect(collection: str, entry: Entry, found: Rows) -> None:  # noqa: C901, PLR0912 - one line for each kind of entry
    match entry:
        case Application():
            _application(entry, found)
        case ServicePrincipal():
            found["service_principals"].append(rows.service_principal(entry))
            _holder(entry, found)
        case ManagedIdentity():
            _identity(entry, found)
        case AssignedIdentity():
            found["identity_tags"].append(rows.identity_tags(entry.principal_id, entry.tags))
        case FederatedOf():
            holder = "identity" if collection == IDENTITY_FEDERATED else "application"
            _federated(entry.holder_id, holder, entry.federated, found)
        case Host():
            _host(entry, found)
        case Subscription():
            found["subscriptions"].append((entry.id,))
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


def _identity(entry: ManagedIdentity, found: Rows) -> None:
    found["identities"].append(rows.identity(entry))
    _federated(entry.principal_id, "identity", entry.federated or (), found)
    found["owners"] += [rows.owner(entry.principal_id, one) for one in entry.owners or ()]
    if entry.tags is not None:
        found["identity_tags"].append(rows.identity_tags(entry.principal_id, entry.tags))


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
