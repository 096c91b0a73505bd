"""The journal on SQLAlchemy Core: SQLite by default, any database SQLAlchemy reaches for a team."""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from inventory.model import ClientId
from migrate.errors import JournalError
from migrate.journal import schema
from migrate.journal.schema import entries_table
from migrate.model import Entry, Kind
from migrate.ports import Clock


class SqlJournal:
    """A journal behind a database URL. The database is created by the first entry, not by looking at it."""

    def __init__(self, url: str, clock: Clock) -> None:
        """Open the journal; raises JournalError where it cannot be used."""
        self._clock = clock
        try:
            parsed = sa.make_url(url)
            self._where = parsed.database or parsed.render_as_string(hide_password=True)
            self._file = _sqlite_file(parsed)
            self._engine = sa.create_engine(parsed)
        except (sa.exc.ArgumentError, ImportError, ValueError) as error:
            raise JournalError("--journal is no database URL that works here: write it like sqlite:///x.db") from error
        if self._file is not None and not self._file.parent.is_dir():
            raise JournalError(f"cannot open the journal {self._where}: there is no folder {self._file.parent}")
        self._ready = False
        self._check()

    def _check(self) -> None:
        if self._absent():
            return
        try:
            with self._engine.connect() as connection:
                schema.check(connection, f"journal {self._where}")
        except sa.exc.DBAPIError as error:
            raise self._broken(error) from error

    def _absent(self) -> bool:
        return self._file is not None and not self._file.exists()

    def _broken(self, error: sa.exc.DBAPIError) -> JournalError:
        return JournalError(f"cannot use the journal {self._where}: {error.orig}; give another --journal")

    def record(self, entry: Entry) -> None:
        """Write one entry; it is durable when this returns (SQLite: synchronous FULL). Raises JournalError."""
        try:
            if not self._ready:
                self._make_file()
                schema.upgrade(self._engine, f"journal {self._where}")
                self._ready = True
            with self._engine.begin() as connection:
                connection.execute(entries_table.insert().values(**self._row(entry)))
        except sa.exc.DBAPIError as error:
            raise self._broken(error) from error

    def _make_file(self) -> None:
        """Create the file for its owner alone: it says which credentials still work."""
        if self._file is not None and not self._file.exists():
            self._file.touch(mode=0o600)

    def _row(self, entry: Entry) -> dict[str, Any]:
        return {
            "at": self._clock.now().astimezone(UTC).isoformat(),
            "actor": _actor(),
            "kind": entry.kind.value,
            "plan": entry.plan,
            "application": entry.application,
            "subject": entry.subject,
            "data": msgspec.json.encode(entry.data, order="sorted").decode(),
        }

    def entries(self, *, kinds: tuple[Kind, ...] = (), application: ClientId | None = None) -> tuple[Entry, ...]:
        """Return the entries in the order they were written, of the given kinds or all. Raises JournalError."""
        if self._absent():
            return ()
        query = sa.select(entries_table).order_by(entries_table.c.number)
        if kinds:
            query = query.where(entries_table.c.kind.in_([kind.value for kind in kinds]))
        if application is not None:
            query = query.where(entries_table.c.application == application)
        try:
            with self._engine.connect() as connection:
                if schema.applied(connection) == 0:
                    return ()
                return tuple(_entry(row) for row in connection.execute(query).mappings())
        except sa.exc.DBAPIError as error:
            raise self._broken(error) from error
        except (ValueError, msgspec.DecodeError) as error:
            raise JournalError(f"the journal {self._where} holds an entry that cannot be read: {error}") from error

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _actor() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a user id without a name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _sqlite_file(url: sa.URL) -> Path | None:
    if url.get_backend_name() != "sqlite":
        return None
    named = url.database or ":memory:"
    if named == ":memory:" or named.startswith("file:"):
        raise JournalError("a journal in memory would be lost: give --journal a file, as sqlite:///unsecret.db")
    return Path(named)


def _entry(row: sa.RowMapping) -> Entry:
    return Entry(
        number=row["number"],
        at=datetime.fromisoformat(row["at"]),
        actor=row["actor"],
        kind=Kind(row["kind"]),
        plan=row["plan"],
        application=ClientId(row["application"]) if row["application"] else None,
        subject=row["subject"],
        data=msgspec.json.decode(row["data"]),
    )
