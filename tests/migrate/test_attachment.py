from __future__ import annotations

import pytest

from migrate.attachment import Attachment, ambiguous, attaching, detaching, detaching_last

A, B = "/subscriptions/s/resourceGroups/r/providers/x/userAssignedIdentities/A", "/subscriptions/s/b"
VM = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/virtualMachines/vm"
SITE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Web/sites/app"


@pytest.mark.parametrize(
    ("system", "held", "kind", "named"),
    [
        (False, (), "UserAssigned", {B: {}}),
        (True, (), "SystemAssigned, UserAssigned", {B: {}}),
        (True, (A,), "SystemAssigned, UserAssigned", {A: {}, B: {}}),
    ],
)
def test_what_is_there_is_named_again_when_one_is_added(
    *, system: bool, held: tuple[str, ...], kind: str, named: dict[str, object]
) -> None:
    body = attaching(Attachment(system=system, identities=held), B)
    assert body == {"identity": {"type": kind, "userAssignedIdentities": named}}


def test_one_is_taken_away_under_the_spelling_of_the_host_and_the_others_stay() -> None:
    before = Attachment(system=True, identities=(A, B))
    wanted = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {A: None, B: {}}}
    assert detaching(before, A.lower()) == {"identity": wanted}
    assert detaching_last(Attachment(system=True, identities=(A,))) == {"identity": {"type": "SystemAssigned"}}
    assert detaching_last(Attachment(system=False, identities=(A,))) == {"identity": {"type": "None"}}


def test_what_is_missing_afterwards_is_told_whatever_its_case() -> None:
    before, after = Attachment(system=True, identities=(A, B)), Attachment(system=True, identities=(A.upper(),))
    assert after.lost(before) == (B,)
    assert after.lost(before, but=B.upper()) == ()
    assert Attachment(system=False, identities=(A, B)).lost(before) == ("SystemAssigned",)


@pytest.mark.parametrize(
    ("host", "system", "held", "told"),
    [(VM, False, (A,), True), (VM, True, (A,), False), (VM, False, (), False), (VM, False, (A, B), False),
     (SITE, False, (A,), False)],
)  # fmt: skip
def test_a_second_identity_on_a_machine_may_break_code_that_names_none(
    *, host: str, system: bool, held: tuple[str, ...], told: bool
) -> None:
    assert bool(ambiguous(Attachment(system=system, identities=held), host)) is told
