"""How fast a journal takes entries, and whether that depends on how many it has."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.entry import Entry, Json, Kind
from migrate.journal import archive, schema
from migrate.journal.store import SqlJournal
from tests.support import postgres as servers
from tests.support.journals import about, database, fact, journal

pytestmark = pytest.mark.bench
SIZES = (0, 20_000, 200_000)
"""Entries that are there already."""
TRIES = 300
CLOCK = SystemClock()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'journal.db'}"
        return
    if why := servers.lacking():
        pytest.skip(why)
    with servers.serving(durable=True) as server:
        yield server.database()


def change(opened: SqlJournal, application: str) -> None:
    """Record what a federated credential takes: a lease, what is meant, what was done."""
    seen: dict[str, Json] = {
        "federated": [{"name": "unsecret", "issuer": "https://login.microsoftonline.com/x/v2.0", "subject": "y"}]
    }
    with opened.lease(ClientId(application)):
        for kind in (Kind.FEDERATE_MEANT, Kind.FEDERATED):
            entry = about(application, kind)
            opened.record(Entry(kind=kind, plan=entry.plan, application=entry.application, done={}, seen_after=seen))


def grown(url: str, size: int) -> None:
    """Bring a journal to a size in one go, two entries to an application."""
    with journal(url) as opened:
        last = opened.record(fact())
    head, number = last.hash, last.number
    row = {
        "at": "2026-03-02T10:00:00+00:00",
        "actor": "a@b",
        "kind": "federated",
        "plan": "p",
        "subject": "",
        "data": "{}",
    }
    with database(url) as connection:
        while number < size:
            rows = []
            for _ in range(1000):
                number += 1
                rows.append(schema.chained({**row, "number": number, "application": identifier(number // 2)}, head))
                head = str(rows[-1]["hash"])
            connection.execute(schema.entries_table.insert(), rows)


def identifier(number: int) -> str:
    return f"{number:08}-0000-4000-8000-000000000000"


def rate(count: int, started: float) -> str:
    return f"{count / (time.perf_counter() - started):6.0f}/s"


def test_appending_does_not_slow_down(url: str) -> None:
    kind = url.partition("+")[0].partition(":")[0]
    for size in SIZES:
        grown(url, size)
        with journal(url) as opened:
            started = time.perf_counter()
            for number in range(TRIES):
                change(opened, f"new {size} {number}")
            leased = rate(2 * TRIES, started)
            started = time.perf_counter()
            for number in range(TRIES):
                opened.record(fact(f"/code/{number}"))
            free = rate(TRIES, started)
            started = time.perf_counter()
            for number in range(TRIES):
                assert len(opened.entries(application=ClientId(identifier(5000 + number)))) == (2 if size else 0)
            looked = rate(TRIES, started)
        started, worked = time.perf_counter(), time.process_time()
        assert not archive.wrong(url, CLOCK)
        checked, work = time.perf_counter() - started, time.process_time() - worked
        print(f"{kind:10} {size:7} entries: {leased} with leases, {free} without, {looked} applications looked up, "
              f"verified in {checked:5.1f} s, {work:4.1f} s of processor time")  # fmt: skip


def test_the_bare_disk(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bare.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, data TEXT)")
        started = time.perf_counter()
        for _ in range(TRIES):
            bare.execute("INSERT INTO entries (data) VALUES (?)", ("x" * 400,))
        print(f"sqlite   bare durable inserts: {rate(TRIES, started)}")
