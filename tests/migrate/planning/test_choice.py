"""Who gets which identity, why the others do not, and what sharing one means."""

from __future__ import annotations

import dataclasses

import pytest

from inventory.estate import Host
from inventory.model import Application, ManagedIdentity, Snapshot
from migrate.errors import PolicyError
from migrate.model import Confidence, Plan
from migrate.planning.decisions import NOTHING, Decisions, Exclude, Pair, Runs, RunsOn, Thresholds
from migrate.planning.plan import make_plan
from migrate.refusalcodes import RefusalCode
from migrate.steps import Action
from tests.support.tenants import TODAY, application, host, identity, snapshot, trust

ORDERS, BILLING = application("orders"), application("billing")
NAMED, OTHER = identity("id-orders"), identity("id-q7")


def pairs(plan: Plan) -> dict[str, str]:
    return {one.application.display_name: one.identity.name for one in plan.pairings}


def test_what_one_application_clearly_has_leaves_the_other_for_the_second() -> None:
    """Alone, orders could have either; together there is one assignment that is clearly best."""
    blue, green = identity("id-orders", where="blue"), identity("id-orders", where="green")
    hosts = (host("web", green, uses=BILLING, where="green"),)
    plan = make_plan(snapshot(ORDERS, BILLING, identities=(blue, green), hosts=hosts))
    assert {one.application.display_name: one.identity for one in plan.pairings}.keys() == {"orders", "billing"}
    got = {one.application.display_name: one.identity.principal_id for one in plan.pairings}
    assert got == {"orders": blue.principal_id, "billing": green.principal_id}


def test_each_candidate_that_was_not_chosen_has_a_reason() -> None:
    weak, taken = identity("id-order"), identity("id-orders", where="other")
    hosts = (host("web", NAMED, uses=ORDERS), host("web2", taken, uses=BILLING))
    plan = make_plan(snapshot(ORDERS, BILLING, identities=(NAMED, weak, taken), hosts=hosts))
    (orders,) = [one for one in plan.pairings if one.application.display_name == "orders"]
    assert orders.alternatives
    assert all(one.why_not for one in orders.alternatives)
    assert orders.alternatives[0].why_not.endswith("points less than id-orders")


def test_a_contested_identity_names_the_other_application() -> None:
    plan = make_plan(snapshot(ORDERS, application("Orders App"), identities=(NAMED,)))
    said = {one.application.display_name: one.explanation for one in plan.refusals}
    assert "fits Orders App as well" in said["orders"]
    assert "fits orders as well" in said["Orders App"]


def test_thresholds_are_peoples_to_choose() -> None:
    low = snapshot(ORDERS, identities=(identity("id-orders-dev"),))
    assert pairs(make_plan(low)) == {}
    assert pairs(make_plan(low, Decisions(thresholds=Thresholds(confidence=Confidence.LOW)))) == {
        "orders": "id-orders-dev"
    }
    named = snapshot(ORDERS, identities=(NAMED,))
    assert pairs(make_plan(named, Decisions(thresholds=Thresholds(score=61)))) == {}
    assert pairs(make_plan(named, Decisions(thresholds=Thresholds(confidence=Confidence.HIGH)))) == {}


def test_a_correct_trust_is_kept_even_where_two_applications_share_it() -> None:
    first, second = application("a1", federated=(trust(NAMED),)), application("b2", federated=(trust(NAMED),))
    plan = make_plan(snapshot(first, second, identities=(NAMED,)))
    assert pairs(plan) == {"a1": "id-orders", "b2": "id-orders"}
    (shared,) = plan.shared
    assert {one.display_name for one in shared.applications} == {"a1", "b2"}
    assert shared.split == ()  # nothing is known of their hosts


def two_on(*hosts: Host) -> Snapshot:
    first, second = application("a1", federated=(trust(NAMED),)), application("b2", federated=(trust(NAMED),))
    return snapshot(first, second, identities=(NAMED,), hosts=hosts)


A1, B2 = application("a1"), application("b2")


def test_sharing_counts_lateral_paths_and_is_ended_by_the_fewest_identities() -> None:
    apart = make_plan(two_on(host("ha", NAMED, uses=A1), host("hb", NAMED, uses=B2)))
    assert apart.shared[0].lateral_paths == 2
    created = [step for step in apart.shared[0].split if step.action is Action.CREATE_IDENTITY]
    assert len(created) == 1
    together = make_plan(two_on(host("h", NAMED, uses=A1, tags=(("also", B2.client_id),))))
    assert together.shared[0].lateral_paths == 0
    assert together.shared[0].split == ()


def test_nothing_is_shared_unless_it_is_decided_for_both() -> None:
    tenant = snapshot(ORDERS, BILLING, identities=(NAMED,))
    first = Pair(application="orders", identity="id-orders", reason="r", shared=True)
    second = Pair(application="billing", identity=NAMED.principal_id, reason="r", shared=True)
    assert pairs(make_plan(tenant, Decisions(pairs=(first, second)))) == {"orders": "id-orders", "billing": "id-orders"}
    with pytest.raises(PolicyError, match=r"pair\[1\]\.identity: .* is orders's already"):
        make_plan(tenant, Decisions(pairs=(first, dataclasses.replace(second, shared=False))))


def test_an_identity_that_is_decided_or_trusted_is_nobody_elses() -> None:
    trusting = application("billing", federated=(trust(NAMED),))
    plan = make_plan(snapshot(ORDERS, trusting, identities=(NAMED,)))
    assert pairs(plan) == {"billing": "id-orders"}
    assert [one.code for one in plan.refusals] == [RefusalCode.CONTESTED_IDENTITY]
    assert plan.refusals[0].candidates[0].why_not.startswith("billing has 1")


PAIR = Pair(application="orders", identity="id-orders", reason="r")


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        (Decisions(pairs=(dataclasses.replace(PAIR, application="nobody"),)), r"pair\[0\]\.application: .*'nobody'"),
        (Decisions(pairs=(dataclasses.replace(PAIR, identity="nothing"),)), r"pair\[0\]\.identity: .*'nothing'"),
        (Decisions(pairs=(dataclasses.replace(PAIR, identity="twice"),)), r"pair\[0\]\.identity: 2 objects"),
        (Decisions(pairs=(dataclasses.replace(PAIR, identity="system"),)), r"no user-assigned identity"),
        (Decisions(pairs=(PAIR, PAIR)), r"pair\[1\]\.application: 'orders' is paired twice"),
        (
            Decisions(pairs=(PAIR,), excludes=(Exclude(application="orders", reason="r", until=TODAY),)),
            r"exclude\[0\]\.application: 'orders' is paired too",
        ),
        (Decisions(runs=(RunsOn(application="nobody", on=Runs.AKS),)), r"runs\[0\]\.application"),
        (
            Decisions(runs=(RunsOn(application="orders", on=Runs.AKS), RunsOn(application="orders", on=Runs.AKS))),
            r"runs\[1\]\.application: 'orders' is there twice",
        ),
    ],
)
def test_decisions_that_mean_nothing_in_the_tenant_are_errors_that_name_the_key(
    decisions: Decisions, message: str
) -> None:
    twice = identity("twice", where="a"), identity("twice", where="b")
    tenant = snapshot(ORDERS, identities=(NAMED, *twice, identity("system", user_assigned=False)))
    with pytest.raises(PolicyError, match=message):
        make_plan(tenant, decisions)


def test_a_multi_tenant_application_is_noted_until_its_tenants_are_named() -> None:
    many: Application = application("orders", audience="AzureADMultipleOrgs")
    tenant = snapshot(many, identities=(NAMED,))
    assert any("serve other tenants" in note for note in make_plan(tenant).notes)
    named = Decisions(pairs=(dataclasses.replace(PAIR, tenants=("t2",)),))  # type: ignore[arg-type]
    plan = make_plan(tenant, named)
    assert not any("serve other tenants" in note for note in plan.notes)
    assert plan.pairings[0].tenants[1:] == ("t2",)


def test_what_a_plan_could_not_see_is_noted() -> None:
    lost: ManagedIdentity = dataclasses.replace(OTHER, resource_id=None)
    closed = host("web", settings=None)
    said = " ".join(make_plan(snapshot(ORDERS, identities=(lost,), hosts=(closed,)), NOTHING).notes)
    assert "settings of 1 sites could not be read" in said
    assert "where 1 user-assigned identities are is not known" in said
    assert "no sign-in with an address is known" in said
