"""How fast a journal takes entries, and whether that depends on how many it has."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.journal import archive
from migrate.journal.store import SqlJournal
from migrate.model import Entry, Kind
from tests.support import postgres as servers
from tests.support.journals import about, fact, journal

pytestmark = pytest.mark.bench
APPLICATIONS = int(os.environ.get("UNSECRET_BENCH_APPLICATIONS", "10000"))
STRETCH = 1000
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
    seen = {"federated": [{"name": "unsecret", "issuer": "https://login.microsoftonline.com/x/v2.0", "subject": "y"}]}
    with opened.lease(ClientId(application)):
        for kind in (Kind.FEDERATE_MEANT, Kind.FEDERATED):
            entry = about(application, kind)
            opened.record(
                Entry(kind=kind, plan=entry.plan, application=entry.application, done={}, seen_after=dict(seen))
            )


def rate(count: int, started: float) -> str:
    return f"{count / (time.perf_counter() - started):6.0f}/s"


def test_appending_does_not_slow_down(url: str) -> None:
    with journal(url) as opened:
        for stretch in range(0, APPLICATIONS, STRETCH):
            started = time.perf_counter()
            for number in range(stretch, min(stretch + STRETCH, APPLICATIONS)):
                change(opened, f"{number:08}-0000-4000-8000-000000000000")
            print(f"{url[:8]} applications {stretch:6} to {stretch + STRETCH:6}: {rate(2 * STRETCH, started)} entries")
        started = time.perf_counter()
        for number in range(STRETCH):
            opened.record(fact(f"/code/{number}"))
        print(f"{url[:8]} entries without a lease: {rate(STRETCH, started)}")
        started = time.perf_counter()
        for number in range(STRETCH):
            assert len(opened.entries(application=ClientId(f"{number:08}-0000-4000-8000-000000000000"))) == 2
        print(f"{url[:8]} entries of one application, looked up: {rate(STRETCH, started)}")
        started = time.perf_counter()
        count = len(opened.entries())
        print(f"{url[:8]} all {count} entries read: {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    assert archive.verify(url, CLOCK).sound
    print(f"{url[:8]} {count} entries verified: {time.perf_counter() - started:.1f} s")


def test_the_bare_disk(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bare.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, data TEXT)")
        started = time.perf_counter()
        for _ in range(STRETCH):
            bare.execute("INSERT INTO entries (data) VALUES (?)", ("x" * 400,))
        print(f"sqlite   bare durable inserts: {rate(STRETCH, started)}")
