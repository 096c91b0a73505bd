"""Tags, notes, repositories and owners: what they say of a pair, and what copied and stale ones must not say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from inventory.model import Application, FederatedCredential, ManagedIdentity, Owner, Snapshot
from migrate.model import Candidate, Confidence
from migrate.planning import tagging
from migrate.planning.decisions import NOTHING
from migrate.planning.facts import Naming, gather
from migrate.planning.plan import make_plan
from migrate.planning.scoring import score
from migrate.refusalcodes import RefusalCode
from tests.support.tenants import application, guid, host, identity, snapshot

ORDERS, BILLING = application("orders"), application("billing")
PERSON = Owner(object_id="p", kind="user", display_name="Ana", enabled=True)
OTHER = Owner(object_id="q", kind="user", display_name="Eva", enabled=True)


def tagged(name: str, *tags: tuple[str, str], **changes: Any) -> ManagedIdentity:
    return dataclasses.replace(identity(name), tags=tags, **changes)


def candidates(tenant: Snapshot, of: Application) -> dict[str, Candidate]:
    return {one.identity.name: one for one in score(gather(tenant, tenant.applications, NOTHING, ()))[of.client_id]}


def reasons(tenant: Snapshot, of: Application) -> dict[str, tuple[str, ...]]:
    return {name: one.reasons for name, one in candidates(tenant, of).items()}


# --- tags of identities ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [ORDERS.client_id, f" {ORDERS.client_id.upper()} ", ORDERS.id])
def test_a_tag_that_is_the_applications_id_pairs_alone(value: str) -> None:
    tenant = snapshot(ORDERS, identities=(tagged("id-x7", ("whatever", value)),))
    assert reasons(tenant, ORDERS) == {"id-x7": ("+55 a tag of it is the application's id",)}
    assert [one.identity.name for one in make_plan(tenant).pairings] == ["id-x7"]


def test_a_tag_that_was_copied_to_a_second_identity_is_worth_nothing() -> None:
    tags = (("app-id", ORDERS.client_id), ("application", "orders"))
    assert reasons(snapshot(ORDERS, identities=(tagged("id-x7", *tags), tagged("id-y8", *tags))), ORDERS) == {}


def test_a_name_in_a_tag_is_a_hint_where_one_application_has_it() -> None:
    one = tagged("id-x7", ("Workload-Name", "ORDERS"))
    found = candidates(snapshot(ORDERS, identities=(one,)), ORDERS)["id-x7"]
    assert (found.score, found.confidence) == (30, Confidence.LOW)
    twin = dataclasses.replace(BILLING, display_name="Orders")
    assert candidates(snapshot(ORDERS, twin, identities=(one,)), ORDERS) == {}
    assert candidates(snapshot(ORDERS, identities=(tagged("id-x7", ("cost-center", "orders")),)), ORDERS) == {}


def test_a_service_reference_in_a_tag_is_a_hint() -> None:
    known = dataclasses.replace(ORDERS, management_reference="APM-4711")
    assert (
        candidates(snapshot(known, identities=(tagged("id-x7", ("service", "apm-4711")),)), known)["id-x7"].score == 30
    )


def test_a_tag_for_another_application_speaks_against_the_name() -> None:
    stale = tagged("id-orders", ("app-id", BILLING.client_id))
    found = reasons(snapshot(ORDERS, BILLING, identities=(stale,)), ORDERS)["id-orders"]
    assert found == ("+60 same name: id-orders", "-30 a tag of it names billing instead")
    by_name = tagged("id-orders", ("application", "Billing"))
    tenant = snapshot(ORDERS, BILLING, identities=(by_name,))
    assert "-20 a tag of it names billing instead" in reasons(tenant, ORDERS)["id-orders"]
    assert not make_plan(tenant).pairings
    both = tagged("id-orders", ("app-id", BILLING.client_id), ("other-app", ORDERS.client_id))
    assert "instead" not in str(reasons(snapshot(ORDERS, BILLING, identities=(both,)), ORDERS))


def test_a_stale_tag_does_not_win_over_the_host_that_runs_the_application() -> None:
    stale, right = tagged("id-x7", ("app-id", ORDERS.client_id)), identity("id-y8")
    hosts = (host("web", right, uses=ORDERS), host("other", stale, uses=BILLING))
    plan = make_plan(snapshot(ORDERS, BILLING, identities=(stale, right), hosts=hosts))
    chosen = {one.application.display_name: one.identity.name for one in plan.pairings}
    assert chosen["orders"] == "id-y8"


def test_an_identity_whose_tags_are_unknown_is_said() -> None:
    told = snapshot(ORDERS, identities=(tagged("id-x7"), identity("id-y8")))
    assert any(
        note.startswith("the tags of 1 user-assigned identities are not known") for note in make_plan(told).notes
    )
    whole = snapshot(ORDERS, identities=(tagged("id-x7"),))
    assert not any("tags of" in note for note in make_plan(whole).notes)


# --- tags of hosts ---------------------------------------------------------------------------------------------------


def test_a_hosts_tag_names_the_application_for_the_identity_that_all_its_hosts_have() -> None:
    mine, other = identity("id-x7"), identity("id-y8")
    one = host("vm1", mine, settings=None, tags=(("application", "Orders"),))
    two = host("vm2", mine, other, settings=None, tags=(("service", "orders"),))
    tenant = snapshot(ORDERS, identities=(mine, other), hosts=(one, two))
    assert reasons(tenant, ORDERS) == {"id-x7": ("+25 a tag of vm1, which has it, names the application",)}
    elsewhere = host("vm3", other, settings=None, tags=(("application", "Orders"),))
    assert reasons(dataclasses.replace(tenant, hosts=(one, elsewhere)), ORDERS) == {}


def test_a_tag_is_not_believed_that_was_copied_to_hosts_whose_settings_use_others() -> None:
    pay = application("pay")
    mine, other = identity("id-x7"), identity("id-y8")
    tags = (("application", "orders"), ("app-id", ORDERS.client_id))
    hosts = (host("web", mine, uses=BILLING, tags=tags), host("api", other, uses=pay, tags=tags))
    tenant = snapshot(ORDERS, BILLING, pay, identities=(mine, other), hosts=hosts)
    assert {name: one.score for name, one in candidates(tenant, ORDERS).items()} == {"id-x7": 15, "id-y8": 15}
    chosen = {one.application.display_name: one.identity.name for one in make_plan(tenant).pairings}
    assert chosen == {"billing": "id-x7", "pay": "id-y8"}
    named = gather(dataclasses.replace(tenant, hosts=hosts[:1]), (ORDERS,), NOTHING, ()).named[ORDERS.client_id]
    assert [one.naming for one in named] == [Naming.NAMES]


# --- tags and notes of applications ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["id-x7", "identity=id-x7", "Identity: ID-X7"])
def test_tags_of_applications_are_plain_or_pairs(tag: str) -> None:
    known = application("orders", tags=(tag,))
    assert candidates(snapshot(known, identities=(identity("id-x7"),)), known)["id-x7"].score == 40


def test_notes_that_name_an_identity_count_as_a_tag() -> None:
    mine = identity("id-x7")
    for mark in (mine.principal_id, mine.client_id, (mine.resource_id or "").lower()):
        known = dataclasses.replace(ORDERS, noted=(mark,))
        assert reasons(snapshot(known, identities=(mine,)), known) == {"id-x7": ("+40 a note names it",)}


def test_an_identity_that_several_applications_name_is_shared_among_them() -> None:
    first, second = application("orders", tags=("id-x7",)), application("billing", tags=("id-x7",))
    tenant = snapshot(first, second, identities=(identity("id-x7"),))
    assert reasons(tenant, first) == {"id-x7": ("+20 tag id-x7 names it, as do 1 other applications",)}


# --- repositories ----------------------------------------------------------------------------------------------------


def from_github(subject: str) -> FederatedCredential:
    issuer = "https://token.actions.githubusercontent.com"
    return FederatedCredential(id=guid(subject), name="ci", issuer=issuer, subject=subject, audiences=("api://x",))


@pytest.mark.parametrize(
    ("subject", "tag"),
    [
        ("repo:acme/orders:ref:refs/heads/main", "https://github.com/Acme/orders.git"),
        ("repo:acme@12/orders@345:environment:prod", "acme/orders"),
        ("repo:acme/orders:pull_request", "git@github.com/acme/orders/tree/main"),
    ],
)
def test_one_repository_speaks_for_the_pair(subject: str, tag: str) -> None:
    known = dataclasses.replace(ORDERS, federated=(from_github(subject),))
    mine = tagged("id-x7", ("repository", tag))
    tenant = snapshot(known, identities=(mine,))
    assert reasons(tenant, known) == {"id-x7": ("+30 both name the repository acme/orders",)}
    copied = dataclasses.replace(tenant, identities=(mine, tagged("id-y8", ("repo", tag))))
    assert reasons(copied, known) == {}


def test_notes_and_tags_of_an_application_name_its_repository() -> None:
    address = "dev.azure.com/acme/shop/_git/orders"
    mine = tagged("id-x7", ("source-code", f"https://user@{address}?version=1"))
    noted = dataclasses.replace(ORDERS, noted=(address,))
    assert candidates(snapshot(noted, identities=(mine,)), noted)["id-x7"].score == 30
    said = application("orders", tags=(f"repo:https://{address}",))
    assert candidates(snapshot(said, identities=(mine,)), said)["id-x7"].score == 30
    four = [dataclasses.replace(application(name), noted=(address,)) for name in "abcd"]
    assert candidates(snapshot(*four, identities=(mine,)), four[0]) == {}


# --- owners and environments -----------------------------------------------------------------------------------------


def test_owners_of_an_identitys_service_principal_and_its_tags_are_compared() -> None:
    known = application("orders", owners=(PERSON,))
    same = tagged("id-orders", owners=(PERSON,))
    assert "+10 both are owned by ana" in reasons(snapshot(known, identities=(same,)), known)["id-orders"]
    by_tag = tagged("id-orders", ("Owner", "ANA"))
    assert "+10 both are owned by ana" in reasons(snapshot(known, identities=(by_tag,)), known)["id-orders"]


def test_other_owners_keep_a_name_alone_from_pairing_and_unknown_ones_do_not() -> None:
    known = application("orders", owners=(PERSON,))
    foreign = snapshot(known, identities=(tagged("id-orders", owners=(OTHER,)),))
    assert "-20 its owners are others than the application's" in reasons(foreign, known)["id-orders"]
    assert [one.code for one in make_plan(foreign).refusals] == [RefusalCode.NO_IDENTITY]
    for owners in (None, ()):
        tenant = snapshot(known, identities=(tagged("id-orders", owners=owners),))
        assert reasons(tenant, known)["id-orders"] == ("+60 same name: id-orders",)
    gone = dataclasses.replace(OTHER, enabled=False)
    left = snapshot(known, identities=(tagged("id-orders", owners=(gone,)),))
    assert reasons(left, known)["id-orders"] == ("+60 same name: id-orders",)


def test_who_owns_very_many_identities_says_nothing_of_any() -> None:
    known = application("orders", owners=(PERSON,))
    many = tuple(tagged(f"id-{at}", ("owner", "ana"), owners=(PERSON, OTHER)) for at in range(60))
    tenant = snapshot(known, identities=(*many, tagged("id-orders", ("owner", "ana"), owners=(OTHER,))))
    assert reasons(tenant, known)["id-orders"] == ("+60 same name: id-orders",)


def test_a_tag_states_the_environment_where_the_name_does_not() -> None:
    prod = application("orders-prod")
    right, wrong = (tagged("id-orders", ("env", value)) for value in ("production", "Dev"))
    assert reasons(snapshot(prod, identities=(right,)), prod)["id-orders"] == ("+60 same name: id-orders",)
    against = candidates(snapshot(prod, identities=(wrong,)), prod)
    assert not against or "-40 the application is of prod, the identity of dev" in against["id-orders"].reasons
    attached = snapshot(prod, identities=(wrong,), hosts=(host("web", wrong, uses=prod),))
    assert "-40 the application is of prod, the identity of dev" in reasons(attached, prod)["id-orders"]
    said = application("orders", tags=("env:prod",))
    untagged = reasons(snapshot(said, identities=(tagged("id-orders"),)), said)["id-orders"]
    assert untagged == ("+60 same name: id-orders",)
    assert "-40 the application is of prod" in reasons(snapshot(said, identities=(wrong,)), said)["id-orders"][-1]
    assert reasons(snapshot(said, identities=(right,)), said)["id-orders"] == ("+60 same name: id-orders",)


def test_a_tag_that_the_resource_group_contradicts_states_nothing() -> None:
    prod = application("orders-prod")
    copied = dataclasses.replace(identity("id-orders", where="rg-orders-prod"), tags=(("env", "dev"),))
    assert reasons(snapshot(prod, identities=(copied,)), prod)["id-orders"] == (
        "+45 same name, but only one of them names an environment: id-orders",
    )


@pytest.mark.parametrize("text", ["", ":", "=", "a", "repo:", "https://", "x" * 5000, "a=" * 500, "\u202e=\x00"])
def test_odd_tags_are_no_error(text: str) -> None:
    odd = application("orders", tags=(text,))
    mine = tagged("id-orders", (text, text), ("repo", text), ("owner", text), ("env", text), ("application", text))
    assert reasons(snapshot(odd, identities=(mine,), hosts=(host("web", mine, tags=((text, text),)),)), odd)
    assert tagging.key(text) == tagging.key(tagging.key(text))
