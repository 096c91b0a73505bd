"""Runs of federate, revert and retire that end at any point, and are run again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrate import rollout
from migrate.emulator.arm import associated
from migrate.emulator.arm.limits import Quota
from migrate.federation import NotCreated
from migrate.model import Pairing, Refusal
from migrate.provision import NotCarriedOut
from migrate.revert import Reverted
from migrate.rollout import Course
from tests.support import faultpoints
from tests.support.estate import Estate, estate, take_identities
from tests.support.rollout import rollout as started

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(associated, "QUOTA", Quota(requests=1000, seconds=1.0))
        with started(tmp_path_factory.mktemp("crashes"), patch, apps=40) as base:
            take_identities(base.emulator.tenant)
            yield asyncio.run(estate(base))


def chosen(made: Estate) -> tuple[tuple[Pairing, ...], tuple[Refusal, ...]]:
    """Return an application whose identity is there, and two that have none."""
    missing = tuple(each for each in made.plan.pairings if not each.federated.exists)
    assert len(made.stepped) >= 2
    return missing[:1], made.stepped[:2]


def federate(made: Estate) -> Callable[[], None]:
    pairings, refusals = chosen(made)

    def run() -> None:
        done, provided = asyncio.run(made.federate(pairings, refusals))
        assert not [each for each in (*done, *provided) if isinstance(each, NotCreated | NotCarriedOut)]

    return run


def courses(made: Estate) -> list[Course]:
    pairings, refusals = chosen(made)
    return [*(rollout.course(each) for each in pairings), *(rollout.course_of_steps(each) for each in refusals)]


def revert(made: Estate) -> Callable[[], None]:
    def run() -> None:
        for what in courses(made)[:2]:
            assert isinstance(asyncio.run(made.revert(what)), Reverted)

    return run


IN_TENANT = ("trusts", "attached", "identities")
EVERY = [
    pytest.param(1, marks=pytest.mark.exhaustive, id="every point"),
    pytest.param(5, marks=pytest.mark.slow, id="every fifth point"),
    pytest.param(53, id="some points"),
]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("every", EVERY)
def test_federate_that_is_ended_anywhere_and_run_again_comes_to_the_same(made: Estate, every: int) -> None:
    saved = made.save()
    found = faultpoints.survey(
        reset=saved.restore, run=federate(made), outcome=made.outcome, every=every, first=every // 2
    )
    saved.restore()
    kinds = {name for name in found.points if " entry " in name}
    assert {"before entry identity-meant", "after entry attach-meant", "after entry federated"} <= kinds
    assert {"before PUT", "before PATCH", "before POST"} <= {" ".join(name.split()[:2]) for name in found.points}
    assert found.ended >= len(found.points) // every - 1


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("every", EVERY)
def test_revert_that_is_ended_anywhere_and_run_again_comes_to_the_same(made: Estate, every: int) -> None:
    untouched, before = made.save(), made.outcome()
    untouched.keep(".untouched")
    federate(made)()
    saved = made.save()
    found = faultpoints.survey(
        reset=saved.restore, run=revert(made), outcome=made.outcome, every=every, first=every // 2
    )
    assert made.outcome() != before
    asyncio.run(made.revert(courses(made)[2]))
    after = made.outcome()
    assert {name: after[name] for name in IN_TENANT} == {name: before[name] for name in IN_TENANT}
    untouched.restore(".untouched")
    kinds = {name for name in found.points if " entry " in name}
    assert {"before entry unfederate-meant", "after entry detach-meant", "after entry identity-deleted"} <= kinds
    assert found.ended >= len(found.points) // every - 1


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("every", EVERY)
def test_retire_that_is_ended_anywhere_and_run_again_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """What can be removed is removed, once, whatever the point; what a closed gate holds stays."""
    with started(tmp_path, monkeypatch, apps=40) as base:
        made = Estate(base=base, plan=asyncio.run(base.ready()))
        single = {each.app_id for each in base.emulator.tenant.applications if each.sign_in_audience == "AzureADMyOrg"}
        ready = [each for each in made.plan.pairings if each.application.client_id in single]
        held = [each for each in made.plan.pairings if each.application.client_id not in single]
        chosen_ones = (*ready[:2], *held[:1])
        saved = made.save()

        def run() -> None:
            asyncio.run(base.retire(made.plan, only=chosen_ones))

        found = faultpoints.survey(reset=saved.restore, run=run, outcome=made.outcome, every=every, first=every // 2)
        gone = {each.key_id for one in ready[:2] for each in one.credentials}
        assert gone
        assert not gone & base.keys_left()
        assert {each.key_id for one in held[:1] for each in one.credentials} <= base.keys_left()
    kinds = {name for name in found.points if " entry " in name}
    assert {"before entry retire-meant", "after entry retired", "after entry held"} <= kinds
    assert found.ended >= len(found.points) // every - 1


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from migrate.cli.main import main
from tests.support.faultpoints import FaultPoints
with FaultPoints(at=int(sys.argv[2]), kill=True).installed():
    code = main(sys.argv[3:])
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.9])
def test_a_process_that_is_killed_is_resumed_by_the_same_command(made: Estate, share: float) -> None:
    """The command as it is run, in a process of its own, that gets SIGKILL; the points are those of a run in here."""
    refusal = chosen(made)[1][0]
    saved = made.save()
    calm = faultpoints.FaultPoints()
    with calm.installed():
        asyncio.run(made.federate((), (refusal,)))
    expected = made.outcome()
    saved.restore()
    folder = made.base.folder
    command = ["federate", str(folder / "plan.json"), "--app", refusal.application.client_id, "--apply", "--seen", "2",
               "--journal", f"sqlite:///{folder / 'journal.db'}"]  # fmt: skip
    python = [sys.executable, "-c", KILLED, str(ROOT)]
    at = int(len(calm.names) * share)
    killed = subprocess.run([*python, str(at), *command], capture_output=True, text=True, check=False, cwd=folder)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = subprocess.run([*python, "-1", *command], capture_output=True, text=True, check=False, cwd=folder)
    assert again.returncode == 0, again.stderr + again.stdout
    assert made.outcome() == expected
    saved.restore()
