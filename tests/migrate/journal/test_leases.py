"""One writer per application at a time, on both databases."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from inventory.model import ClientId
from migrate.entry import Kind
from migrate.errors import LeaseHeldError, LeaseLostError
from migrate.journal import process as processes
from tests.support.journals import OVER, SetClock, about, contend, hold, journal, process
from tests.support.postgres import Server

A = ClientId("11111111-1111-4111-8111-111111111111")
B = ClientId("22222222-2222-4222-8222-222222222222")


def test_a_lease_keeps_others_away_until_it_is_given_back(url: str) -> None:
    with journal(url) as mine, journal(url) as theirs:
        with mine.lease(A) as held:
            assert held.fence == 1
            with (
                pytest.raises(LeaseHeldError, match=rf"{socket.gethostname()} acts on application {A} until"),
                theirs.lease(A),
            ):
                pytest.fail("two at once")
            with theirs.lease(B):
                pass
        with theirs.lease(A) as next_one:
            assert next_one.fence == 2


def test_the_same_run_cannot_have_it_twice(url: str) -> None:
    with journal(url) as mine, mine.lease(A):
        with pytest.raises(LeaseHeldError), mine.lease(A):
            pytest.fail("two at once")
        assert mine.record(about(A)).fence == 1


@pytest.mark.parametrize("end", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_it_is_given_back_however_the_block_ends(url: str, end: type[BaseException]) -> None:
    with journal(url) as mine, journal(url) as theirs:
        with pytest.raises(end), mine.lease(A):
            raise end
        with theirs.lease(A):
            pass


def test_nothing_is_recorded_about_an_application_without_its_lease(url: str) -> None:
    with journal(url) as mine:
        with pytest.raises(LeaseLostError, match="without its lease"):
            mine.record(about(A))
        with mine.lease(B), pytest.raises(LeaseLostError):
            mine.record(about(A))
        with mine.lease(A):
            assert mine.record(about(A)).fence == 1
        with pytest.raises(LeaseLostError):
            mine.record(about(A))
        assert len(mine.entries()) == 1


def test_whoever_was_too_slow_is_refused_and_does_not_disturb_who_took_over(url: str) -> None:
    with journal(url, lease_time=OVER) as slow, journal(url) as quick, journal(url) as third:
        with slow.lease(A) as old:
            slow.record(about(A, Kind.RETIRE_MEANT, "slow"))
            with quick.lease(A) as new:
                assert new.fence > old.fence
                with pytest.raises(LeaseLostError, match=r"has taken it over.*run the command again"):
                    slow.record(about(A, Kind.RETIRED, "slow"))
                with pytest.raises(LeaseLostError):
                    old.renew()
                quick.record(about(A, Kind.RETIRE_MEANT, "quick"))
                slow._give_back(A, old.fence)
                with pytest.raises(LeaseHeldError), third.lease(A):
                    pytest.fail("freed by somebody who no longer had it")
                quick.record(about(A, Kind.RETIRED, "quick"))
        assert [each.subject for each in quick.entries()] == ["slow", "quick", "quick"]


def test_whoever_was_too_slow_is_refused_even_when_the_other_has_ended(url: str) -> None:
    with journal(url, lease_time=OVER) as slow, journal(url) as quick, slow.lease(A):
        with quick.lease(A):
            pass
        with pytest.raises(LeaseLostError):
            slow.record(about(A))
        assert quick.entries() == ()


def test_a_lease_that_is_over_and_was_not_taken_goes_on_with_its_next_entry(url: str) -> None:
    with journal(url, lease_time=OVER) as mine, journal(url) as theirs, mine.lease(A) as held:
        mine._lease_time = timedelta(minutes=15)
        assert mine.record(about(A)).fence == held.fence
        with pytest.raises(LeaseHeldError), theirs.lease(A):
            pytest.fail("two at once")


def test_an_entry_and_a_renewal_make_it_last(tmp_path: Path) -> None:
    clock, url = SetClock(), f"sqlite:///{tmp_path / 'j.db'}"
    with journal(url, clock=clock) as mine, journal(url, clock=clock) as theirs, mine.lease(A) as held:
        for prolong in (lambda: mine.record(about(A)), held.renew):
            clock.at += timedelta(minutes=14)
            prolong()
            clock.at += timedelta(minutes=14)
            with pytest.raises(LeaseHeldError), theirs.lease(A):
                pytest.fail("two at once")
        clock.at += timedelta(minutes=2)
        with theirs.lease(A) as taken:
            assert taken.fence == held.fence + 1


@pytest.mark.postgres
def test_on_a_server_its_clock_counts_and_nobody_elses(postgres: Server) -> None:
    url = postgres.emptied()
    ahead = SetClock(datetime.now(UTC) + timedelta(days=365))
    with journal(url) as mine, journal(url, clock=ahead) as theirs, mine.lease(A):
        with pytest.raises(LeaseHeldError), theirs.lease(A):
            pytest.fail("a clock that is ahead took it")
        with theirs.lease(B):
            at = theirs.record(about(B)).at
    assert at is not None
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.skipif(not processes.token(), reason="this system does not tell one process from another for certain")
def test_what_a_killed_run_held_is_free_at_once_on_the_same_machine(url: str) -> None:
    with process(hold, url, A) as (holder, pipe):
        assert pipe.recv() == "held"
        with journal(url) as mine:
            with pytest.raises(LeaseHeldError), mine.lease(A):
                pytest.fail("its holder is alive")
            assert holder.pid is not None
            os.kill(holder.pid, signal.SIGKILL)
            holder.join()
            with mine.lease(A) as taken:
                assert taken.fence == 2
            assert [each.kind for each in mine.entries()] == [Kind.RETIRE_MEANT]


def test_a_process_is_dead_only_where_that_is_certain() -> None:
    token = processes.token()
    if not token:
        pytest.skip("this system does not tell one process from another for certain")
    place, pid, began = token.rsplit(" ", 2)
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        deadline = datetime.now(UTC) + timedelta(seconds=30)
        while (fields := Path(f"/proc/{child.pid}/stat").read_text("utf-8").rpartition(")")[2].split())[0] != "Z":
            assert datetime.now(UTC) < deadline
        assert processes.is_dead(f"{place} {child.pid} {fields[19]}"), "it has ended and waits to be collected"
    assert processes.is_dead(f"{place} {child.pid} {fields[19]}"), "it is gone"
    assert processes.is_dead(f"{place} {pid} {int(began) - 1}"), "its number was given to another program"
    host, boot, space = place.split(" ")
    elsewhere = (f"other {boot} {space}", f"{host} other {space}", f"{host} {boot} pid:[1]")
    alive = (
        token,
        *(f"{each} {child.pid} {fields[19]}" for each in elsewhere),
        "",
        "x",
        f"{place} x 1",
        f"{place} 0 1",
    )
    assert not [each for each in alive if processes.is_dead(each)]


def test_two_processes_never_act_on_one_application_at_once(url: str) -> None:
    rounds = 12
    with process(contend, url, (A, B), rounds) as (_, one), process(contend, url, (B, A), rounds) as (_, two):
        assert (one.recv(), two.recv()) == ("done", "done")
    with journal(url) as opened:
        for application in (A, B):
            entries = opened.entries(application=application)
            assert len(entries) == 4 * rounds
            pairs = [(entries[at], entries[at + 1]) for at in range(0, len(entries), 2)]
            for meant, done in pairs:
                assert (meant.kind, done.kind) == (Kind.RETIRE_MEANT, Kind.RETIRED)
                assert (meant.subject, meant.fence) == (done.subject, done.fence)
            fences = [meant.fence or 0 for meant, _ in pairs]
            assert all(first < second for first, second in pairwise(fences))
