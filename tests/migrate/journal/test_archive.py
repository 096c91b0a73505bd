"""Checking, exporting and copying whole journals, whatever was done to them."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.entry import Kind
from migrate.errors import JournalError
from migrate.journal import archive, chain
from tests.support.examples import share
from tests.support.journals import about, database, fact, journal, old_journal

CLOCK = SystemClock()
HOSTILE = "'\"<x>\u202e\x1b[31m\x00$(touch x)" + "\u00e9" * 10_000
REFUSED = (
    "UPDATE entries SET subject = 'x' WHERE number = 2",
    "DELETE FROM entries WHERE number = 3",
    "UPDATE journal SET id = 'x'",
    "DELETE FROM journal",
    "DELETE FROM migrations",
    """INSERT INTO entries (number, at, actor, kind, plan, subject, data, previous, hash)
    VALUES (0, 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a')""",
)
OF_ONE_DATABASE = {
    "sqlite": ("REPLACE INTO entries SELECT * FROM entries WHERE number = 2",),
    "postgresql": (
        "UPDATE entries SET subject = 'x' WHERE number = 99",
        "TRUNCATE entries",
        "TRUNCATE journal CASCADE",
    ),
}


@pytest.fixture
def filled(url: str) -> str:
    with journal(url) as opened:
        for number in range(3):
            opened.record(fact(f"/code/{number}"))
        with opened.lease(ClientId("a")):
            opened.record(about("a", Kind.RETIRE_MEANT))
            opened.record(about("a", Kind.RETIRED))
    return url


def unguard(connection: sa.Connection) -> None:
    """Take the triggers off, as the owner of a database can."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ALTER TABLE entries DISABLE TRIGGER ALL")
        return
    for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


def found(audit: archive.Audit) -> chain.Broken:
    assert not audit.sound
    assert isinstance(audit.verdict, chain.Broken)
    return audit.verdict


def test_a_journal_is_sound_and_its_head_is_that_of_the_last_entry(filled: str) -> None:
    audit = archive.verify(filled, CLOCK)
    with journal(filled) as opened:
        last = opened.entries()[-1]
    assert audit.sound
    assert audit.verdict == chain.Sound(entries=5, head=last.hash)
    assert (audit.unprotected, audit.unguarded) == (0, ())
    assert archive.verify(filled, CLOCK, last.previous).sound
    assert found(archive.verify(filled, CLOCK, "0" * 64)).number == 0


def test_the_database_refuses_every_change(filled: str) -> None:
    name = sa.make_url(filled).get_backend_name()
    for statement in (*REFUSED, *OF_ONE_DATABASE[name]):
        with pytest.raises(sa.exc.DBAPIError, match="only ever appended"), database(filled) as connection:
            connection.exec_driver_sql(statement)
    assert archive.verify(filled, CLOCK).sound


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE entries SET subject = 'x' WHERE number = 2", 2),
        ("UPDATE entries SET fence = 7 WHERE number = 5", 5),
        ("DELETE FROM entries WHERE number = 3", 4),
        ("UPDATE entries SET number = 9 WHERE number = 1", 2),
        ("UPDATE journal SET id = 'x'", 1),
        ("DELETE FROM journal", 1),
        (
            """INSERT INTO entries SELECT 6, at, actor, kind, plan, application, subject, data, meant, seen_before,
            done, seen_after, fence, previous, hash FROM entries WHERE number = 5""",
            6,
        ),
    ],
)
def test_a_change_behind_its_back_is_found(filled: str, statement: str, number: int) -> None:
    with database(filled) as connection:
        unguard(connection)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE journal DISABLE TRIGGER ALL")
        connection.exec_driver_sql(statement)
    audit = archive.verify(filled, CLOCK)
    assert found(audit).number == number
    assert archive.wrong(filled, CLOCK).startswith(f"entry {number}: ")
    assert "entries_at_end" in audit.unguarded


def test_missing_triggers_are_told_although_nothing_was_changed(filled: str) -> None:
    with database(filled) as connection:
        unguard(connection)
    audit = archive.verify(filled, CLOCK)
    assert isinstance(audit.verdict, chain.Sound)
    assert not audit.sound
    assert "trigger" in archive.wrong(filled, CLOCK)


def test_an_end_that_was_cut_off_is_found_with_the_head_that_was_noted(filled: str) -> None:
    noted = archive.verify(filled, CLOCK).verdict
    assert isinstance(noted, chain.Sound)
    with database(filled) as connection:
        unguard(connection)
        connection.exec_driver_sql("DELETE FROM entries WHERE number > 3")
    assert isinstance(archive.verify(filled, CLOCK).verdict, chain.Sound)
    assert "cut off" in found(archive.verify(filled, CLOCK, noted.head)).how


def test_an_export_is_checked_with_nothing_but_the_file(filled: str, tmp_path: Path) -> None:
    with journal(filled) as opened, opened.lease(ClientId("b")):
        opened.record(about("b", Kind.HELD, HOSTILE.replace("\x00", "")))
    out = tmp_path / "out.jsonl"
    header = archive.export(filled, CLOCK, out)
    audit = archive.verify_file(out)
    assert audit.sound
    assert audit.verdict == chain.Sound(entries=6, head=header.head) == archive.verify(filled, CLOCK).verdict
    assert out.read_bytes().isascii()
    assert b"\x1b" not in out.read_bytes()
    again = tmp_path / "again.jsonl"
    archive.export(filled, CLOCK, again)
    assert again.read_bytes() == out.read_bytes()
    assert out.stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("exported")
    url = f"sqlite:///{folder / 'j.db'}"
    with journal(url) as opened:
        for number in range(4):
            opened.record(fact(f"/code/{number}"))
    archive.export(url, CLOCK, folder / "out.jsonl")
    return (folder / "out.jsonl").read_bytes()


def sound(content: bytes, path: Path) -> bool:
    path.write_bytes(content)
    try:
        return archive.verify_file(path).sound
    except JournalError:
        return False


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=share(100))
def test_every_byte_of_an_export_counts(data: st.DataObject, exported: bytes, tmp_path: Path) -> None:
    at = data.draw(st.integers(0, len(exported) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != exported[at]))
    path = tmp_path / "x.jsonl"
    assert not sound(exported[:at] + bytes([byte]) + exported[at + 1 :], path)
    assert not sound(exported[:at], path)
    assert not sound(exported[:at] + bytes([byte]) + exported[at:], path)
    assert sound(exported, path)


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content in (b"", b"{}", b"\xff\xfe", b"SQLite format 3\x00"):
        path.write_bytes(content)
        with pytest.raises(JournalError, match="no exported journal"):
            archive.verify_file(path)
    with pytest.raises(JournalError, match="cannot read"):
        archive.verify_file(tmp_path)


@pytest.mark.parametrize("tries", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_byte_of_a_file_can_change_without_being_found_or_without_effect(tmp_path: Path, tries: int) -> None:
    whole, damaged = tmp_path / "whole.db", tmp_path / "damaged.db"
    with journal(f"sqlite:///{whole}") as opened:
        for number in range(40):
            opened.record(fact(f"/code/{number}"))
    before = _exported(whole, tmp_path)
    content = whole.read_bytes()
    draw, seen = random.Random(7), {True: 0, False: 0}  # noqa: S311 - which bytes are tried, the same in every run
    for at in draw.sample(range(len(content)), tries):
        damaged.write_bytes(content[:at] + bytes([content[at] ^ draw.randrange(1, 256)]) + content[at + 1 :])
        try:
            unnoticed = archive.verify(f"sqlite:///{damaged}", CLOCK).sound
        except JournalError:
            unnoticed = False
        seen[unnoticed] += 1
        assert not unnoticed or _exported(damaged, tmp_path) == before, at
    assert seen[False] > tries // 10
    assert seen[True] > 0, "free space"


def _exported(path: Path, folder: Path) -> bytes:
    archive.export(f"sqlite:///{path}", CLOCK, folder / "e.jsonl")
    return (folder / "e.jsonl").read_bytes()


@pytest.mark.parametrize("entries", [0, 1201])
def test_a_copy_has_the_same_entries_hashes_and_fences(url: str, tmp_path: Path, entries: int) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    if entries:
        old_journal(source, entries)
    with journal(source) as opened:
        with opened.lease(ClientId("a")), opened.lease(ClientId("b")):
            pass
        opened.record(fact("last"))
    header = archive.copy(source, url, CLOCK)
    assert archive.verify(url, CLOCK, header.head).sound
    with journal(source) as old, journal(url) as new:
        assert new.entries() == old.entries()
        with new.lease(ClientId("a")) as lease:
            assert lease.fence == 2
            assert new.record(about("a")).previous == header.head


def test_a_copy_goes_to_an_empty_database_and_from_a_sound_journal_alone(filled: str, tmp_path: Path) -> None:
    empty, used = f"sqlite:///{tmp_path / 'empty.db'}", f"sqlite:///{tmp_path / 'used.db'}"
    with journal(used) as opened:
        opened.record(fact())
    with pytest.raises(JournalError, match="has been used already"):
        archive.copy(filled, used, CLOCK)
    with database(filled) as connection:
        unguard(connection)
        connection.exec_driver_sql("UPDATE entries SET subject = 'x' WHERE number = 4")
    with pytest.raises(JournalError, match="broken at entry 4"):
        archive.copy(filled, empty, CLOCK)
    with pytest.raises(JournalError, match="nothing has been recorded"):
        archive.verify(empty, CLOCK)
    assert not archive.wrong(empty, CLOCK), "of what was not recorded nothing can have been changed"
    assert not archive.wrong(f"sqlite:///{tmp_path / 'missing.db'}", CLOCK)
    assert not (tmp_path / "missing.db").exists()
    with pytest.raises(JournalError, match="no journal at"):
        archive.copy(f"sqlite:///{tmp_path / 'missing.db'}", empty, CLOCK)


def test_a_journal_whose_making_was_cut_short_is_no_older_one(url: str) -> None:
    old_journal(url, 0)
    assert "its making was cut short" in found(archive.verify(url, CLOCK)).how
    assert not archive.wrong(url, CLOCK)
    with journal(url) as opened:
        assert opened.entries() == ()
        opened.record(fact())
    assert archive.verify(url, CLOCK).sound


def test_an_old_journal_is_told_apart_and_copied_with_a_chain(url: str, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'old.db'}"
    old_journal(source, 4)
    shutil.copy(tmp_path / "old.db", tmp_path / "kept.db")
    assert "older version" in found(archive.verify(source, CLOCK)).how
    assert not archive.wrong(source, CLOCK)
    with pytest.raises(JournalError, match="no hash chain yet"):
        archive.export(source, CLOCK, tmp_path / "x.jsonl")
    assert (tmp_path / "old.db").read_bytes() == (tmp_path / "kept.db").read_bytes(), "looking changes nothing"
    archive.copy(source, url, CLOCK)
    audit = archive.verify(url, CLOCK)
    assert audit.sound
    assert audit.unprotected == 4
