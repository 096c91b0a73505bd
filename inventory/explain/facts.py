"""What the sections ask the snapshot: one credential, its two holders, and SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.classify import Expiry, expiry
from inventory.explain.model import Cell
from inventory.model import Credential, TenantId
from inventory.snapshot import Header
from inventory.tables import schema, values

Row = dict[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A credential and where it is held, in an open snapshot."""

    database: sqlite3.Connection
    of: Header
    credential: Row
    application: Row | None
    """None where the application is registered in another tenant, or gone."""
    principal: Row | None

    @property
    def client_id(self) -> str:
        """Return the client id of both holders."""
        return str(self.credential["client_id"])

    @property
    def tenant_id(self) -> TenantId:
        """Return the tenant."""
        return self.of.tenant_id

    @property
    def name(self) -> str:
        """Name the holder."""
        holder = self.application or self.principal or {}
        return str(holder.get("display_name") or self.client_id)

    @property
    def scan(self) -> str:
        """Name the scan as evidence."""
        return f"scan of {day(self.of.taken_at.isoformat())}"

    @property
    def expiry(self) -> Expiry:
        """Say how the dates stood when the scan was taken."""
        return expiry(self.value, self.of.taken_at)

    @property
    def value(self) -> Credential:
        """Return the credential as a value."""
        return values.credential(tuple(self.credential[name] for name in schema.names("credentials")))

    def rows(self, statement: str, *parameters: Cell) -> list[Row]:
        """Return the rows of a query."""
        return list(select(self.database, statement, *parameters))

    def cells(self, table: str, condition: str = "", *parameters: Cell) -> list[tuple[Any, ...]]:
        """Return rows of a table, in the order of its columns; ``condition`` is SQL of the caller's own."""
        return self.database.execute(schema.select(table, condition), parameters).fetchall()

    def row(self, statement: str, *parameters: Cell) -> Row:
        """Return the one row of a query."""
        return self.rows(statement, *parameters)[0]

    def notes(self, *subjects: str) -> tuple[str, ...]:
        """Return what the scan said it could not see of these, or of single objects among them (``policy ID``)."""
        found = self.rows("SELECT subject, text FROM notes ORDER BY subject, text")
        return tuple(
            f"{one['subject']}: {one['text']}"
            for one in found
            if any(str(one["subject"]) == each or str(one["subject"]).startswith(f"{each} ") for each in subjects)
        )


def select(database: sqlite3.Connection, statement: str, *parameters: Cell) -> Iterator[Row]:
    """Yield the rows of a query by the names of their columns."""
    cursor = database.execute(statement, parameters)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def day(text: Cell) -> str:
    """Write a time of the snapshot for people: date and minute, UTC."""
    return f"{datetime.fromisoformat(str(text)):%Y-%m-%d %H:%M}" if text else "unknown"
