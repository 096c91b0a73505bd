"""Whatever text stands anywhere in a snapshot: there is a plan, its page, its exports, and it is equal to itself."""

from __future__ import annotations

import dataclasses
import enum
import random
from pathlib import Path
from typing import Any

import pytest

from inventory.model import FederatedCredential, Snapshot
from migrate import planfile
from migrate.errors import PlanError
from migrate.export import azcli, bicep, terraform
from migrate.export.work import gather
from migrate.planning.decisions import NOTHING, Decisions, OwnerRule
from migrate.planning.plan import make_plan
from migrate.review.changes import compare
from migrate.review.markdown import render
from tests.support.hostile import names
from tests.support.labelled import labelled

TEXTS = (
    *names(Path("marker")),
    "https://[::1", "//[", "/subscriptions/", "/subscriptions/x", "/", "//////", "repo:", "repo:a/b:c", "a=b", ":", "=",
    "\x00", "\ud7ff", "é", "e\u0301", "0", "-", "%s{}", "*", "[", "?", "prod", "dev", "app", "id", "null", "None",
    "https://token.actions.githubusercontent.com", "system:serviceaccount:", "/eid1/c/pub/", "AzureADMyOrg",
)  # fmt: skip
_KEPT = frozenset({"tenant_id", "digest", "key_id", "holder_id"})


def odd(value: Any, dice: random.Random, share: float) -> Any:
    """Return a value with some of its texts replaced, whatever they stand for."""
    if isinstance(value, tuple):
        return tuple(odd(one, dice, share) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        changed = {key: odd(each, dice, share) for key, each in fields.items() if key not in _KEPT}
        return dataclasses.replace(value, **changed)
    if isinstance(value, str) and not isinstance(value, enum.Enum) and dice.random() < share:
        return dice.choice(TEXTS)
    return value


def tenant(dice: random.Random) -> Snapshot:
    made = labelled(40, dice.randrange(1000)).snapshot
    extra = tuple(
        FederatedCredential(id="1", name="n", issuer="https://i", subject=subject, audiences=("a", "b")[:number])
        for number, subject in enumerate(("s", None, ""))
    )
    federated = tuple(
        dataclasses.replace(one, federated=(*(one.federated or ()), *extra), noted=("a",), management_reference="m")
        for one in made.applications
    )
    return dataclasses.replace(made, applications=federated)


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 300))])
@pytest.mark.parametrize("decisions", [NOTHING, Decisions(owners=(OwnerRule(name="[", applications=("[a", "*")),))])
def test_no_text_keeps_a_plan_from_being_made(seed: int, decisions: Decisions) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secrets
    found = odd(tenant(dice), dice, dice.choice((0.02, 0.1, 0.5)))
    plan = planfile.seal(make_plan(found, decisions))
    assert compare(plan, plan).same
    assert render(plan)
    try:
        work = gather(plan, plan.pairings, plan.refusals)
    except PlanError:  # an ARM id that is none, said in words
        return
    for language in (azcli, bicep, terraform):
        assert language.render(work)
