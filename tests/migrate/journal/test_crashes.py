"""Several writers at once, and writers that are killed: no entry is lost or written twice, the chain never forks."""

from __future__ import annotations

import random
import time

import pytest

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.entry import Kind
from migrate.journal import archive, chain
from tests.support.journals import about, append, clear, die_at, fact, journal, old_journal, process

CLOCK = SystemClock()
STATEMENTS = 64
"""More than a new journal, a lease and an entry take; the last tries survive, which is asserted."""


def entries_of(url: str) -> int:
    audit = archive.verify(url, CLOCK)
    assert audit.sound, audit
    assert isinstance(audit.verdict, chain.Sound)
    return audit.verdict.entries


def test_two_processes_append_at_once(url: str) -> None:
    count = 40
    with process(append, url, "one", count) as (_, one), process(append, url, "two", count) as (_, two):
        numbers = [one.recv() for _ in range(count)] + [two.recv() for _ in range(count)]
    assert sorted(numbers) == list(range(1, 2 * count + 1))
    assert entries_of(url) == 2 * count
    with journal(url) as opened:
        subjects = [entry.subject for entry in opened.entries()]
    for name in ("one", "two"):
        assert [each for each in subjects if each.startswith(name)] == [f"{name} {number}" for number in range(count)]


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.slow)])
def test_a_writer_that_is_killed_loses_nothing_that_it_was_told_is_written(url: str, kills: int) -> None:
    draw = random.Random(11)  # noqa: S311 - when a process is killed
    promised: list[int] = []
    with journal(url) as opened:
        opened.record(fact("first"))
    for kill in range(kills):
        with process(append, url, f"{kill}", 0) as (writer, pipe):
            promised.append(pipe.recv())
            time.sleep(draw.uniform(0, 0.04))
            writer.kill()
            writer.join()
            try:
                while pipe.poll():
                    promised.append(pipe.recv())
            except EOFError:
                pass
        written = entries_of(url)
        with journal(url) as opened:
            assert opened.record(fact(f"after {kill}")).number == written + 1
        assert promised[-1] <= written <= promised[-1] + 1, "one may be written and not yet told"
    assert len(promised) == len(set(promised))
    with journal(url) as opened:
        numbers = [entry.number for entry in opened.entries()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(promised) <= set(numbers)


@pytest.mark.parametrize("old", [0, 3], ids=["new", "first schema"])
@pytest.mark.slow
def test_a_kill_before_every_statement_and_commit_leaves_what_was_or_what_is_to_be(url: str, old: int) -> None:
    survived = 0
    for statement in range(1, STATEMENTS):
        clear(url)
        if old:
            old_journal(url, old)
        survived += _killed(url, statement, old=old)
    assert 0 < survived < STATEMENTS - 10


def _killed(url: str, statement: int, *, old: int) -> int:
    """Kill a process at a statement, look at what it left, and do again what it meant to do; 1 where it survived."""
    with process(die_at, url, statement) as (writer, pipe):
        writer.join()
        survived = writer.exitcode == 0
        assert not survived or pipe.recv() == "survived"
    with journal(url) as opened:
        left = opened.entries()
        kinds = [entry.kind for entry in left]
        new = [Kind.HELD] * old + [Kind.CHAIN_STARTED] * bool(old)
        assert kinds in ([Kind.HELD] * old, new, [*new, Kind.RETIRE_MEANT])
        with opened.lease(ClientId("a")) as lease:
            entry = opened.record(about("a"))
        expected = len(new) + kinds.count(Kind.RETIRE_MEANT) + 1
        assert entry.number == expected == entries_of(url)
        assert lease.fence in {1, 2}
    return int(survived)
