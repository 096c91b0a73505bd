"""The database behind a journal: what an address means, how a transaction begins, whose clock counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrate.errors import JournalError
from migrate.journal.writing import writer
from migrate.ports import Clock

_POSTGRESQL = "postgresql+psycopg"
_WAIT = 60
"""Seconds to wait for another writer of an SQLite file; each holds it for the length of one entry."""
_LOOK = 5
"""Seconds to wait for it where nothing was written yet: whoever only looks can look again."""
_CONNECT = 15
"""Seconds to wait for a PostgreSQL server."""
_LOCK = 0x756E736563726574
"""Advisory lock under which everything is written, so that one entry follows the other: "unsecret" in ASCII."""
_WRITES, _PATIENCE = "unsecret_writes", "unsecret_patience"
_HELP = "write it like unsecret.db, sqlite:///unsecret.db or postgresql+psycopg://user@host/database"


class Database:
    """An SQLite file or a PostgreSQL database; nothing is created by looking at it."""

    def __init__(self, url: str, clock: Clock) -> None:
        """Understand the address; nothing is opened yet. Raises JournalError, never with a password in it."""
        self._clock = clock
        parsed = _parsed(url)
        self.where = place(parsed)
        self._file = _sqlite_file(parsed)
        if self._file is not None and not self._file.parent.is_dir():
            raise JournalError(f"cannot open the journal {self.where}: there is no folder {self._file.parent}")
        if self._file is not None and self._file.is_dir():
            inside = self._file / "unsecret.db"
            raise JournalError(
                f"cannot open the journal {self.where}: it is a folder; name the file in it, as {inside}"
            )
        self._engine = _engine(parsed, self.where)
        self._writer = self._engine.execution_options(**{_WRITES: True})
        self._has_written = False

    @property
    def absent(self) -> bool:
        """Whether there is no file yet."""
        return self._file is not None and not self._file.exists()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection in one transaction: what it reads is of one moment. Raises JournalError."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}
        if self._file is not None:
            options = {_PATIENCE: _WAIT if self._has_written else _LOOK}
        with self._told(), self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give the one connection that may write now; durable when the block has ended. Raises JournalError."""
        if self._file is not None and self.absent:
            self._file.touch(mode=0o600)  # for its owner alone: it says which credentials still work
        self._has_written = True
        with self._told(), self._writer.begin() as connection:
            if self._file is None:  # READ COMMITTED: the statements after this one see what others have committed
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield connection

    def now(self, connection: sa.Connection) -> datetime:
        """Return the time by the journal's clock: the server's, or this machine's for a file, in UTC."""
        if self._file is not None:
            return self._clock.now().astimezone(UTC)
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            if self._is_busy(error):
                then = _AGAIN if self._has_written else "run this again"
                raise JournalError(
                    f"cannot use the journal {self.where}: {self._by_whom()}; when that has ended, {then}"
                ) from error
            why = " ".join(str(error.orig).split())
            raise JournalError(f"cannot use the journal {self.where}: {why}; {_way_out(error)}") from error
        except UnicodeDecodeError as error:  # SQLite's own messages quote what a damaged file says
            raise JournalError(f"cannot use the journal {self.where}: it is damaged; {_DAMAGED}") from error
        except UnicodeEncodeError as error:
            raise JournalError("the journal cannot hold text that is no Unicode: rename what is named so") from error

    def _is_busy(self, error: sa.exc.DBAPIError) -> bool:
        code = getattr(error.orig, "sqlite_errorcode", None)
        return isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_BUSY

    def _by_whom(self) -> str:
        found = writer(self._file) if self._file is not None else ""
        return f"another command is writing to it ({found})" if found else "another program is writing to it"


_AGAIN = "run the command again: it finds out what became of what it had begun"
_DAMAGED = "put a copy from before in its place, see docs/journal.md"
_WAYS_OUT = {
    sqlite3.SQLITE_FULL: f"make room on its disk, then {_AGAIN}",
    sqlite3.SQLITE_IOERR: f"make room on its disk, or mend that, then {_AGAIN}",
    sqlite3.SQLITE_READONLY: f"make the file and its folder writable, then {_AGAIN}",
    sqlite3.SQLITE_CANTOPEN: f"make its folder readable and writable, then {_AGAIN}; or give another journal",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: "it is no database of SQLite, or is damaged; give another journal",
}
"""By SQLite's primary result code ("Result and Error Codes"). Another journal would not know what was begun."""


def _way_out(error: sa.exc.DBAPIError) -> str:
    """Say what to do: the file is SQLite's, or the connection to a server was lost, or the server does not like it."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _WAYS_OUT.get(code & 0xFF, "give another journal")
    lost = error.connection_invalidated or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return f"when the server answers, {_AGAIN}" if lost else "give another journal"


def shown(url: str) -> str:
    """Return an address as it may be shown: without user, password and options."""
    return place(_parsed(url))


def place(url: sa.URL) -> str:
    """Return where the journal is: the file, or server and database."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or ''}{port}/{url.database or ''}"


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise JournalError(
            f"the address of the journal is neither a file nor a database URL: {_HELP}"
        ) from None  # the cause could hold the password
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername=_POSTGRESQL)
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", _POSTGRESQL}:
        raise JournalError(f"the address names a database that works not as a journal: {_HELP}")
    return parsed


def _sqlite_file(url: sa.URL) -> Path | None:
    if url.get_backend_name() != "sqlite":
        return None
    if url.query:  # SQLAlchemy would leave them out, with a warning, and write to the file all the same
        raise JournalError(f"the address of the journal has options that are not understood: {_HELP}")
    named = url.database or ":memory:"
    if named == ":memory:" or named.startswith("file:"):
        raise JournalError("a journal in memory would be lost: name a file, as unsecret.db")
    return Path(named)


def _engine(url: sa.URL, where: str) -> sa.Engine:
    server = url.drivername == _POSTGRESQL
    options: dict[str, Any] = {"connect_args": {"timeout": _WAIT}}
    if server:
        wait = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT}
        options = {"connect_args": wait, "isolation_level": "READ COMMITTED", "pool_pre_ping": True}
    try:
        engine = sa.create_engine(url, **options)
    except ImportError as error:
        raise JournalError(
            f"the journal {where} needs a driver that is not installed: pip install 'unsecret[postgres]'"
        ) from error
    except (sa.exc.ArgumentError, TypeError, ValueError):
        raise JournalError(f"the address of the journal has options that are not understood: {_HELP}") from None
    sa.event.listen(engine, "connect", _durable_server if server else _durable_file)
    if not server:
        sa.event.listen(engine, "begin", _begin)
    return engine


def _durable_file(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 would begin transactions late, and none around a change of the schema
    connection.execute("PRAGMA trusted_schema = OFF")


def _durable_server(connection: Any, _record: object) -> None:
    """Undo a server's ``synchronous_commit = off``: a commit that returns must outlive a crash of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', 'on', false) "
                       "WHERE current_setting('synchronous_commit') = 'off'")  # fmt: skip
    connection.commit()


def _begin(connection: sa.Connection) -> None:
    """Take the file before the first read, where something will be written: what is read is the newest then."""
    options = connection.get_execution_options()
    writes = options.get(_WRITES, False)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(options.get(_PATIENCE, _WAIT) * 1000)}")
    if writes and not connection.info.get(_WRITES):
        # Not when it was connected: it reads the schema, so that it waits for others, and who only looks must not long.
        connection.exec_driver_sql("PRAGMA synchronous = FULL")
        connection.info[_WRITES] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
