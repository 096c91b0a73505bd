"""Journals for tests: other processes that write to them, and one of the first schema."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.entry import Entry, Kind
from migrate.errors import LeaseHeldError
from migrate.journal.store import SqlJournal

OVER = timedelta(seconds=-1)
"""Length of a lease whose time is over at once."""
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])

OLD = (
    "CREATE TABLE migrations (number INTEGER NOT NULL, name VARCHAR(100) NOT NULL, PRIMARY KEY (number))",
    """CREATE TABLE entries (number {key}, at VARCHAR(40) NOT NULL, actor VARCHAR(200) NOT NULL,
    kind VARCHAR(40) NOT NULL, plan VARCHAR(64) NOT NULL, application VARCHAR(36), subject TEXT NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (number))""",
    "CREATE INDEX ix_entries_application ON entries (application)",
    "CREATE INDEX ix_entries_kind ON entries (kind)",
    "INSERT INTO migrations VALUES (1, 'entries')",
)
"""What the first schema of journals was, on SQLite and (``key``) on PostgreSQL."""


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 10, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@contextmanager
def journal(url: str, *, clock: Any = None, lease_time: timedelta = timedelta(minutes=15)) -> Iterator[SqlJournal]:
    with closing(SqlJournal(url, clock or SystemClock(), lease_time=lease_time)) as opened:
        yield opened


@contextmanager
def database(url: str) -> Iterator[sa.Connection]:
    """Reach the tables directly, as somebody would who does not use unsecret."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def fact(subject: str = "/code") -> Entry:
    """Return an entry about no application."""
    return Entry(kind=Kind.CODE_SCANNED, plan="p", subject=subject, data={"findings": []})


def about(application: str, kind: Kind = Kind.RETIRE_MEANT, subject: str = "k") -> Entry:
    return Entry(kind=kind, plan="p", application=ClientId(application), subject=subject)


def clear(url: str) -> None:
    """Empty a database, so that the next try finds it as a new one."""
    if url.startswith("sqlite"):
        Path(str(sa.make_url(url).database)).unlink(missing_ok=True)
        return
    with database(url) as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


def old_journal(url: str, entries: int, *, missing: frozenset[int] = frozenset()) -> None:
    """Make a journal of the first schema; some numbers may never have been given."""
    with database(url) as connection:
        key = "SERIAL" if connection.dialect.name == "postgresql" else "INTEGER NOT NULL"
        for statement in OLD:
            connection.exec_driver_sql(statement.format(key=key))
        insert = sa.text(
            "INSERT INTO entries VALUES (:n, '2026-01-01T00:00:00+00:00', 'a@b', 'held', 'p', 'x', 'k', '{}')"
        )
        for number in range(1, entries + 1):
            if number not in missing:
                connection.execute(insert, {"n": number})


@contextmanager
def process(work: Callable[..., None], *arguments: object) -> Iterator[tuple[BaseProcess, Connection]]:
    """Run a function of this module in a process of its own, which says things through a pipe."""
    ours, theirs = _CONTEXT.Pipe()
    running = _CONTEXT.Process(target=work, args=(theirs, *arguments), daemon=True)
    running.start()
    theirs.close()
    try:
        yield running, ours
    finally:
        running.kill()
        running.join()
        ours.close()


def append(pipe: Connection, url: str, name: str, count: int) -> None:
    """Append entries and say each number once it is durable; ``count`` 0: for ever."""
    with journal(url) as opened:
        number = 0
        while number < count or not count:
            pipe.send(opened.record(fact(f"{name} {number}")).number)
            number += 1


def contend(pipe: Connection, url: str, applications: tuple[str, ...], rounds: int) -> None:
    """Do a change with two entries to each application, again and again, whenever its lease is to be had."""
    with journal(url) as opened:
        for number in range(rounds):
            for application in applications:
                _change(opened, ClientId(application), f"{os.getpid()} {number}")
    pipe.send("done")


def _change(opened: SqlJournal, application: ClientId, subject: str) -> None:
    while True:
        try:
            with opened.lease(application):
                opened.record(about(application, Kind.RETIRE_MEANT, subject))
                opened.record(about(application, Kind.RETIRED, subject))
                return
        except LeaseHeldError:
            continue


def hold(pipe: Connection, url: str, application: str) -> None:
    """Take a lease, say what was meant, and never come back."""
    with journal(url) as opened, opened.lease(ClientId(application)):
        opened.record(about(application))
        pipe.send("held")
        pipe.recv()


def die_at(pipe: Connection, url: str, statement: int) -> None:
    """Record an entry under a lease, and be killed before a statement or commit; say where all of it was survived."""
    left = statement

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    sa.event.listen(sa.Engine, "commit", count)
    with journal(url) as opened, opened.lease(ClientId("a")):
        opened.record(about("a"))
    pipe.send("survived")
