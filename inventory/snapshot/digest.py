"""The digests of a snapshot: SHA-256 over tenant, cloud and the canonical form of the tables.

Equal content gives an equal digest, in whatever order Graph told it and whenever that was. A digest finds damage and
careless edits; it is no signature.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from inventory.tables import schema
from inventory.tables.rows import Row

_BATCH = 256
_ENCODER = msgspec.json.Encoder()


class Digest:
    """SHA-256 for each table, joined in the order of the tables, so that these can be read in any order."""

    def __init__(self, tenant_id: str, cloud: str, *, version: int = schema.SCHEMA_VERSION) -> None:
        self._head = _ENCODER.encode((version, tenant_id, cloud))
        self._tables: dict[str, bytes] = {}

    def over(self, table: str, rows: Iterable[Row]) -> Iterator[Row]:
        """Take all rows of a table, in canonical order, and hand them on."""
        table_digest = hashlib.sha256()
        waiting = iter(rows)
        while batch := list(islice(waiting, _BATCH)):
            table_digest.update(_ENCODER.encode_lines(batch))
            yield from batch
        self._tables[table] = table_digest.digest()

    def take(self, table: str, rows: Iterable[Row]) -> None:
        """Take all rows of a table, in canonical order."""
        for _ in self.over(table, rows):
            pass

    def text(self, tables: Iterable[str]) -> str:
        """Return the digest of these tables, as hex; KeyError for one that was not taken."""
        whole = hashlib.sha256(self._head)
        for table in tables:
            whole.update(self._tables[table])
        return whole.hexdigest()


def digests(database: sqlite3.Connection, tenant_id: str, cloud: str) -> tuple[str, str]:
    """Return the digest of what the tenant holds and that of the evidence, from the tables as they stand."""
    digest = Digest(tenant_id, cloud)
    for table in schema.COLUMNS:
        digest.take(table, database.execute(schema.select(table)))
    return digest.text(schema.ESTATE), digest.text(schema.EVIDENCE)
