from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.cloud import Cloud
from inventory.model import (
    Application,
    CredentialKind,
    Holder,
    ManagedIdentity,
    Purpose,
    ServicePrincipal,
    Snapshot,
    TenantId,
)
from migrate import planfile
from migrate.model import Pairing, Plan, Refusal
from migrate.planning import names
from migrate.planning.plan import FEDERATED_LIMIT, make_plan
from migrate.refusalcodes import RefusalCode
from tests.support.tenants import (
    AUDIENCE,
    ISSUER,
    application,
    credential,
    identity,
    principal,
    snapshot,
    trust,
)


def unordered(pairing: Pairing) -> Pairing:
    """Leave the wave out, which limits and the size of the canary wave make depend on others."""
    return dataclasses.replace(pairing, wave=0, order=())


def only_pairing(plan: Plan) -> Pairing:
    assert [refusal.code for refusal in plan.refusals] == []
    (pairing,) = plan.pairings
    return pairing


def only_refusal(plan: Plan) -> Refusal:
    assert plan.pairings == ()
    (refusal,) = plan.refusals
    return refusal


@pytest.mark.parametrize(
    ("left", "right", "points"),
    [
        ("orders-api-prod", "id-orders-api-prod", 60),
        ("OrdersApiProd", "mi_orders_api_prd", 60),
        ("orders-api", "api-orders", 60),
        ("orders-api-prod", "id-orders-api", 45),
        ("orders-api", "id-orders-api-dev", 45),
        ("orders-api-prod", "id-orders-api-dev", 0),
        ("orders-api", "id-invoices", 0),
        ("customer-notifications", "id-customer-notification", 30),
        ("customer-notifications-prod", "id-customer-notification", 0),
        ("app", "id", 0),
        ("", "", 0),
        ("\u202eorders\x00-api", "id-orders-api", 60),
    ],
)
def test_names_speak_for_each_other_by_words_and_environment(left: str, right: str, points: int) -> None:
    assert names.points(names.parse(left), names.parse(right))[0] == points


def test_an_application_is_paired_with_the_identity_of_its_name_and_says_why() -> None:
    mine = identity("id-orders-api")
    pairing = only_pairing(make_plan(snapshot(application("orders-api"), identities=(mine, identity("id-other")))))
    assert pairing.identity.principal_id == mine.principal_id
    assert pairing.reasons == ("+60 same name: id-orders-api",)
    federated = pairing.federated
    assert (federated.issuer, federated.subject, federated.audience) == (ISSUER, mine.principal_id, AUDIENCE)
    assert federated.name == f"unsecret-{mine.principal_id}"
    assert not federated.exists


@pytest.mark.parametrize(
    ("cloud", "host", "audience"),
    [
        (Cloud.USGOV, "login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
        (Cloud.CHINA, "login.partner.microsoftonline.cn", "api://AzureADTokenExchangeChina"),
    ],
)
def test_issuer_and_audience_are_those_of_the_cloud(cloud: Cloud, host: str, audience: str) -> None:
    plan = make_plan(snapshot(application("a-b"), identities=(identity("id-a-b"),), cloud=cloud))
    federated = only_pairing(plan).federated
    assert federated.issuer.startswith(f"https://{host}/")
    assert federated.audience == audience


def test_a_federated_credential_that_is_right_already_is_kept_under_its_own_name() -> None:
    mine = identity("whatever")
    pairing = only_pairing(make_plan(snapshot(application("orders", federated=(trust(mine),)), identities=(mine,))))
    assert pairing.federated.name == "by-hand"
    assert pairing.federated.exists


def test_a_tag_that_names_the_identity_is_evidence() -> None:
    mine = identity("id-payments")
    paired = application("payments-gateway", tags=("ID-PAYMENTS",))
    plan = make_plan(snapshot(paired, identities=(mine,)))
    assert only_refusal(plan).candidates[0].reasons == ("+40 tag ID-PAYMENTS names it",)


@pytest.mark.parametrize("user_assigned", [False, None])
def test_only_user_assigned_identities_are_candidates(user_assigned: bool | None) -> None:  # noqa: FBT001
    plan = make_plan(snapshot(application("orders"), identities=(identity("orders", user_assigned=user_assigned),)))
    assert only_refusal(plan).code is RefusalCode.NO_IDENTITY


def test_two_identities_that_fit_equally_well_are_refused_with_both() -> None:
    plan = make_plan(
        snapshot(application("orders"), identities=(identity("id-orders-dev"), identity("id-orders-prod")))
    )
    refusal = only_refusal(plan)
    assert refusal.code is RefusalCode.AMBIGUOUS_IDENTITY
    assert {candidate.identity.name for candidate in refusal.candidates} == {"id-orders-dev", "id-orders-prod"}


def test_an_identity_two_applications_want_goes_to_neither() -> None:
    plan = make_plan(snapshot(application("orders"), application("Orders App"), identities=(identity("id-orders"),)))
    assert {refusal.code for refusal in plan.refusals} == {RefusalCode.CONTESTED_IDENTITY}
    assert plan.pairings == ()


def test_an_existing_trust_wins_over_a_name() -> None:
    mine = identity("id-orders")
    trusted, namesake = application("billing", federated=(trust(mine),)), application("orders")
    plan = make_plan(snapshot(trusted, namesake, identities=(mine,)))
    assert [pairing.application.display_name for pairing in plan.pairings] == ["billing"]
    assert [refusal.code for refusal in plan.refusals] == [RefusalCode.CONTESTED_IDENTITY]


REFUSED = [
    (application("a", disabled=True), (), RefusalCode.DISABLED),
    (application("a"), (principal("a", enabled=False),), RefusalCode.DISABLED),
    (application("a", audience="PersonalMicrosoftAccount"), (), RefusalCode.PERSONAL_ACCOUNTS),
    (application("a", federated=None), (), RefusalCode.FEDERATED_UNREADABLE),
    (application("a", credentials=(credential("a", days=-1),)), (), RefusalCode.NO_LIVE_CREDENTIAL),
    (application("a", credentials=(credential("a", purpose=Purpose.UNKNOWN),)), (), RefusalCode.PURPOSE_UNKNOWN),
    (application("a", credentials=(credential("a", purpose=Purpose.SIGNING),)), (), RefusalCode.SIGNING_ONLY),
    (application("a", credentials=(credential("a", purpose=Purpose.ENCRYPTION),)), (), RefusalCode.ENCRYPTION_ONLY),
]


@pytest.mark.parametrize(("subject", "principals", "code"), REFUSED)
def test_applications_that_cannot_be_migrated_are_refused(
    subject: Application, principals: tuple[ServicePrincipal, ...], code: RefusalCode
) -> None:
    plan = make_plan(
        dataclasses.replace(snapshot(subject, identities=(identity("id-a"),)), service_principals=principals)
    )
    refusal = only_refusal(plan)
    assert refusal.code is code
    assert refusal.explanation


def test_a_credential_without_a_readable_end_counts_as_live() -> None:
    subject = application("orders", credentials=(credential("orders", days=None),))
    assert only_pairing(make_plan(snapshot(subject, identities=(identity("orders"),)))).credentials


def test_secrets_of_a_service_principal_are_planned_with_their_holder() -> None:
    held = credential("orders", holder=Holder.SERVICE_PRINCIPAL, label="two")
    plan = make_plan(
        snapshot(
            application("orders", credentials=()),
            identities=(identity("orders"),),
            principals=(principal("orders", credentials=(held,)),),
        )
    )
    (planned,) = only_pairing(plan).credentials
    assert (planned.holder, planned.holder_id) == (Holder.SERVICE_PRINCIPAL, held.holder_id)


def test_signing_and_encryption_credentials_are_never_planned() -> None:
    kinds = tuple(
        credential("orders", purpose=purpose, kind=kind, label=f"{purpose} {kind}")
        for purpose, kind in itertools.product(Purpose, CredentialKind)
    )
    plan = make_plan(snapshot(application("orders", credentials=kinds), identities=(identity("orders"),)))
    planned = {each.key_id for each in only_pairing(plan).credentials}
    assert planned == {each.key_id for each in kinds if each.purpose is Purpose.AUTHENTICATION}


def test_a_certificate_that_encrypts_for_the_service_principal_is_never_planned() -> None:
    certificate = credential("orders", kind=CredentialKind.CERTIFICATE, label="encrypts")
    both = (certificate, credential("orders"))
    planned = make_plan(
        snapshot(
            application("orders", credentials=both),
            identities=(identity("orders"),),
            principals=(principal("orders", encryption_key=certificate.key_id),),
        )
    )
    assert [each.key_id for each in only_pairing(planned).credentials] == [both[1].key_id]


@pytest.mark.parametrize(
    ("home", "code"),
    [(TenantId("other"), RefusalCode.FOREIGN_APPLICATION), (None, RefusalCode.NO_APPLICATION)],
)
def test_service_principals_without_an_application_here_are_refused(home: TenantId | None, code: RefusalCode) -> None:
    held = credential("gone", holder=Holder.SERVICE_PRINCIPAL)
    plan = make_plan(snapshot(principals=(principal("gone", credentials=(held,), home=home),)))
    assert only_refusal(plan).code is code


def test_a_full_application_and_a_conflicting_name_are_refused() -> None:
    mine = identity("orders")
    others = tuple(
        trust(mine, name=f"other-{number}", subject=f"subject-{number}") for number in range(FEDERATED_LIMIT)
    )
    full = make_plan(snapshot(application("orders", federated=others), identities=(mine,)))
    assert only_refusal(full).code is RefusalCode.FEDERATED_LIMIT
    wrong = trust(mine, name=f"unsecret-{mine.principal_id}", subject="somebody-else")
    conflict = make_plan(snapshot(application("orders", federated=(wrong,)), identities=(mine,)))
    assert only_refusal(conflict).code is RefusalCode.FEDERATED_CONFLICT


def test_a_right_federated_credential_counts_even_beside_a_wrong_one_of_our_name() -> None:
    mine = identity("orders")
    wrong = trust(mine, name=f"unsecret-{mine.principal_id}", subject="somebody-else")
    plan = make_plan(snapshot(application("orders", federated=(wrong, trust(mine))), identities=(mine,)))
    assert only_pairing(plan).federated.name == "by-hand"


NAMES = st.sampled_from(["orders", "orders-api", "orders-api-prod", "billing", "billing-dev", "a<b>", "x"])


@st.composite
def tenants(draw: st.DrawFn) -> Snapshot:
    applications = [application(name) for name in draw(st.sets(NAMES, max_size=6))]
    identities = [identity(f"id-{name}") for name in draw(st.sets(NAMES, max_size=6))]
    return snapshot(*applications, identities=tuple(identities))


@given(tenant=tenants(), data=st.data())
def test_the_order_of_the_tenant_does_not_change_a_byte_of_the_plan(tenant: Snapshot, data: st.DataObject) -> None:
    shuffled = dataclasses.replace(
        tenant,
        applications=tuple(data.draw(st.permutations(tenant.applications))),
        identities=tuple(data.draw(st.permutations(tenant.identities))),
    )
    assert planfile.encode(make_plan(shuffled)) == planfile.encode(make_plan(tenant))


@given(tenant=tenants())
def test_every_application_with_a_live_credential_gets_a_pairing_or_a_reason(tenant: Snapshot) -> None:
    plan = make_plan(tenant)
    told = [each.application.id for each in plan.pairings] + [each.application.id for each in plan.refusals]
    assert sorted(told) == sorted(each.id for each in tenant.applications)
    used = [pairing.identity.principal_id for pairing in plan.pairings]
    assert len(used) == len(set(used))


@given(tenant=tenants())
def test_an_unrelated_application_changes_no_other_pairing(tenant: Snapshot) -> None:
    newcomer: tuple[Application, ManagedIdentity] = application("zeppelin"), identity("id-zeppelin")
    more = dataclasses.replace(
        tenant, applications=(*tenant.applications, newcomer[0]), identities=(*tenant.identities, newcomer[1])
    )
    before, after = make_plan(tenant), make_plan(more)
    assert set(map(unordered, before.pairings)) <= set(map(unordered, after.pairings))
    assert before.refusals == after.refusals
