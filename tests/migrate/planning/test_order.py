"""Waves: a canary first, hazard last, limits and freeze windows kept, the curve of risk that is left."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.estate import RoleHeld, RoleKind, Tier
from inventory.model import ClientId, Holder
from migrate.days import Freeze
from migrate.model import Confidence
from migrate.planning.decisions import NOTHING, Decisions, Limits, OwnerRule, Schedule
from migrate.planning.plan import make_plan
from migrate.planning.risk import Risk, assess, surroundings
from migrate.planning.waves import Member, order
from tests.support.tenants import NOW, application, credential, host, identity, principal, snapshot, use


def member(name: str, *, hazard: int = 0, risk: int = 1, owner: str = "") -> Member:
    return Member(client_id=ClientId(name), owner=owner, risk=Risk(risk=risk, hazard=hazard, reasons=()))


def limited(wave: int = 200, owner: int = 20, canary: int = 10) -> Decisions:
    return Decisions(limits=Limits(wave=wave, owner=owner, canary=canary))


MEMBERS = st.lists(
    st.builds(
        member,
        st.uuids().map(str),
        hazard=st.integers(0, 12),
        risk=st.integers(0, 90),
        owner=st.sampled_from(["", "a", "b"]),
    ),
    max_size=40,
)


@given(members=MEMBERS, wave=st.integers(1, 6), owner=st.integers(1, 3), canary=st.integers(1, 4))
def test_everybody_has_one_wave_within_the_limits_and_hazard_never_falls(
    members: list[Member], wave: int, owner: int, canary: int
) -> None:
    placed = order(members, limited(wave, owner, canary))
    assert placed.number.keys() == placed.why.keys() == {one.client_id for one in members}
    sizes = Counter(placed.number.values())
    assert [each.applications for each in placed.waves] == [sizes[at] for at in sorted(sizes)]
    assert sorted(sizes) == list(range(1, len(placed.waves) + 1))
    assert max(sizes.values(), default=0) <= max(wave, canary)
    rest = [one for one in members if placed.waves[placed.number[one.client_id] - 1].name != "canary"]
    owned = Counter((one.owner, placed.number[one.client_id]) for one in rest if one.owner)
    assert max(owned.values(), default=0) <= owner
    bands = [each.name for each in placed.waves]
    assert bands == sorted(bands, key=["canary", "low", "medium", "high"].index)
    assert bands.count("canary") <= 1


@given(members=MEMBERS)
def test_the_curve_ends_at_nothing_and_the_order_given_does_not_matter(members: list[Member]) -> None:
    placed = order(members, NOTHING)
    left = sum(one.risk.risk for one in members)
    for each in placed.waves:
        left -= each.risk
        assert each.risk_left == left
    assert left == 0
    assert order(reversed(members), NOTHING) == placed


def test_the_most_risk_goes_first_within_a_hazard() -> None:
    placed = order([member(name, hazard=5, risk=risk) for name, risk in (("a", 1), ("b", 50))], limited(wave=1))
    assert placed.number == {"b": 1, "a": 2}
    assert [each.risk_left for each in placed.waves] == [1, 0]


def test_canaries_are_the_least_hazardous_and_of_different_owners() -> None:
    many = [member(f"{at}", owner="a", hazard=at % 2) for at in range(30)] + [member("other", owner="b", hazard=1)]
    placed = order(many, limited(canary=2))
    canaries = [one for one in many if placed.number[one.client_id] == 1]
    assert {one.owner for one in canaries} == {"a", "b"}
    assert order([member("x", hazard=9)], NOTHING).waves[0].name == "high"


def test_who_waits_for_an_owner_is_told_so() -> None:
    placed = order([member(name, hazard=5, owner="Ana") for name in "abc"], limited(owner=1))
    assert sorted(placed.number.values()) == [1, 2, 3]
    assert "because Ana has 1 applications in each wave before" in placed.why[ClientId("b")]


FREEZE = Freeze(first=date(2026, 12, 10), last=date(2026, 12, 31), reason="end of the year")
AFTER = Freeze(first=date(2027, 1, 1), last=date(2027, 1, 3), reason="holidays")


def test_no_wave_starts_in_a_freeze_window() -> None:
    decisions = Decisions(
        limits=Limits(wave=1), freezes=(AFTER, FREEZE), schedule=Schedule(start=date(2026, 12, 3), days_between=7)
    )
    placed = order([member(name, hazard=5) for name in "abc"], decisions)
    assert [each.start for each in placed.waves] == [date(2026, 12, 3), date(2027, 1, 4), date(2027, 1, 11)]
    assert [each.start for each in order([member("a")], NOTHING).waves] == [None]


def risk_of(name: str = "orders", *, tier: Tier | None = None, **changes: Any) -> Risk:
    one = dataclasses.replace(application(name), **changes)
    face = principal(name)
    roles = (
        (
            RoleHeld(
                principal_id=face.id, kind=RoleKind.APP_ROLE, role_id="r", role="Role.Read", resource="Microsoft Graph",
                scope="", tier=tier, reason="",
            ),
        )
        if tier is not None
        else ()
    )  # fmt: skip
    around = surroundings(snapshot(one, principals=(face,), roles=roles))
    return assess(one, face, one.credentials, around, hosts=1, confidence=Confidence.HIGH)


def test_privilege_weighs_most() -> None:
    found = [risk_of(tier=tier).risk for tier in (None, Tier.WORKLOAD, Tier.UNKNOWN, Tier.MANAGEMENT, Tier.CONTROL)]
    assert found == sorted(set(found))
    assert "risk +50: it holds Role.Read (control)" in risk_of(tier=Tier.CONTROL).reasons


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"owners": ()}, "hazard +2: nobody owns it"),
        ({"owners": None}, "hazard +1: its owners are not known"),
        ({"sign_in_audience": "AzureADMultipleOrgs"}, "hazard +2: it serves other tenants too"),
        ({"display_name": "orders-prd"}, "hazard +2: it is production by its name or tags"),
        ({"tags": ("env:production",)}, "hazard +2: it is production by its name or tags"),
        ({"credentials": (credential("orders", days=None),)}, "risk +5: one is valid for more than two years yet"),
        (
            {"credentials": (credential("orders", holder=Holder.SERVICE_PRINCIPAL),)},
            "risk +3: 1 on the service principal, which App registrations does not show",
        ),
        (
            {"credentials": (dataclasses.replace(credential("orders"), start=NOW - timedelta(days=800)),)},
            "risk +10: the oldest is of 2024-02-21",
        ),
    ],
)
def test_what_makes_risk_and_hazard_is_said(changes: dict[str, Any], reason: str) -> None:
    assert reason in risk_of(**changes).reasons


@pytest.mark.parametrize(("successes", "hazard"), [(0, 0), (5, 1), (2_000, 2), (20_000, 3)])
def test_sign_ins_are_hazard(successes: int, hazard: int) -> None:
    one = application("orders-dev")
    around = surroundings(snapshot(one, uses=(use(one, successes=successes),)))
    found = assess(one, None, one.credentials, around, hosts=1, confidence=Confidence.HIGH)
    assert found.hazard == hazard


def test_a_plan_tells_why_each_application_is_where_it_is() -> None:
    mine, busy = application("orders-dev"), application("billing-prod")
    identities = tuple(identity(f"id-{one.display_name}") for one in (mine, busy))
    tenant = snapshot(
        mine,
        busy,
        identities=identities,
        hosts=tuple(host(f"b{at}", identities[1], uses=busy) for at in range(5)),
        uses=(use(busy, successes=50_000),),
    )
    plan = make_plan(tenant)
    assert [(one.application.display_name, one.wave) for one in plan.pairings] == [
        ("orders-dev", 1),
        ("billing-prod", 2),
    ]
    assert plan.pairings[0].order[0] == "canary: one of the least hazardous"
    assert {"hazard 6 (medium)", "hazard +1: 5 hosts use it"} <= set(plan.pairings[1].order)
    assert [each.name for each in plan.waves] == ["canary", "medium"]


def test_an_owner_rule_counts_before_graphs_owners() -> None:
    apps = [application(f"pay-{name}-dev") for name in ("red", "green", "blue")]
    tenant = snapshot(*apps, identities=tuple(identity(f"id-{one.display_name}") for one in apps))
    decisions = Decisions(
        owners=(OwnerRule(name="Pay", applications=("pay-*",)),), limits=Limits(owner=1, canary=1)
    )  # fmt: skip
    assert [each.applications for each in make_plan(tenant, decisions).waves] == [1, 1, 1]
