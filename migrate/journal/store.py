"""The journal on SQLAlchemy Core: an SQLite file by default, a PostgreSQL database for a team."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from inventory.model import ClientId
from migrate.entry import Entry, Json, Kind
from migrate.errors import JournalError
from migrate.journal import chain, leases, schema
from migrate.journal.database import Database
from migrate.journal.process import actor
from migrate.journal.schema import entries_table, journal_table
from migrate.journal.upgrade import upgrade
from migrate.ports import Clock

LOG = logging.getLogger("unsecret.journal")
LEASE = timedelta(minutes=15)
"""How long a lease lasts after its last entry: longer than the longest wait between two (reading until a change shows
up takes five minutes at most, and Graph may ask to wait in between)."""
_PARTS = ("meant", "seen_before", "done", "seen_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLease:
    """A lease that this journal holds; see ``migrate.ports.Lease``."""

    journal: SqlJournal
    application: ClientId
    fence: int

    def renew(self) -> None:
        """Make it last its full time from now; raises LeaseLostError where it is another's."""
        self.journal.renew(self)


class SqlJournal:
    """A journal behind a database URL. The database is created by the first entry, not by looking at it."""

    def __init__(self, url: str, clock: Clock, *, lease_time: timedelta = LEASE) -> None:
        """Open the journal; raises JournalError where it cannot be used."""
        self._database = Database(url, clock)
        self._where = f"journal {self._database.where}"
        self._lease_time = lease_time
        self._fences: dict[ClientId, int] = {}
        self._ready = False
        self._check()

    def _check(self) -> None:
        if self._database.absent:
            return
        try:
            with self._database.reading() as connection:
                schema.check(connection, self._where)
        except JournalError:
            self.close()
            raise

    def record(self, entry: Entry) -> Entry:
        """Write one entry; it is durable when this returns. Raises LeaseLostError, JournalError; see the port."""
        with self._writing() as connection:
            return self._append(connection, entry)

    def record_together(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """Write entries of which none may stand without the others; raises as ``record``, and writes none then."""
        with self._writing() as connection:
            return tuple(self._append(connection, entry) for entry in entries)

    def _append(self, connection: sa.Connection, entry: Entry) -> Entry:
        now = self._database.now(connection)
        fence = self._fences.get(entry.application) if entry.application else None
        if entry.application:
            leases.keep(connection, entry.application, fence, now + self._lease_time)
        number, previous = _end(connection)
        row = {**_row(entry), "number": number + 1, "at": now.isoformat(), "actor": actor(), "fence": fence}
        row = schema.chained(row, previous)
        connection.execute(entries_table.insert().values(row))
        return _entry(row)

    @contextmanager
    def lease(self, application: ClientId) -> Iterator[HeldLease]:
        """Be the only one to act on an application; raises LeaseHeldError. Given back however the block ends."""
        with self._writing() as connection:
            now = self._database.now(connection)
            fence = leases.take(connection, application, leases.tenure(actor(), now, self._lease_time))
        self._fences[application] = fence
        try:
            yield HeldLease(journal=self, application=application, fence=fence)
        finally:
            if self._fences.get(application) == fence:
                del self._fences[application]
            self._give_back(application, fence)

    def _give_back(self, application: ClientId, fence: int) -> None:
        try:
            with self._writing() as connection:
                leases.give_back(connection, application, fence)
        except JournalError as error:  # it runs out by itself; what ended the block is what matters
            LOG.debug("the lease of %s was not given back: %s", application, error)

    def renew(self, lease: HeldLease) -> None:
        """Make a lease last its full time from now; raises LeaseLostError where it is another's."""
        with self._writing() as connection:
            until = self._database.now(connection) + self._lease_time
            leases.keep(connection, lease.application, lease.fence, until)

    def entries(
        self, *, kinds: tuple[Kind, ...] = (), application: ClientId | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """Return the entries in the order they were written, of the given kinds or all. Raises JournalError."""
        if self._database.absent:
            return ()
        with self._database.reading() as connection:
            version = schema.check(connection, self._where)
            if version == 0:
                return ()
            table = entries_table if version >= schema.CHAINED else schema.first_entries_table
            query = sa.select(table).order_by(table.c.number)
            if kinds:
                query = query.where(table.c.kind.in_([kind.value for kind in kinds]))
            if application is not None:
                query = query.where(table.c.application == application)
            if after:
                query = query.where(table.c.number > after)
            return self._read(connection.execute(query))

    def _read(self, rows: Iterable[sa.Row[Any]]) -> tuple[Entry, ...]:
        try:
            return tuple(_entry(row._asdict()) for row in rows)
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            raise JournalError(f"the {self._where} holds an entry that cannot be read: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        if not self._ready:
            upgrade(self._database)
            self._ready = True
        with self._database.writing() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()


def _end(connection: sa.Connection) -> tuple[int, str]:
    """Return number and hash of the last entry, or what stands for them before the first."""
    columns = entries_table.c
    query = sa.select(columns.number, columns.hash).order_by(columns.number.desc()).limit(1)
    if last := connection.execute(query).first():
        return last.number, last.hash
    return 0, chain.genesis(connection.execute(sa.select(journal_table.c.id)).scalar_one())


def _row(entry: Entry) -> dict[str, chain.Cell]:
    parts = {"meant": entry.meant, "seen_before": entry.seen_before, "done": entry.done, "seen_after": entry.seen_after}
    return {
        "kind": entry.kind.value,
        "plan": entry.plan,
        "application": entry.application,
        "subject": entry.subject,
        "data": _text(entry.data),
        **{name: _text(part) if part else None for name, part in parts.items()},
    }


def _text(part: Mapping[str, Json]) -> str:
    return msgspec.json.encode(part, order="sorted").decode()


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        number=row["number"],
        at=datetime.fromisoformat(row["at"]),
        actor=row["actor"],
        kind=Kind(row["kind"]),
        plan=row["plan"],
        application=ClientId(row["application"]) if row["application"] else None,
        subject=row["subject"],
        data=msgspec.json.decode(row["data"]),
        fence=row.get("fence"),
        previous=row.get("previous") or "",
        hash=row.get("hash") or "",
        **{part: msgspec.json.decode(row[part]) for part in _PARTS if row.get(part)},
    )
