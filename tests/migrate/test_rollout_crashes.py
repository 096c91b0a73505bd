"""A whole rollout that ends at any point of any of its steps, is run again, and comes to where it would have come."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from inventory import quotas
from migrate.emulator.arm import associated
from migrate.emulator.arm.limits import Quota
from migrate.rollout import State
from tests.support import faultpoints
from tests.support.audit import Audit, journal_of
from tests.support.estate import Estate, estate, take_identities
from tests.support.rollout import rollout as started
from tests.support.whole import Step, Whole, cannot_sign_in

Walk = Callable[[Estate, Audit, Step], None]
PROGRESS = os.environ.get("UNSECRET_TEST_PROGRESS")
"""A file that the long enumeration appends its counts to; read before a tenant takes such variables away."""
PART = os.environ.get("UNSECRET_TEST_PART", "1/1")
"""Which part of the long enumeration is made: 3/20 ends every twentieth point from the third on."""


@contextmanager
def audited(folder: Path, apps: int) -> Iterator[tuple[Estate, Audit]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(associated, "QUOTA", Quota(requests=10_000, seconds=1.0))
        patch.setattr(quotas, "REPORTS", 10_000)  # nothing here is about the pace of requests
        folder.mkdir()
        with started(folder, patch, apps=apps) as base:
            take_identities(base.emulator.tenant)
            made = asyncio.run(estate(base))
            second = journal_of(base)
            with Audit(tenant=made.tenant, plan=made.plan, journal=second).installed() as audit:
                yield made, audit
            second.close()


def walked(folder: Path, apps: int, most: int | None, each: Walk) -> tuple[dict[str, Any], Audit]:
    """Go through a rollout step by step; return what tenant and journal hold in the end, by names alone."""
    with audited(folder, apps) as (made, audit):
        whole = Whole(made=made, pairings=made.plan.pairings[:most])
        for step in whole.steps():
            each(made, audit, step)
        assert cannot_sign_in(made, made.plan.pairings) == []
        states = Counter(one[0] for one in made.standings().values())
        assert states[State.SEALED] > 0
        return made.outcome(), audit


def ended_everywhere(every: int, first: int, counts: Counter[str], ended: Counter[str]) -> Walk:
    """Make what a walk does at each step: ends it at every so-manyth point of the whole rollout, from the first on."""
    passed = 0

    def walk(made: Estate, audit: Audit, step: Step) -> None:
        nonlocal passed
        saved = made.save()

        def reset() -> None:
            audit.asleep = True
            saved.restore()
            audit.asleep = False

        here = (first - passed) % every
        found = faultpoints.survey(reset=reset, run=step.run, outcome=made.outcome, every=every, first=here)
        passed += len(found.points)
        counts.update(f"{step.name}: {name}" for name in found.points)
        ended[step.name] += found.ended
        _tell(counts, ended)

    return walk


def _tell(counts: Counter[str], ended: Counter[str]) -> None:
    if PROGRESS:
        with Path(PROGRESS).open("a") as file:
            file.write(f"{counts.total()} points, ended at {ended.total()}: {dict(ended)}\n")


def calmly(_made: Estate, _audit: Audit, step: Step) -> None:
    step.run()


def part() -> tuple[int, int]:
    """Return every how many points the long enumeration ends, and the number of the first."""
    which, of = (int(each) for each in PART.split("/"))
    assert 1 <= which <= of, f"UNSECRET_TEST_PART is {PART}, and not such as 3/20"
    return of, which - 1


SIZES = [
    pytest.param(140, None, None, marks=pytest.mark.exhaustive, id="every point of a rollout over 50 applications"),
    pytest.param(50, None, None, marks=pytest.mark.exhaustive, id="every point of a tenant of 50"),
    pytest.param(10, 1, 29, marks=pytest.mark.slow, id="some points of one"),
]


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize(("apps", "most", "every"), SIZES)
def test_a_whole_rollout_that_is_ended_anywhere_comes_to_the_same(
    tmp_path: Path, apps: int, most: int | None, every: int | None
) -> None:
    every, first = (every, 0) if every else part()
    points: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    expected, calm = walked(tmp_path / "calm", apps, most, calmly)
    outcome, audit = walked(tmp_path / "ended", apps, most, ended_everywhere(every, first, points, ended))
    assert outcome == expected
    assert calm.wrong == []
    assert audit.wrong == []
    assert {each.key_id for each in audit.removals} == {each.key_id for each in calm.removals}
    assert len(calm.removals) == len({each.key_id for each in calm.removals}) > 0
    assert ended.total() >= points.total() // every
    steps = {name.partition(":")[0] for name in points}
    assert {"federate", "prove", "schedule", "retire", "watch", "seal"} <= steps
