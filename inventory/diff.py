"""What appeared, changed and disappeared between two snapshots of one tenant, by SQL over both files.

What one of the two could not read is no difference and no sameness: it is told as unknown.
"""

from __future__ import annotations

import enum
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from inventory.diff_alignment import leave
from inventory.errors import SnapshotError
from inventory.estate import RoleKind
from inventory.snapshot import header, opened
from inventory.tables import schema

Cell = str | int | None
Row = tuple[Cell, ...]


class Change(enum.StrEnum):
    """What became of a thing between the two snapshots."""

    APPEARED = "appeared"
    CHANGED = "changed"
    DISAPPEARED = "disappeared"
    UNKNOWN = "unknown"
    """It is in one of them, and the other could not read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a thing that changed, as the columns of the snapshot spell it."""

    name: str
    old: Cell
    new: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not in both snapshots as it was."""

    kind: str
    """Singular, such as ``federated credential``."""
    change: Change
    name: str
    """What it is, for people."""
    key: Mapping[str, Cell]
    """The columns by which it is known."""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class _Compared:
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
_COMPARED = (
    _Compared(
        "application",
        "applications",
        ("id",),
        "t.display_name || ' (' || t.client_id || ')'",
        f"{_readable('id')} AND {_collection('applications')}",
    ),
    _Compared(
        "service principal",
        "service_principals",
        ("id",),
        "t.display_name || ' (' || t.client_id || ')'",
        f"{_readable('id')} AND {_collection('service principals')}",
    ),
    _Compared(
        "credential",
        "credentials",
        ("holder_id", "key_id", "kind", "usage"),
        f"t.kind || ' ' || t.key_id || ' of ' || {_HOLDER}",
        _HOLDER_SEEN,
    ),
    _Compared(
        "owner",
        "owners",
        ("holder_id", "object_id"),
        f"coalesce(t.display_name, t.object_id) || ' of ' || {_HOLDER}",
        _told("owners_known", _APPLICATION, _SERVICE_PRINCIPAL, _IDENTITY),
    ),
    _Compared(
        "federated credential",
        "federated_credentials",
        ("holder_id", "name", "id"),
        f"t.name || ' of ' || {_HOLDER}",
        _told("federated_known", _APPLICATION, _IDENTITY),
    ),
    _Compared(
        "managed identity",
        "identities",
        ("principal_id",),
        "t.name",
        f"{_readable('principal_id')} AND {_collection('service principals')}",
    ),
    _Compared(
        "tags of identity",
        "identity_tags",
        ("principal_id",),
        _NAME,
        _TAGS_SEEN,
    ),
    _Compared(
        "role",
        "roles",
        ("principal_id", "kind", "role_id", "resource", "scope"),
        f"t.role || ' of ' || {_PRINCIPAL}",
        _ROLES_SEEN,
    ),
    _Compared("policy", "policies", ("id",), "t.name", f"{_collection('policies')} AND {_readable('id')}"),
    _Compared(
        "policy restriction",
        "policy_restrictions",
        ("policy_id", "holder", "credentials", "type"),
        f"t.type || ' on ' || t.credentials || ' in ' || {_POLICY}",
        _POLICY_SEEN,
    ),
    _Compared(
        "policy assignment",
        "policy_assignments",
        ("policy_id", "object_id"),
        f"{_POLICY} || ' on ' || t.object_id",
        f"{_POLICY_SEEN} AND {_readable('object_id')} AND {_ASSIGNED}",
    ),
    _Compared("host", "hosts", ("resource_id",), "t.name", _HOST_SEEN),
    _Compared(
        "attached identity",
        "host_identities",
        ("resource_id", "identity_id"),
        f"t.identity_id || ' at ' || {_HOST}",
        _HOST_SEEN,
    ),
    _Compared("host setting", "host_settings", ("resource_id", "name"), f"t.name || ' of ' || {_HOST}", _SETTINGS),
)


def diff(old: Path, new: Path) -> tuple[Difference, ...]:
    """Return every difference, kind by kind, each kind in the order of its keys.

    Evidence of use, which changes with every sign-in, is not compared. Raises SnapshotError for files that cannot be
    read or are of different tenants.
    """
    before, after = header(old), header(new)
    if (before.tenant_id, before.cloud) != (after.tenant_id, after.cloud):
        raise SnapshotError(f"{old} is of tenant {before.tenant_id}, {new} of {after.tenant_id}: nothing to compare")
    with opened(new, beside=old) as database:
        database.execute("ATTACH ? AS old", (f"file:{quote(str(old.absolute()))}?mode=ro",))
        database.execute("PRAGMA old.cache_size=-65536")  # KiB, as in ``opened``
        return tuple(found for compared in _COMPARED for found in _differences(database, compared))


def _differences(database: sqlite3.Connection, compared: _Compared) -> Iterator[Difference]:
    """Pair what is only in one snapshot by its key: what is left over on either side has no counterpart."""
    gone, come = (_only(database, compared, side) for side in ("old", "main"))
    _oftener(database, compared, gone, come)
    for key in sorted({*gone, *come}, key=lambda cells: tuple(str(cell) for cell in cells)):
        before, after = gone.get(key, []), come.get(key, [])
        named = dict(zip(compared.key, key, strict=True))
        for was, is_ in zip(before, after, strict=False):
            yield from _changed(compared, named, was, is_)
        for one in before[len(after) :]:
            change = Change.DISAPPEARED if one.known else Change.UNKNOWN
            yield Difference(kind=compared.kind, change=change, name=one.name, key=named)
        for one in after[len(before) :]:
            change = Change.APPEARED if one.known else Change.UNKNOWN
            yield Difference(kind=compared.kind, change=change, name=one.name, key=named)


def _changed(compared: _Compared, key: Mapping[str, Cell], was: _Only, is_: _Only) -> Iterator[Difference]:
    """Tell what changed, and apart from it what only one of the two scans could read: that is no change."""
    fields = _fields(compared, was.row, is_.row)
    told = tuple(field for field in fields if not _is_untold(field))
    if told:
        yield Difference(kind=compared.kind, change=Change.CHANGED, name=is_.name, key=key, fields=told)
    for field in fields:
        if _is_untold(field):
            name = f"{_KNOWN[field.name]} of {is_.name}"
            yield Difference(kind=compared.kind, change=Change.UNKNOWN, name=name, key=key, fields=(field,))


def _is_untold(field: FieldChange) -> bool:
    return field.name in _KNOWN and (field.name not in _BY_NULL or None in {field.old, field.new})


_KNOWN = {
    "owners_known": "owners",
    "federated_known": "federated credentials",
    "noted": "notes",
    "settings_known": "settings",
    "excluded_actors": "excluded actors",
}
"""Columns that say whether something could be read, and what."""
_BY_NULL = frozenset({"noted", "excluded_actors"})
"""Those among them that say it by being NULL."""


@dataclass(frozen=True, slots=True)
class _Only:
    """A row that the other snapshot does not have just so."""

    name: str
    known: bool
    """Whether the other snapshot would have it if it were there."""
    row: Row


def _only(database: sqlite3.Connection, compared: _Compared, side: str) -> dict[Row, list[_Only]]:
    """Return the rows of one side that the other has not, by key: those that lie elsewhere are found by an index."""
    columns = schema.names(compared.table)
    first, *rest = compared.key
    others = [f"o.{name} IS t.{name}" for name in rest]
    others += [f"+o.{name} IS t.{name}" for name in columns if name not in compared.key]  # + keeps other indexes away
    same = " AND ".join((f"o.{first} = t.{first}", *others))
    other = _OTHER[side]
    leave(database, compared.table, compared.key, side, other)
    absent = f"NOT EXISTS (SELECT 1 FROM {other}.{compared.table} AS o WHERE {same})"  # noqa: S608 - names are our own
    found: defaultdict[Row, list[_Only]] = defaultdict(list)
    left = f"t.rowid IN (SELECT number FROM temp.left) AND {absent}"  # noqa: S608 - names are our own
    for one in _rows(database, compared, side, left):
        found[_key(compared, one.row)].append(one)
    return found


_OTHER = {"old": "main", "main": "old"}


def _rows(
    database: sqlite3.Connection, compared: _Compared, side: str, condition: str, cells: Row = ()
) -> Iterator[_Only]:
    """Yield rows ``t`` of one side for which a condition holds, in order."""
    told = ", ".join(f"t.{name}" for name in schema.names(compared.table))
    statement = (
        f"SELECT {compared.name.format(side=side)}, {compared.known.format(side=_OTHER[side])}, {told} "  # noqa: S608 - our own
        f"FROM {side}.{compared.table} AS t WHERE {condition} ORDER BY {told}"
    )
    for name, known, *row in database.execute(statement, cells):
        yield _Only(str(name), bool(known), tuple(row))


def _key(compared: _Compared, row: Row) -> Row:
    columns = schema.names(compared.table)
    return tuple(row[columns.index(name)] for name in compared.key)


def _oftener(
    database: sqlite3.Connection, compared: _Compared, gone: dict[Row, list[_Only]], come: dict[Row, list[_Only]]
) -> None:
    """Add the rows that both sides have, one of them oftener: as often as the other side lacks them."""
    if len(compared.key) == 1 or compared.table in schema.UNIQUE:
        return
    same = " AND ".join(f"t.{name} IS ?" for name in schema.names(compared.table))
    count = f"SELECT count(*) FROM {{side}}.{compared.table} AS t WHERE {same}"  # noqa: S608 - names are our own
    for side, only in (("old", gone), ("main", come)):
        for row, number in _repeated(database, compared, side):
            (others,) = database.execute(count.format(side=_OTHER[side]), row).fetchone()
            if 0 < others < number:
                alike = next(_rows(database, compared, side, same, row))
                only[_key(compared, row)] += [alike] * (number - others)


def _repeated(database: sqlite3.Connection, compared: _Compared, side: str) -> list[tuple[Row, int]]:
    """Return the rows that one side has more than once to the letter, and how often."""
    columns, key = ", ".join(schema.names(compared.table)), ", ".join(compared.key[:2])
    table = f"{side}.{compared.table}"
    statement = (
        f"SELECT {columns}, count(*) FROM {table} WHERE ({key}) IN "  # noqa: S608 - names are our own
        f"(SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1) GROUP BY {columns} HAVING count(*) > 1"
    )
    return [(tuple(row), number) for *row, number in database.execute(statement)]


def _fields(compared: _Compared, was: Row, is_: Row) -> tuple[FieldChange, ...]:
    pairs = zip(schema.names(compared.table), was, is_, strict=True)
    return tuple(FieldChange(name=name, old=old, new=new) for name, old, new in pairs if old != new)
