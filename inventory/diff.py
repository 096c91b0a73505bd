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
from inventory.diff_compared import COMPARED, Compared
from inventory.errors import SnapshotError
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
        return tuple(found for compared in COMPARED for found in _differences(database, compared))


def _differences(database: sqlite3.Connection, compared: Compared) -> Iterator[Difference]:
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


def _changed(compared: Compared, key: Mapping[str, Cell], was: _Only, is_: _Only) -> Iterator[Difference]:
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


def _only(database: sqlite3.Connection, compared: Compared, side: str) -> dict[Row, list[_Only]]:
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
    database: sqlite3.Connection, compared: Compared, side: str, condition: str, cells: Row = ()
) -> Iterator[_Only]:
    """Yield rows ``t`` of one side for which a condition holds, in order."""
    told = ", ".join(f"t.{name}" for name in schema.names(compared.table))
    statement = (
        f"SELECT {compared.name.format(side=side)}, {compared.known.format(side=_OTHER[side])}, {told} "  # noqa: S608 - our own
        f"FROM {side}.{compared.table} AS t WHERE {condition} ORDER BY {told}"
    )
    for name, known, *row in database.execute(statement, cells):
        yield _Only(str(name), bool(known), tuple(row))


def _key(compared: Compared, row: Row) -> Row:
    columns = schema.names(compared.table)
    return tuple(row[columns.index(name)] for name in compared.key)


def _oftener(
    database: sqlite3.Connection, compared: Compared, gone: dict[Row, list[_Only]], come: dict[Row, list[_Only]]
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


def _repeated(database: sqlite3.Connection, compared: Compared, side: str) -> list[tuple[Row, int]]:
    """Return the rows that one side has more than once to the letter, and how often."""
    columns, key = ", ".join(schema.names(compared.table)), ", ".join(compared.key[:2])
    table = f"{side}.{compared.table}"
    statement = (
        f"SELECT {columns}, count(*) FROM {table} WHERE ({key}) IN "  # noqa: S608 - names are our own
        f"(SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1) GROUP BY {columns} HAVING count(*) > 1"
    )
    return [(tuple(row), number) for *row, number in database.execute(statement)]


def _fields(compared: Compared, was: Row, is_: Row) -> tuple[FieldChange, ...]:
    pairs = zip(schema.names(compared.table), was, is_, strict=True)
    return tuple(FieldChange(name=name, old=old, new=new) for name, old, new in pairs if old != new)
