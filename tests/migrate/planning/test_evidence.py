"""What each kind of evidence says, and what it must not say."""

from __future__ import annotations

import dataclasses
import importlib
from types import ModuleType

import pytest

from inventory.estate import HostSetting, SettingKind
from inventory.model import Application, ClientId, Owner, Snapshot
from migrate.model import Candidate, Confidence
from migrate.planning import evidence
from migrate.planning.decisions import NOTHING, Decisions, OwnerRule, Repository
from migrate.planning.facts import CLUSTER, CodeSite, Naming, gather
from migrate.planning.hint import Evidence, Stage
from migrate.planning.scoring import score
from tests.support.tenants import application, host, identity, snapshot, trust, use


def candidates(
    tenant: Snapshot, of: Application, decisions: Decisions = NOTHING, sites: tuple[CodeSite, ...] = ()
) -> dict[str, Candidate]:
    found = score(gather(tenant, tenant.applications, decisions, sites))[of.client_id]
    return {one.identity.name: one for one in found}


def points(candidate: Candidate) -> list[int]:
    return [int(reason.split()[0]) for reason in candidate.reasons]


ORDERS, BILLING = application("orders"), application("billing")
MINE, OTHER = identity("id-x7"), identity("id-y8")


def test_a_host_that_uses_the_application_speaks_for_its_only_identity() -> None:
    tenant = snapshot(ORDERS, identities=(MINE, OTHER), hosts=(host("web", MINE, uses=ORDERS, where="apps"),))
    found = candidates(tenant, ORDERS)
    assert found.keys() == {"id-x7"}
    assert found["id-x7"].confidence is Confidence.HIGH  # the subscription agrees
    assert found["id-x7"].reasons == (
        "+70 attached to web, where setting AZURE_CLIENT_ID names it",
        "+5 in the subscription of a host that names the application",
    )


@pytest.mark.parametrize(
    ("settings", "naming"),
    [
        ((("AZURE_CLIENT_ID", "orders"), ("AZURE_CLIENT_SECRET", "")), Naming.USES),
        ((("AzureAd__ClientId", "orders"), ("AzureAd__ClientSecret", "")), Naming.USES),
        ((("CLIENT_ID", "orders"), ("CLIENT_CERTIFICATE_PATH", "")), Naming.USES),
        ((("AZURE_CLIENT_ID", "orders"),), Naming.NAMES),
        ((("AZURE_CLIENT_ID", "billing"), ("AZURE_CLIENT_SECRET", ""), ("API_CLIENT_ID", "orders")), Naming.MENTIONS),
        ((("AZURE_CLIENT_ID", "billing"), ("API_CLIENT_ID", "orders")), Naming.MENTIONS),
        ((("AZURE_CLIENT_ID", "nobody"),), None),
    ],
)
def test_a_setting_with_its_secret_is_use_and_one_of_several_a_mention(
    settings: tuple[tuple[str, str], ...], naming: Naming | None
) -> None:
    told = tuple(
        HostSetting(name=name, kind=SettingKind.CLIENT_ID, client_id=application(whose).client_id)
        if whose
        else HostSetting(name=name, kind=SettingKind.CERTIFICATE if "CERT" in name else SettingKind.SECRET)
        for name, whose in settings
    )
    facts = gather(snapshot(ORDERS, BILLING, hosts=(host("web", settings=told),)), (ORDERS,), NOTHING, ())
    assert [one.naming for one in facts.named.get(ORDERS.client_id, ())] == ([naming] if naming else [])


def test_tags_connection_strings_and_the_sign_in_of_the_platform_name_applications() -> None:
    string = HostSetting(name="Db", kind=SettingKind.CONNECTION_STRING, client_id=ORDERS.client_id)
    hosts = (
        host("a", tags=(("App", ORDERS.client_id.upper()),), settings=None),
        host("b", settings=(string,)),
        host("c", settings=None, sign_in_client=ORDERS.client_id),
    )
    named = gather(snapshot(ORDERS, hosts=hosts), (ORDERS,), NOTHING, ()).named[ORDERS.client_id]
    assert [one.naming for one in named] == [Naming.NAMES, Naming.USES, Naming.USES]
    assert [one.how for one in named][2] == "App Service authentication signs users in with it"


def test_an_identity_that_every_host_has_takes_little_of_what_a_host_says() -> None:
    apps = [application(name) for name in "abcdefgh"]
    monitor, own = identity("id-monitor"), identity("id-q")
    hosts = [host(f"h{at}", monitor, *((own,) if at == 0 else ()), uses=one) for at, one in enumerate(apps)]
    found = candidates(snapshot(*apps, identities=(monitor, own), hosts=tuple(hosts)), apps[0])
    assert found["id-q"].score > 60
    assert found["id-monitor"].score < 0
    assert found["id-q"].confidence is Confidence.HIGH


def test_two_identities_of_one_host_share_its_points_unless_its_settings_choose() -> None:
    chooses = HostSetting(
        name="MI_CLIENT_ID", kind=SettingKind.IDENTITY_CLIENT_ID, client_id=ClientId(OTHER.client_id)
    )  # fmt: skip
    plain = host("web", MINE, OTHER, uses=ORDERS)
    choosing = dataclasses.replace(plain, settings=(*(plain.settings or ()), chooses))
    shared = candidates(snapshot(ORDERS, identities=(MINE, OTHER), hosts=(plain,)), ORDERS)
    chosen = candidates(snapshot(ORDERS, identities=(MINE, OTHER), hosts=(choosing,)), ORDERS)
    assert points(shared["id-x7"])[0] == points(shared["id-y8"])[0] == 35
    assert points(chosen["id-y8"])[0] > 40 > points(chosen["id-x7"])[0]


def test_an_identity_that_other_applications_hosts_have_is_held_against_it() -> None:
    named = identity("id-orders")
    hosts = (host("web", named, uses=ORDERS), host("other", named, uses=BILLING))
    found = candidates(snapshot(ORDERS, BILLING, identities=(named,), hosts=hosts), ORDERS)["id-orders"]
    assert found.confidence is Confidence.LOW
    assert found.reasons[-1] == "-60 other, which uses another application, has it too and could act as this one"


def test_one_host_of_two_applications_makes_no_new_lateral_path() -> None:
    both = host("web", MINE, uses=ORDERS, tags=(("also", BILLING.client_id),))
    found = candidates(snapshot(ORDERS, BILLING, identities=(MINE,), hosts=(both,)), ORDERS)["id-x7"]
    assert not [reason for reason in found.reasons if "could act" in reason]


def test_an_identity_attached_elsewhere_loses_points() -> None:
    namesake = identity("id-orders")
    elsewhere = host("web", namesake, uses=BILLING)
    found = candidates(snapshot(ORDERS, BILLING, identities=(namesake,), hosts=(elsewhere,)), ORDERS)["id-orders"]
    assert points(found) == [60, -25]
    own = (host("mine", MINE, uses=ORDERS),)
    found = candidates(snapshot(ORDERS, identities=(MINE, namesake), hosts=own), ORDERS)["id-orders"]
    assert "-20 the hosts that name the application have other identities" in found.reasons


@pytest.mark.parametrize(("hosts", "expected"), [(1, 30), (2, 15), (5, 6), (6, None)])
def test_an_address_says_less_the_more_hosts_share_it(hosts: int, expected: int | None) -> None:
    others = tuple(host(f"h{at}", addresses=("20.1.1.1",)) for at in range(1, hosts))
    tenant = snapshot(
        ORDERS,
        identities=(MINE,),
        hosts=(host("h0", MINE, addresses=("20.1.1.1",)), *others),
        uses=(use(ORDERS, address="20.1.1.1"),),
    )
    found = candidates(tenant, ORDERS)
    assert ([found["id-x7"].score] if found else [None]) == [expected]


def test_addresses_that_no_host_of_the_identity_has_speak_against_it() -> None:
    named = identity("id-orders")
    where = host("web", named, addresses=("20.1.1.1",))
    tenant = snapshot(ORDERS, identities=(named,), hosts=(where,), uses=(use(ORDERS, address="198.51.100.1"),))
    assert points(candidates(tenant, ORDERS)["id-orders"]) == [60, -20]
    silent = dataclasses.replace(tenant, hosts=(dataclasses.replace(where, addresses=()),))
    assert points(candidates(silent, ORDERS)["id-orders"]) == [60]


def test_code_speaks_for_the_identity_of_the_host_that_its_repository_is_deployed_to() -> None:
    site = CodeSite(client_id=ORDERS.client_id, path="orders/main.py", line=7)
    decisions = Decisions(repositories=(Repository(path="orders/", hosts=("WEB",)),))
    tenant = snapshot(ORDERS, identities=(MINE,), hosts=(host("web", MINE),))
    (found,) = candidates(tenant, ORDERS, decisions, (site,)).values()
    assert found.reasons == ("+45 code that signs in as the application (orders/main.py:7) is deployed to web",)
    elsewhere = dataclasses.replace(site, path="billing/main.py")
    assert candidates(tenant, ORDERS, decisions, (elsewhere,)) == {}
    assert candidates(tenant, ORDERS, NOTHING, (site,)) == {}


def test_owners_are_compared_with_tags_of_hosts_and_with_rules() -> None:
    named = identity("id-orders")
    tagged = host("web", named, tags=(("Team", "SOMEONE"),))
    found = candidates(snapshot(ORDERS, identities=(named,), hosts=(tagged,)), ORDERS)["id-orders"]
    assert "+10 both are owned by someone" in found.reasons
    rule = OwnerRule(name="Pay", applications=("ord*",), resource_groups=("r?",))
    found = candidates(snapshot(ORDERS, identities=(named,)), ORDERS, Decisions(owners=(rule,)))["id-orders"]
    assert "+10 both are owned by pay" in found.reasons


def test_an_owner_who_is_gone_owns_nothing() -> None:
    gone = application("orders", owners=(Owner(object_id="g", kind="user", display_name="Gone", enabled=False),))
    tagged = host("web", MINE, tags=(("owner", "gone"),), uses=gone)
    assert "owned" not in str(candidates(snapshot(gone, identities=(MINE,), hosts=(tagged,)), gone))


def test_names_that_differ_by_one_word_or_letter_find_each_other() -> None:
    wanted = application("customer-notifications")
    near = tuple(identity(name) for name in ("id-customer-notification", "id-customer-orders"))
    found = candidates(snapshot(wanted, identities=near), wanted)
    assert found.keys() == {"id-customer-notification"}
    assert found["id-customer-notification"].confidence is Confidence.LOW


def test_environments_contradict_whatever_else_speaks_for_the_pair() -> None:
    prod, dev = application("orders-prod"), identity("id-orders-dev")
    found = candidates(snapshot(prod, identities=(dev,), hosts=(host("web", dev, uses=prod),)), prod)["id-orders-dev"]
    assert "-40 the application is of prod, the identity of dev" in found.reasons
    assert found.confidence is Confidence.LOW
    grouped = identity("id-q", where="rg-orders-test")
    found = candidates(snapshot(prod, identities=(grouped,), hosts=(host("web", grouped, uses=prod),)), prod)["id-q"]
    assert "-40 the application is of prod, the identity of test" in found.reasons


def test_one_environment_in_common_is_no_contradiction() -> None:
    both, one = application("orders-dev-test"), identity("id-q-test")
    found = candidates(snapshot(both, identities=(one,), hosts=(host("web", one, uses=both),)), both)["id-q-test"]
    assert found.confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("where", "expected"),
    [("apps", "+10 in the resource group apps of"), ("rg", "+5 in the subscription of")],
)
def test_places_of_hosts_and_identities_are_compared(where: str, expected: str) -> None:
    placed = identity("id-q", where=where)
    found = candidates(
        snapshot(ORDERS, identities=(placed,), hosts=(host("web", placed, uses=ORDERS, where="apps"),)), ORDERS
    )["id-q"]
    assert any(reason.startswith(expected) for reason in found.reasons)


def test_a_clusters_kubelet_identity_is_no_candidate() -> None:
    tenant = snapshot(ORDERS, identities=(MINE,), hosts=(host("aks", MINE, uses=ORDERS, kind=CLUSTER),))
    assert candidates(tenant, ORDERS) == {}


def test_a_trust_is_certain_and_a_wrong_one_a_hint() -> None:
    right = application("a1", federated=(trust(MINE),))
    meant = application("b2", federated=(trust(MINE, subject=MINE.client_id),))
    tenant = snapshot(right, meant, identities=(MINE,))
    assert candidates(tenant, right)["id-x7"].confidence is Confidence.CERTAIN
    assert points(candidates(tenant, meant)["id-x7"]) == [20]


def test_several_weak_kinds_that_agree_are_medium_and_never_more() -> None:
    tagged = application("orders", tags=("id-x7", "rg"))
    tenant = snapshot(
        tagged,
        identities=(MINE,),
        hosts=(host("h", MINE, addresses=("20.1.1.1",)),),
        uses=(use(tagged, address="20.1.1.1"),),
    )
    assert candidates(tenant, tagged)["id-x7"].confidence is Confidence.MEDIUM


def test_an_identity_that_is_itself_reached_by_federation_is_no_choice_without_a_person() -> None:
    pods = dataclasses.replace(
        identity("id-orders"), federated=(trust(MINE, name="pods", subject="system:serviceaccount:a:b"),)
    )
    found = candidates(snapshot(ORDERS, identities=(pods,)), ORDERS)["id-orders"]
    assert (found.score, found.confidence) == (30, Confidence.LOW)
    on_nodes = snapshot(ORDERS, identities=(pods,), hosts=(host("aks", pods, kind=CLUSTER),))
    assert candidates(on_nodes, ORDERS)["id-orders"].confidence is Confidence.LOW
    attached = snapshot(ORDERS, identities=(pods,), hosts=(host("vm", pods),))
    assert points(candidates(attached, ORDERS)["id-orders"]) == [60]


def test_kinds_are_found_in_order_and_a_name_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = evidence.kinds()
    assert [kind.stage for kind in kinds] == sorted(kind.stage for kind in kinds)
    assert {kind.stage for kind in kinds} == set(Stage)
    same = ModuleType("same")
    same.EVIDENCE = Evidence(name="x", stage=Stage.FINDS, hints=lambda *_: ())  # type: ignore[attr-defined]
    monkeypatch.setattr(importlib, "import_module", lambda _: same)
    evidence.kinds.cache_clear()
    with pytest.raises(ValueError, match="two kinds"):
        evidence.kinds()
    evidence.kinds.cache_clear()
