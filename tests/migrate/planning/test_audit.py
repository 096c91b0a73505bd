"""What Entra stores without an error and refuses at the exchange, and what should not be there."""

from __future__ import annotations

import dataclasses

import pytest

from inventory.estate import Host, RoleHeld, RoleKind, Tier
from inventory.model import FederatedCredential
from migrate.planning.facts import CLUSTER
from migrate.planning.plan import make_plan
from migrate.refusalcodes import RefusalCode
from tests.support.tenants import (
    AUDIENCE,
    ISSUER,
    TENANT,
    application,
    guid,
    host,
    identity,
    principal,
    snapshot,
    trust,
)

MINE = identity("id-orders")
AKS_ISSUER = "https://westeurope.oic.prod-aks.azure.com/t/c/"
FULL_ACCESS = RoleHeld(
    principal_id=principal("orders").id, kind=RoleKind.APP_ROLE, role_id="r", role="Directory.ReadWrite.All",
    resource="Microsoft Graph", scope="", tier=Tier.CONTROL, reason="",
)  # fmt: skip
GOOD = trust(MINE)


def told(
    *trusts: FederatedCredential, hosts: tuple[Host, ...] = (), roles: tuple[RoleHeld, ...] = ()
) -> list[tuple[str, str]]:
    tenant = snapshot(
        application("orders", federated=trusts),
        identities=(MINE,),
        principals=(principal("orders"),),
        hosts=hosts,
        roles=roles,
    )
    return [(fault.federated, fault.code) for fault in make_plan(tenant).audit]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (trust(MINE, subject=MINE.client_id), "federated-subject-is-client-id"),
        (trust(MINE, subject=MINE.principal_id.upper()), "federated-subject-in-wrong-case"),
        (trust(MINE, audience="fb60f99c-7a34-4190-8149-302f77469936"), "federated-audience-is-id"),
        (trust(MINE, subject="33333333-3333-4333-8333-333333333333"), "federated-identity-is-gone"),
        (dataclasses.replace(GOOD, issuer=f"{ISSUER}/"), "federated-issuer-is-bent"),
        (trust(MINE, audience="api://AzureADTokenExchangeChina"), "federated-other-cloud"),
        (dataclasses.replace(GOOD, issuer=ISSUER.replace("online.com", "online.us")), "federated-other-cloud"),
        (dataclasses.replace(GOOD, issuer=ISSUER.replace(TENANT, guid("other"))), "federated-other-tenant"),
        (dataclasses.replace(GOOD, issuer=ISSUER.replace(TENANT, "common")), "federated-other-tenant"),
    ],
)
def test_what_can_never_match_is_named(wrong: FederatedCredential, code: str) -> None:
    assert told(wrong) == [("by-hand", code)]


def test_what_is_right_is_not_named() -> None:
    assert told(GOOD) == []
    devops = dataclasses.replace(GOOD, issuer=ISSUER.replace(TENANT, guid("other")), subject="/eid1/c/pub/t/a/b")
    assert told(devops) == []


@pytest.mark.parametrize(
    "issuer", ["https://[::1", "//[", "", "not a url [", "https://", "https:///", "\x00", "urn:a:b"]
)
def test_an_issuer_that_is_no_address_is_no_error(issuer: str) -> None:
    odd = dataclasses.replace(GOOD, issuer=issuer, subject="x")
    assert told(odd, roles=(FULL_ACCESS,)) == [("by-hand", "federated-outside-issuer")]
    (refusal,) = make_plan(snapshot(application("orders", federated=(odd,)))).refusals
    assert refusal.code is RefusalCode.OTHER_ISSUER


def test_two_that_mean_the_same_are_named() -> None:
    other = dataclasses.replace(GOOD, name="other", subject=MINE.principal_id.upper())
    assert told(GOOD, other) == [("other", "federated-duplicate"), ("other", "federated-subject-in-wrong-case")]


@pytest.mark.parametrize("known", [AKS_ISSUER, AKS_ISSUER.rstrip("/")])
def test_a_clusters_issuer_is_compared_to_the_letter(known: str) -> None:
    cluster = host("aks", kind=CLUSTER, issuer=known)
    pods = [
        FederatedCredential(
            id=name, name=name, issuer=issuer, subject=f"system:serviceaccount:a:{name}", audiences=(AUDIENCE,)
        )
        for name, issuer in (("with", AKS_ISSUER), ("without", AKS_ISSUER.rstrip("/")))
    ]
    wrong = "without" if known.endswith("/") else "with"
    assert told(*pods, hosts=(cluster,)) == [(wrong, "federated-slash")]


def test_an_outside_issuer_on_a_privileged_application_is_named() -> None:
    github = FederatedCredential(
        id="g", name="g", issuer="https://token.actions.githubusercontent.com", subject="repo:a/b:ref:x",
        audiences=(AUDIENCE,),
    )  # fmt: skip
    assert told(github, GOOD, roles=(FULL_ACCESS,)) == [("g", "federated-outside-issuer")]
    assert told(github) == []
    harmless = dataclasses.replace(FULL_ACCESS, tier=Tier.WORKLOAD)
    assert told(github, roles=(harmless,)) == []


def test_applications_without_credentials_are_audited_too() -> None:
    wrong = application("orders", credentials=(), federated=(trust(MINE, subject=MINE.client_id),))
    plan = make_plan(snapshot(wrong, identities=(MINE,)))
    assert [fault.application.display_name for fault in plan.audit] == ["orders"]
    assert not plan.refusals
    assert not plan.pairings
