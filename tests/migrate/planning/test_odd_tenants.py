"""Tenants and decisions that are odd and happen: a plan says what is so, or why it cannot."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from inventory.estate import HostSetting, RoleHeld, RoleKind, SettingKind, Tier
from inventory.model import Application, FederatedCredential, Snapshot
from migrate.days import Freeze
from migrate.errors import PolicyError
from migrate.model import Pairing, Plan, Refusal
from migrate.planning.decisions import NOTHING, Decisions, Exclude, Pair, Repository, Runs, RunsOn, Schedule
from migrate.planning.facts import CLUSTER, Naming, gather
from migrate.planning.federated import FEDERATED_LIMIT
from migrate.planning.plan import make_plan
from migrate.refusalcodes import RefusalCode
from migrate.steps import Action
from tests.support.tenants import TENANT, TODAY, application, guid, host, identity, principal, snapshot, trust

ORDERS, BILLING = application("orders"), application("billing")
MINE, OTHER = identity("id-orders"), identity("id-q")
YESTERDAY = date(2026, 4, 30)


def pair(application: str = "orders", identity: str = "id-orders", **changes: Any) -> Pair:
    return Pair(application=application, identity=identity, reason="r", **changes)


def paired(plan: Plan) -> dict[str, Pairing]:
    return {one.application.display_name: one for one in plan.pairings}


def refused(tenant: Snapshot, decisions: Decisions = NOTHING) -> Refusal:
    (refusal,) = make_plan(tenant, decisions).refusals
    return refusal


# --- how many ---------------------------------------------------------------------------------------------------------


def test_a_tenant_without_applications_has_an_empty_plan() -> None:
    plan = make_plan(snapshot(identities=(MINE,), hosts=(host("web", MINE),)))
    assert (plan.pairings, plan.refusals, plan.waves, plan.shared, plan.audit) == ((), (), (), (), ())


def test_a_single_application_is_its_own_canary() -> None:
    plan = make_plan(snapshot(ORDERS, identities=(MINE,)))
    assert [(wave.name, wave.applications, wave.risk_left) for wave in plan.waves] == [("canary", 1, 0)]


# --- identities that are not there -----------------------------------------------------------------------------------


def without(subscription: str) -> Refusal:
    lost = f"/subscriptions/{subscription}/resourcegroups/rg/providers/x/userassignedidentities/id-lost"
    return refused(snapshot(ORDERS, identities=(OTHER,), hosts=(host("web", uses=ORDERS, identities=(lost,)),)))


def test_a_deleted_identity_that_a_host_still_names_is_not_one_of_another_tenant() -> None:
    gone = without(guid("subscription"))
    assert (gone.code, gone.steps[0].action) == (RefusalCode.NO_IDENTITY, Action.CREATE_IDENTITY)
    assert "id-lost, which they have, is not there any more" in gone.explanation
    assert without(guid("elsewhere")).code is RefusalCode.SAME_TENANT_REQUIRED


def test_a_pair_whose_kind_of_identity_is_unknown_says_what_to_do() -> None:
    for kind, words in ((None, "could not be read: scan with Azure rights"), (False, "is no user-assigned identity")):
        odd = snapshot(ORDERS, identities=(identity("id-orders", user_assigned=kind),))
        with pytest.raises(PolicyError, match=rf"^pair\[0\]\.identity: .*{words}"):
            make_plan(odd, Decisions(pairs=(pair(),)))


# --- federated credentials --------------------------------------------------------------------------------------------


def full(of: Application, number: int = FEDERATED_LIMIT) -> Application:
    trusts = (trust(identity(f"id-{at}"), name=f"f{at}") for at in range(number))
    return dataclasses.replace(of, federated=tuple(trusts))


@pytest.mark.parametrize(
    ("tenant", "decisions"),
    [
        (snapshot(full(ORDERS), identities=(MINE,)), NOTHING),
        (snapshot(full(ORDERS), hosts=(host("web", uses=ORDERS),)), NOTHING),
        (snapshot(full(ORDERS), hosts=(host("aks", uses=ORDERS, kind=CLUSTER, issuer="https://c/"),)), NOTHING),
        (snapshot(full(ORDERS)), Decisions(runs=(RunsOn(application="orders", on=Runs.GITHUB_ACTIONS),))),
    ],
)
def test_no_way_leads_to_a_twenty_first_federated_credential(tenant: Snapshot, decisions: Decisions) -> None:
    refusal = refused(tenant, decisions)
    assert (refusal.code, refusal.steps) == (RefusalCode.FEDERATED_LIMIT, ())
    assert "it holds 20 federated credentials" in refusal.explanation


def test_the_twentieth_has_room() -> None:
    tenant = snapshot(full(ORDERS, FEDERATED_LIMIT - 1), hosts=(host("web", uses=ORDERS),))
    assert refused(tenant).code is RefusalCode.NO_IDENTITY
    two = (host(name, uses=ORDERS, kind=CLUSTER, issuer=f"https://{name}/") for name in ("a", "b"))
    assert refused(dataclasses.replace(tenant, hosts=tuple(two))).code is RefusalCode.FEDERATED_LIMIT


def test_every_cluster_of_an_application_is_trusted_under_a_name_of_its_own() -> None:
    hosts = tuple(host(name, uses=ORDERS, kind=CLUSTER, issuer=f"https://{name}/") for name in ("aks-a", "aks-b"))
    steps = refused(snapshot(ORDERS, hosts=hosts)).steps
    told = [(one.federated.name, one.federated.issuer) for one in steps if one.federated]
    assert told == [
        ("unsecret-the-cluster-aks-a", "https://aks-a/"),
        ("unsecret-the-cluster-aks-b", "https://aks-b/"),
    ]
    present = FederatedCredential(
        id="1", name="a", issuer="https://aks-a/", subject="system:serviceaccount:a:b",
        audiences=("api://AzureADTokenExchange",),
    )  # fmt: skip
    half = refused(snapshot(dataclasses.replace(ORDERS, federated=(present,)), hosts=hosts))
    assert [one.federated.issuer for one in half.steps if one.federated] == ["https://aks-b/"]
    assert "aks-b" in half.explanation


@pytest.mark.parametrize("audience", ["api://AzureADTokenExchange", "x"])
def test_a_flexible_federated_credential_has_no_subject_and_is_no_error(audience: str) -> None:
    issuer = "https://token.actions.githubusercontent.com"
    flexible = FederatedCredential(
        id="1", name="flex", issuer=issuer, subject=None, audiences=(audience,), expression="claims['sub'] eq 'a'"
    )
    own = dataclasses.replace(ORDERS, federated=(flexible, dataclasses.replace(flexible, id="2", name="other")))
    refusal = refused(snapshot(own, identities=(OTHER,)))
    assert refusal.code is RefusalCode.GITHUB_ACTIONS
    assert bool(refusal.steps) == (audience == "x")
    assert paired(make_plan(snapshot(own, identities=(MINE,))))["orders"].identity.name == "id-orders"


# --- hosts ------------------------------------------------------------------------------------------------------------


def test_two_names_that_differ_in_case_alone_do_not_share_an_identity() -> None:
    upper = application("Orders")
    plan = make_plan(snapshot(ORDERS, upper, identities=(MINE,)))
    assert {one.code for one in plan.refusals} == {RefusalCode.CONTESTED_IDENTITY}
    assert len(plan.refusals) == 2


SLOT = "microsoft.web/sites/slots"


def test_a_slot_is_a_host_of_its_own() -> None:
    slot = host("web/blue", MINE, uses=ORDERS, kind=SLOT)
    plan = make_plan(snapshot(ORDERS, identities=(MINE,), hosts=(host("web"), slot)))
    assert paired(plan)["orders"].identity.name == "id-orders"
    bare = host("web/blue", uses=ORDERS, kind=SLOT)
    refusal = refused(snapshot(ORDERS, identities=(MINE,), hosts=(host("web", MINE), bare)))
    assert (refusal.code, refusal.steps[0].on) == (RefusalCode.NOT_ATTACHED, bare.resource_id)


def setting(name: str, kind: SettingKind, **changes: Any) -> HostSetting:
    return HostSetting(name=name, kind=kind, **changes)


def test_a_client_id_that_a_key_vault_holds_may_be_the_one_that_signs_in() -> None:
    hidden = setting("AZURE_CLIENT_ID", SettingKind.CLIENT_ID, reference="https://v/secrets/id")
    secret = setting("AZURE_CLIENT_SECRET", SettingKind.SECRET, reference="https://v/secrets/secret")
    called = setting("ORDERS_API_CLIENT_ID", SettingKind.CLIENT_ID, client_id=ORDERS.client_id)
    tenant = snapshot(ORDERS, identities=(OTHER,), hosts=(host("web", OTHER, settings=(hidden, secret, called)),))
    (named,) = gather(tenant, tenant.applications, NOTHING, ()).named[ORDERS.client_id]
    assert named.naming is Naming.MENTIONS
    assert not make_plan(tenant).pairings
    alone = snapshot(ORDERS, identities=(OTHER,), hosts=(host("web", OTHER, settings=(secret, called)),))
    assert paired(make_plan(alone)).keys() == {"orders"}


def test_two_client_ids_and_one_secret_that_fits_neither_name_nobody() -> None:
    settings = (
        setting("CLIENT_SECRET", SettingKind.SECRET),
        setting("ORDERS_CLIENT_ID", SettingKind.CLIENT_ID, client_id=ORDERS.client_id),
        setting("BILLING_CLIENT_ID", SettingKind.CLIENT_ID, client_id=BILLING.client_id),
    )
    plan = make_plan(snapshot(ORDERS, BILLING, identities=(OTHER,), hosts=(host("web", OTHER, settings=settings),)))
    assert plan.pairings == ()


@pytest.mark.parametrize("tier", Tier)
def test_names_and_tags_alone_do_not_pair_what_holds_roles_over_the_tenant(tier: Tier) -> None:
    held = RoleHeld(
        principal_id=principal("orders").id, kind=RoleKind.APP_ROLE, role_id="r", role="Directory.ReadWrite.All",
        resource="Microsoft Graph", scope="", tier=tier, reason="r",
    )  # fmt: skip
    squatted = dataclasses.replace(MINE, tags=(("app-id", ORDERS.client_id),))
    by_tag = host("vm", squatted, settings=None, tags=(("app-id", ORDERS.client_id),))
    tenant = snapshot(ORDERS, identities=(squatted,), hosts=(by_tag,), principals=(principal("orders"),), roles=(held,))
    plan = make_plan(tenant)
    if tier > Tier.MANAGEMENT:
        assert paired(plan).keys() == {"orders"}
        return
    (refusal,) = plan.refusals
    assert refusal.code is RefusalCode.LOW_CONFIDENCE
    assert "+0 it holds Directory.ReadWrite.All" in refusal.candidates[0].reasons[-1]
    assert refusal.steps == ()
    bare = make_plan(dataclasses.replace(tenant, identities=(), hosts=(dataclasses.replace(by_tag, identities=()),)))
    assert [one.steps for one in bare.refusals] == [()]
    used = make_plan(dataclasses.replace(tenant, hosts=(host("web", squatted, uses=ORDERS),)))
    assert paired(used).keys() == {"orders"}
    decided = make_plan(tenant, Decisions(pairs=(pair(),)))
    assert paired(decided).keys() == {"orders"}


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_pair_that_evidence_contradicts_is_kept_and_said() -> None:
    tenant = snapshot(ORDERS, identities=(MINE, OTHER), hosts=(host("web", MINE, uses=ORDERS),))
    refusal = refused(tenant, Decisions(pairs=(pair(identity="id-q"),)))
    assert refusal.code is RefusalCode.NOT_ATTACHED
    assert refusal.explanation.startswith("id-q is what unsecret.toml says, but is not attached to web")
    trusting = dataclasses.replace(ORDERS, federated=(trust(MINE),))
    kept = make_plan(snapshot(trusting, identities=(MINE, OTHER)), Decisions(pairs=(pair(identity="id-q"),)))
    (other,) = paired(kept)["orders"].alternatives
    assert (other.identity.name, other.why_not) == ("id-orders", "unsecret.toml says id-q")


def test_a_pair_that_decides_nothing_is_noted() -> None:
    bare = application("orders", credentials=())
    plan = make_plan(snapshot(bare, identities=(MINE,)), Decisions(pairs=(pair(),)))
    assert "orders holds no credential: the pair in unsecret.toml decides nothing" in plan.notes


def test_an_exclusion_that_is_over_never_stops_a_plan() -> None:
    over = Exclude(application="orders", reason="r", until=YESTERDAY)
    plan = make_plan(snapshot(ORDERS, identities=(MINE,)), Decisions(excludes=(over,), pairs=(pair(),)))
    assert paired(plan).keys() == {"orders"}
    assert any("ended on 2026-04-30: it is planned again" in note for note in plan.notes)
    gone = Decisions(excludes=(dataclasses.replace(over, application="deleted"), over))
    assert any(
        "deleted ended on 2026-04-30, and it is gone" in note for note in make_plan(snapshot(ORDERS), gone).notes
    )
    today = dataclasses.replace(over, until=TODAY)
    assert refused(snapshot(ORDERS), Decisions(excludes=(today,))).code is RefusalCode.EXCLUDED
    for wrong in (
        Decisions(excludes=(today,), pairs=(pair(),)),
        Decisions(excludes=(dataclasses.replace(today, application="deleted"),)),
        Decisions(excludes=(over, over)),
    ):
        with pytest.raises(PolicyError, match=r"^exclude\["):
            make_plan(snapshot(ORDERS, identities=(MINE,)), wrong)


def test_a_name_that_is_anothers_id_takes_nothing_from_it() -> None:
    squatter = dataclasses.replace(BILLING, display_name=ORDERS.client_id)
    shadow = dataclasses.replace(OTHER, name=MINE.principal_id)
    decided = Decisions(pairs=(pair(ORDERS.client_id, MINE.principal_id),))
    plan = make_plan(snapshot(ORDERS, squatter, identities=(MINE, shadow)), decided)
    assert paired(plan)["orders"].identity.name == "id-orders"
    assert ORDERS.client_id not in paired(plan)


def test_the_own_tenant_is_proven_once() -> None:
    several = application("orders", audience="AzureADMultipleOrgs")
    decided = Decisions(pairs=(pair(tenants=(TENANT, TENANT)),))
    assert paired(make_plan(snapshot(several, identities=(MINE,)), decided))["orders"].tenants == (TENANT,)


def test_other_tenants_of_an_application_of_one_tenant_are_an_error() -> None:
    decided = Decisions(pairs=(pair(tenants=(guid("elsewhere"),)),))
    with pytest.raises(PolicyError, match=r"^pair\[0\]\.tenants: .* serves this tenant alone \(AzureADMyOrg\)"):
        make_plan(snapshot(ORDERS, identities=(MINE,)), decided)


@pytest.mark.parametrize(
    ("schedule", "freezes"),
    [
        (Schedule(start=TODAY), (Freeze(first=TODAY, last=date.max, reason="for ever"),)),
        (Schedule(start=date.max), ()),
        (Schedule(start=TODAY, days_between=10**9), ()),
    ],
)
def test_a_schedule_beyond_the_calendar_is_an_error_in_words(schedule: Schedule, freezes: tuple[Freeze, ...]) -> None:
    apps = tuple(application(f"orders-{at}") for at in range(9))
    tenant = snapshot(*apps, identities=tuple(identity(f"id-orders-{at}") for at in range(9)))
    with pytest.raises(PolicyError, match=r"^schedule: the calendar ends before the waves do"):
        make_plan(tenant, Decisions(schedule=schedule, freezes=freezes))


def test_windows_that_touch_and_cross_the_end_of_a_year_are_one() -> None:
    freezes = (
        Freeze(first=date(2027, 1, 1), last=date(2027, 1, 5), reason="b"),
        Freeze(first=date(2026, 12, 20), last=date(2026, 12, 31), reason="a"),
        Freeze(first=date(2026, 12, 28), last=date(2027, 1, 3), reason="c"),
    )
    decided = Decisions(schedule=Schedule(start=date(2026, 12, 31)), freezes=freezes)
    (wave,) = make_plan(snapshot(ORDERS, identities=(MINE,)), decided).waves
    assert wave.start == date(2027, 1, 6)


def test_a_repository_of_a_host_that_is_not_there_is_noted() -> None:
    tenant = snapshot(ORDERS, identities=(MINE,), hosts=(host("web", MINE), host("api"), host("api", where="other")))
    decided = Decisions(repositories=(Repository(path="a/", hosts=("WEB", "wep", "api")),))
    notes = make_plan(tenant, decided).notes
    assert "repository[0].hosts: no host is called 'wep': code in a/ says nothing" in notes
    assert "repository[0].hosts: 2 hosts are called 'api', give the ARM id: code in a/ says nothing of them" in notes
    assert not any("WEB" in note for note in notes)
