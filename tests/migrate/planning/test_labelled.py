"""A tenant with known right answers and decoys: what is paired alone is right, and most of what can be is paired."""

from __future__ import annotations

import dataclasses
import random
from functools import cache
from typing import Any

import pytest

from inventory.model import Snapshot
from migrate import planfile
from migrate.model import Pairing, Plan
from migrate.planning.plan import make_plan
from migrate.refusalcodes import RefusalCode
from tests.support.labelled import Labelled, labelled
from tests.support.tenants import application, host, identity

SIZE = 2_000


@cache
def tenant(seed: int) -> tuple[Labelled, Plan]:
    made = labelled(SIZE, seed)
    return made, make_plan(made.snapshot)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_precision_and_recall(seed: int) -> None:
    made, plan = tenant(seed)
    right = sum(made.truth[one.application.client_id] == one.identity.principal_id for one in plan.pairings)
    assert right / len(plan.pairings) >= 0.99
    assert right / sum(answer is not None for answer in made.truth.values()) >= 0.90


def test_every_application_has_a_pairing_or_a_reason_and_no_identity_serves_two() -> None:
    made, plan = tenant(1)
    told = [one.application.client_id for one in plan.pairings]
    told += [one.application.client_id for one in plan.refusals]
    assert sorted(told) == sorted(made.truth)
    identities = [one.identity.principal_id for one in plan.pairings]
    assert len(set(identities)) == len(identities)


DECOYS = {
    "reused identity": {RefusalCode.LOW_CONFIDENCE, RefusalCode.NO_IDENTITY, RefusalCode.CONTESTED_IDENTITY},
    "identity of another environment": {RefusalCode.NO_IDENTITY},
    "system-assigned only": {RefusalCode.SYSTEM_ASSIGNED_ONLY},
    "namesake of another's identity": {RefusalCode.NO_IDENTITY, RefusalCode.OFF_AZURE_HOST,
                                       RefusalCode.CONTESTED_IDENTITY, RefusalCode.LOW_CONFIDENCE},
}  # fmt: skip


@pytest.mark.parametrize("kind", DECOYS)
def test_decoys_lead_nobody_astray(kind: str) -> None:
    made, plan = tenant(1)
    codes = {one.application.client_id: one.code for one in plan.refusals}
    mine = [client_id for client_id, other in made.kinds.items() if other == kind]
    assert mine
    assert {codes.get(client_id) for client_id in mine} <= DECOYS[kind]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_everything_in_a_snapshot_changes_no_byte(seed: int) -> None:
    small = labelled(300).snapshot
    dice = random.Random(seed)  # noqa: S311 - no secrets
    changes: dict[str, Any] = {}
    for name in ("applications", "identities", "hosts", "uses"):
        listed = list(getattr(small, name))
        dice.shuffle(listed)
        changes[name] = tuple(listed)
    shuffled = dataclasses.replace(small, **changes)
    assert planfile.encode(make_plan(shuffled)) == planfile.encode(make_plan(small))


def alone(pairing: Pairing) -> Pairing:
    """Leave the wave out, which limits and the size of the canary wave make depend on others."""
    return dataclasses.replace(pairing, wave=0, order=())


def with_newcomer(before: Snapshot) -> Snapshot:
    newcomer, own = application("zeppelin"), identity("id-zeppelin", where="zeppelin")
    return dataclasses.replace(
        before,
        applications=(*before.applications, newcomer),
        identities=(*before.identities, own),
        hosts=(
            *before.hosts,
            host("app-zeppelin", own, uses=newcomer, where="zeppelin", addresses=("20.250.250.250",)),
        ),
    )


def test_an_unrelated_application_changes_no_other_pairing_or_refusal() -> None:
    before = labelled(500, 4).snapshot
    first, second = make_plan(before), make_plan(with_newcomer(before))
    assert len(second.pairings) == len(first.pairings) + 1
    assert set(map(alone, first.pairings)) <= set(map(alone, second.pairings))
    assert first.refusals == second.refusals
