from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.entry import Entry, Kind
from migrate.errors import JournalError, LeaseLostError
from migrate.journal.store import SqlJournal
from tests.support.postgres import Server


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    opened = SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}", SystemClock())
    yield opened
    opened.close()


def entry(kind: Kind = Kind.HELD, application: str = "a") -> Entry:
    return Entry(kind=kind, plan="p", application=ClientId(application), subject="k", data={"why": "'\"<x>\u202e"})


def record(journal: SqlJournal, what: Entry) -> Entry:
    assert what.application is not None
    with journal.lease(what.application):
        return journal.record(what)


def test_looking_at_a_journal_creates_nothing(journal: SqlJournal, tmp_path: Path) -> None:
    assert journal.entries() == ()
    assert list(tmp_path.iterdir()) == []


def test_entries_come_back_in_order_with_number_time_and_actor(journal: SqlJournal) -> None:
    record(journal, entry(Kind.RETIRE_MEANT))
    record(journal, entry(Kind.RETIRED, "b"))
    first, second = journal.entries()
    assert (first.number, first.kind, first.data) == (1, Kind.RETIRE_MEANT, {"why": "'\"<x>\u202e"})
    assert first.at is not None
    assert first.at.tzinfo is not None
    assert "@" in first.actor
    assert journal.entries(kinds=(Kind.RETIRED,)) == (second,)
    assert journal.entries(application=ClientId("a")) == (first,)


def test_entries_that_belong_together_are_written_together_or_not_at_all(journal: SqlJournal) -> None:
    three = (entry(), entry(Kind.RETIRED), entry(Kind.RETIRED, "b"))
    with journal.lease(ClientId("a")):
        with pytest.raises(LeaseLostError):
            journal.record_together(three)
        assert journal.entries() == ()
        with journal.lease(ClientId("b")):
            written = journal.record_together(three)
    assert [(each.number, each.kind, each.application) for each in written] == [
        (number, each.kind, each.application) for number, each in enumerate(three, start=1)
    ]
    assert journal.entries() == written


def test_a_second_opening_sees_what_the_first_wrote(journal: SqlJournal, tmp_path: Path) -> None:
    record(journal, entry())
    again = SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}", SystemClock())
    try:
        assert len(again.entries()) == 1
    finally:
        again.close()


def opened(path: Path) -> None:
    SqlJournal(f"sqlite:///{path}", SystemClock()).close()


def test_a_journal_of_a_newer_version_is_refused(journal: SqlJournal, tmp_path: Path) -> None:
    record(journal, entry())
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.execute("INSERT INTO migrations VALUES (3, 'later')")
        database.commit()
    with pytest.raises(JournalError, match="newer version"):
        opened(tmp_path / "journal.db")


def test_other_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to be read as one" * 40)
    before = text.read_bytes()
    with pytest.raises(JournalError, match="cannot use the journal"):
        opened(text)
    assert text.read_bytes() == before
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE theirs (x)")
    with pytest.raises(JournalError, match="not a journal"):
        opened(foreign)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "nosuch://x",
        "sqlite:////no/such/folder/journal.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite:///journal.db?mode=ro",
    ],
)
def test_a_wrong_url_is_one_line(url: str) -> None:
    with pytest.raises(JournalError) as caught:
        SqlJournal(url, SystemClock())
    assert "\n" not in str(caught.value)


def test_a_journal_that_somebody_holds_or_whose_disk_is_full_says_what_to_do(
    journal: SqlJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(journal, entry())
    path = tmp_path / "journal.db"
    monkeypatch.setattr("migrate.journal.database._WAIT", 0.05)
    impatient = SqlJournal(f"sqlite:///{path}", SystemClock())
    with closing(impatient), closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match=r"is writing to it.*run the command again: it finds out"):
            record(impatient, entry())
        other.execute("ROLLBACK")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
        try:
            with pytest.raises(JournalError, match=r"make room on its disk.*run the command again"):
                record(impatient, replace(entry(), data={"why": "x" * 100_000}))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(journal.entries()) == 1


HOLDS = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[2], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells whose lock it is")
def test_who_only_looks_waits_for_seconds_and_hears_who_is_writing(
    journal: SqlJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(journal, entry())
    path, script = tmp_path / "journal.db", tmp_path / "unsecret.py"
    script.write_text(HOLDS)
    monkeypatch.setattr("migrate.journal.database._LOOK", 0.05)
    command = [sys.executable, str(script), "retire", str(path), "postgresql://me:password@db/x"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(JournalError) as caught:
            SqlJournal(f"sqlite:///{path}", SystemClock())
        told = f"another command is writing to it (unsecret retire, process {other.pid}); when that has ended, run this"
        assert told in str(caught.value)
        other.communicate("")


@pytest.mark.postgres
def test_a_server_that_ends_the_connection_in_the_middle_loses_nothing(postgres: Server) -> None:
    url = postgres.database()
    with closing(SqlJournal(url, SystemClock())) as mine, closing(SqlJournal(url, SystemClock())) as other:
        record(mine, entry())
        told = "when the server answers, run the command again"
        with pytest.raises(JournalError, match=told), mine._database.writing() as connection:
            connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        record(mine, entry())
        assert len(other.entries()) == 2


def test_a_password_in_the_url_is_not_shown() -> None:
    with pytest.raises(JournalError) as caught:
        SqlJournal("nosuch://someone:hunter2@host/db", SystemClock())
    assert "hunter2" not in str(caught.value)
