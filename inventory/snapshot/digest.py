"""The digests of a snapshot: for each table the sum of the SHA-256 of its rows, then SHA-256 over tenant and sums.

A sum is the same in whatever order Graph told the rows, and can be kept while they are written. A digest finds damage
and careless edits; it is no signature.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from inventory.tables import schema
from inventory.tables.rows import Row

_ENCODER = msgspec.json.Encoder()
_SIZE = 1 << 256
_AT_A_TIME = 1000
AGED = "owners (refresh)"
"""Subject of the note on how old a part of a refreshed snapshot is: it is no part of what the tenant holds."""


_NOTES = "notes"


def _is_aside(table: str, row: Row) -> bool:
    return table == _NOTES and row[0] == AGED


class Digest:
    """Sums of rows, table by table."""

    def __init__(self) -> None:
        self._sums: dict[str, int] = {}

    def knows(self, table: str) -> bool:
        """Whether rows of a table were taken."""
        return table in self._sums

    def over(self, table: str, rows: Iterable[Row]) -> Iterator[Row]:
        """Take rows, in any order, and hand them on."""
        encode, sha256, number = _ENCODER.encode, hashlib.sha256, int.from_bytes
        total = self._sums.get(table, 0)
        for row in rows:
            if not _is_aside(table, row):
                total += number(sha256(encode(row)).digest(), "big")
            yield row
        self._sums[table] = total % _SIZE

    def take(self, table: str, rows: Iterable[Row]) -> None:
        """Take rows, in any order, each from its cells to its sum at once: putting them aside meanwhile takes longer.

        Rows are encoded by ``map``, which lets ``zip`` use one tuple for all rows of columns.
        """
        counted = rows if table != _NOTES else (row for row in rows if not _is_aside(table, row))
        sha256, number, left = hashlib.sha256, int.from_bytes, map(_ENCODER.encode, counted)
        total = self._sums.get(table, 0)
        while some := [number(sha256(line).digest(), "big") for line in islice(left, _AT_A_TIME)]:
            total += sum(some)
        self._sums[table] = total % _SIZE

    def drop(self, table: str, rows: Iterable[Row]) -> None:
        """Take rows away again."""
        others = Digest()
        others.take(table, rows)
        self._sums[table] = (self._sums.get(table, 0) - others._sums[table]) % _SIZE

    def rest(self, database: sqlite3.Connection) -> None:
        """Take the tables of which no row was taken yet, as they stand."""
        for table in schema.COLUMNS:
            if table not in self._sums:
                columns = ", ".join(schema.names(table))
                self.take(table, database.execute(f"SELECT {columns} FROM {table}"))  # noqa: S608 - names are our own

    def text(self, tables: Iterable[str], tenant_id: str, cloud: str, *, version: int = schema.SCHEMA_VERSION) -> str:
        """Return the digest of these tables, as hex; KeyError for one that was not taken."""
        whole = hashlib.sha256(_ENCODER.encode((version, tenant_id, cloud)))
        for table in tables:
            whole.update(self._sums[table].to_bytes(32, "big"))
        return whole.hexdigest()
