"""Every refusal code has a case here, with the steps of the way that works and what undoes them."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from inventory.model import (
    ClientId,
    FederatedCredential,
    Holder,
    PrincipalId,
    Purpose,
    ScanNote,
    Snapshot,
    TenantId,
)
from migrate.model import Pairing, Plan, Refusal
from migrate.planning.decisions import NOTHING, Decisions, Exclude, Managed, Pair, Runs, RunsOn
from migrate.planning.facts import ARC, CLOUD_SHELL, CLUSTER, STATIC_SITE
from migrate.planning.federated import FEDERATED_LIMIT
from migrate.planning.plan import make_plan
from migrate.refusalcodes import RefusalCode
from migrate.steps import CARRIED_OUT, Action
from tests.support.tenants import (
    AUDIENCE,
    NOW,
    TENANT,
    application,
    credential,
    host,
    identity,
    log,
    no_users,
    principal,
    report,
    snapshot,
    trust,
    use,
)

CLUSTER_ISSUER = f"https://westeurope.oic.prod-aks.azure.com/{TENANT}/1b2c/"
ACCOUNT = "system:serviceaccount:jobs:export"
ORDERS = application("orders")
NAMED = identity("id-orders")
ELSEWHERE = identity("id-elsewhere")
FOREIGN = dataclasses.replace(
    identity("id-foreign"),
    resource_id="/subscriptions/another-tenants/resourcegroups/rg/providers/x/userassignedidentities/id-foreign",
)
"""Attached to a host, and not among the identities of the tenant, whose subscriptions are others."""


def outside(issuer: str, subject: str | None = "s", audience: str = AUDIENCE) -> FederatedCredential:
    return FederatedCredential(id="f", name="by-hand", issuer=issuer, subject=subject, audiences=(audience,))


def trusting(issuer: str, subject: str | None = "s") -> Snapshot:
    return snapshot(application("orders", federated=(outside(issuer, subject),)))


def excluded(until: date) -> Decisions:
    return Decisions(excludes=(Exclude(application="orders", reason="is switched off", until=until),))


def runs(on: Runs, **more: str) -> Decisions:
    return Decisions(runs=(RunsOn(application=ORDERS.client_id, on=on, **more),))


def idle() -> Snapshot:
    return snapshot(ORDERS, identities=(NAMED,), sources=(log(), report()), uses=(no_users(ORDERS),))


TODAY = NOW.date()
CASES: list[tuple[RefusalCode, Snapshot, Decisions, str]] = [
    (RefusalCode.NO_IDENTITY, snapshot(ORDERS), NOTHING, "no user-assigned identity"),
    (RefusalCode.LOW_CONFIDENCE, snapshot(ORDERS, identities=(identity("id-orders-dev"),)), NOTHING, "is low"),
    (
        RefusalCode.AMBIGUOUS_IDENTITY,
        snapshot(ORDERS, identities=(NAMED, identity("id-orders", where="other"))),
        NOTHING,
        "equally well",
    ),
    (
        RefusalCode.CONTESTED_IDENTITY,
        snapshot(ORDERS, application("Orders App", credentials=(credential("x"),)), identities=(NAMED,)),
        NOTHING,
        "act as the other",
    ),
    (
        RefusalCode.NOT_ATTACHED,
        snapshot(ORDERS, identities=(NAMED,), hosts=(host("web", uses=ORDERS),)),
        NOTHING,
        "not attached to web",
    ),
    (
        RefusalCode.SYSTEM_ASSIGNED_ONLY,
        snapshot(ORDERS, hosts=(host("web", uses=ORDERS, system_principal=PrincipalId("p")),)),
        NOTHING,
        "system-assigned identity only",
    ),
    (
        RefusalCode.SAME_TENANT_REQUIRED,
        snapshot(ORDERS, hosts=(host("web", FOREIGN, uses=ORDERS),)),
        NOTHING,
        "no identity of this tenant",
    ),
    (
        RefusalCode.SAME_TENANT_REQUIRED,
        trusting("https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0"),
        NOTHING,
        "in one tenant",
    ),
    (RefusalCode.SAME_TENANT_REQUIRED, snapshot(ORDERS), runs(Runs.OTHER_TENANT), "in one tenant"),
    (
        RefusalCode.ARC_SERVER,
        snapshot(ORDERS, hosts=(host("srv", kind=ARC, settings=None, tags=(("app", ORDERS.client_id),)),)),
        NOTHING,
        "system-assigned identity only",
    ),
    (RefusalCode.ARC_SERVER, snapshot(ORDERS, identities=(NAMED,)), runs(Runs.ARC_SERVER), "unsecret.toml says"),
    (
        RefusalCode.CLOUD_SHELL,
        snapshot(ORDERS, hosts=(host("shell", kind=CLOUD_SHELL, tags=(("app", ORDERS.client_id),)),)),
        NOTHING,
        "sign in as a person",
    ),
    (
        RefusalCode.AKS,
        snapshot(ORDERS, hosts=(host("aks", kind=CLUSTER, tags=(("app", ORDERS.client_id),), issuer=CLUSTER_ISSUER),)),
        NOTHING,
        "AADSTS700222",
    ),
    (RefusalCode.AKS, snapshot(ORDERS), runs(Runs.AKS, issuer=CLUSTER_ISSUER, subject=ACCOUNT), "AADSTS700222"),
    (RefusalCode.AKS, trusting(CLUSTER_ISSUER, ACCOUNT), NOTHING, "by-hand does that"),
    (
        RefusalCode.AKS,
        snapshot(
            ORDERS,
            hosts=(host("aks", kind=CLUSTER, addresses=("20.9.9.9",), issuer=CLUSTER_ISSUER),),
            uses=(use(ORDERS, address="20.9.9.9"),),
        ),
        NOTHING,
        "an outbound address of the cluster aks",
    ),
    (
        RefusalCode.STATIC_WEB_APP,
        snapshot(ORDERS, identities=(NAMED,), hosts=(host("page", uses=ORDERS, kind=STATIC_SITE),)),
        NOTHING,
        "bring an own",
    ),
    (RefusalCode.GITHUB_ACTIONS, trusting("https://token.actions.githubusercontent.com"), NOTHING, "trust GitHub"),
    (RefusalCode.AZURE_DEVOPS, trusting("https://vstoken.dev.azure.com/1234"), NOTHING, "a pipeline"),
    (
        RefusalCode.AZURE_DEVOPS,
        trusting(f"https://login.microsoftonline.com/{TENANT}/v2.0", "/eid1/c/pub/t/abc/a/def/sc/x/y"),
        NOTHING,
        "a pipeline",
    ),
    (RefusalCode.OTHER_ISSUER, trusting("https://gitlab.com"), NOTHING, "OpenID Connect"),
    (RefusalCode.OTHER_ISSUER, trusting("https://app.terraform.io", None), NOTHING, "OpenID Connect"),
    (
        RefusalCode.OTHER_CLOUD,
        trusting(f"https://login.microsoftonline.us/{TENANT}/v2.0"),
        NOTHING,
        "from one Microsoft cloud",
    ),
    (
        RefusalCode.OFF_AZURE_HOST,
        snapshot(ORDERS, hosts=(host("web", addresses=("20.1.1.1",)),), uses=(use(ORDERS, address="198.51.100.9"),)),
        NOTHING,
        "signs in from 198.51.100.9",
    ),
    (RefusalCode.OFF_AZURE_HOST, snapshot(ORDERS, identities=(NAMED,)), runs(Runs.OFF_AZURE), "outside of Azure"),
    (RefusalCode.EXCLUDED, snapshot(ORDERS, identities=(NAMED,)), excluded(TODAY), "is switched off"),
    (
        RefusalCode.FOREIGN_APPLICATION,
        snapshot(
            principals=(
                principal(
                    "gone", credentials=(credential("gone", holder=Holder.SERVICE_PRINCIPAL),), home=TenantId("other")
                ),
            )
        ),
        NOTHING,
        "only its owner",
    ),
    (
        RefusalCode.NO_APPLICATION,
        snapshot(
            principals=(
                principal("gone", credentials=(credential("gone", holder=Holder.SERVICE_PRINCIPAL),), home=None),
            )
        ),
        NOTHING,
        "no application registration",
    ),
    (
        RefusalCode.MANAGED_BY_OTHER_TOOL,
        snapshot(application("orders", tags=("managed-by:Terraform",)), identities=(NAMED,)),
        NOTHING,
        "terraform",
    ),
    (
        RefusalCode.MANAGED_BY_OTHER_TOOL,
        snapshot(application("ConnectSyncProvisioning_SRV1_0123")),
        NOTHING,
        "Microsoft Entra Connect",
    ),
    (
        RefusalCode.MANAGED_BY_OTHER_TOOL,
        snapshot(dataclasses.replace(ORDERS, created_by=ClientId("v")), identities=(NAMED,)),
        Decisions(managed=(Managed(tool="Vault", created_by=(ClientId("v"),)),)),
        "Vault",
    ),
    (RefusalCode.DISABLED, snapshot(application("orders", disabled=True)), NOTHING, "isDisabled"),
    (
        RefusalCode.DISABLED,
        snapshot(ORDERS, principals=(principal("orders", enabled=False),)),
        NOTHING,
        "accountEnabled",
    ),
    (
        RefusalCode.PERSONAL_ACCOUNTS,
        snapshot(application("orders", audience="PersonalMicrosoftAccount")),
        NOTHING,
        "personal accounts",
    ),
    (
        RefusalCode.AGENT_BLUEPRINT,
        snapshot(dataclasses.replace(ORDERS, unknown='{"@odata.type":"#microsoft.graph.agentIdentityBlueprint"}')),
        NOTHING,
        "agent identities sign in",
    ),
    (RefusalCode.UNUSED, idle(), NOTHING, "a job that runs less often would not show"),
    (
        RefusalCode.FEDERATED_LIMIT,
        snapshot(
            application(
                "orders",
                federated=tuple(trust(NAMED, name=f"t{at}", subject=f"s{at}") for at in range(FEDERATED_LIMIT)),
            ),
            identities=(NAMED,),
        ),
        NOTHING,
        "holds 20",
    ),
    (
        RefusalCode.FEDERATED_CONFLICT,
        snapshot(application("orders", federated=(trust(NAMED, audience="api://wrong"),)), identities=(NAMED,)),
        NOTHING,
        "another content",
    ),
    (RefusalCode.FEDERATED_UNREADABLE, snapshot(application("orders", federated=None)), NOTHING, "scan again"),
    (
        RefusalCode.NO_LIVE_CREDENTIAL,
        snapshot(application("orders", credentials=(credential("orders", days=-1),))),
        NOTHING,
        "expired",
    ),
    *(
        (code, snapshot(application("orders", credentials=(credential("orders", purpose=purpose),))), NOTHING, words)
        for code, purpose, words in (
            (RefusalCode.PURPOSE_UNKNOWN, Purpose.UNKNOWN, "unknown"),
            (RefusalCode.SIGNING_ONLY, Purpose.SIGNING, "single sign-on"),
            (RefusalCode.ENCRYPTION_ONLY, Purpose.ENCRYPTION, "sign-in"),
        )
    ),
]


def refused(tenant: Snapshot, decisions: Decisions = NOTHING) -> Refusal:
    plan = make_plan(tenant, decisions)
    assert plan.pairings == ()
    return plan.refusals[0]


def steps(refusal: Refusal) -> list[Action]:
    return [step.action for step in refusal.steps]


@pytest.mark.parametrize(("code", "tenant", "decisions", "words"), CASES)
def test_every_refusal_has_its_code_and_says_why(
    code: RefusalCode, tenant: Snapshot, decisions: Decisions, words: str
) -> None:
    refusal = refused(tenant, decisions)
    assert refusal.code is code
    assert words in refusal.explanation


def test_every_code_has_a_case() -> None:
    assert {code for code, *_ in CASES} == set(RefusalCode)


# --- the way that works ----------------------------------------------------------------------------------------------


def test_hosts_without_an_identity_get_one_that_is_created_attached_and_trusted() -> None:
    hosts = (host("web", uses=ORDERS, where="apps"), host("job", uses=ORDERS, where="jobs"))
    refusal = refused(snapshot(ORDERS, hosts=hosts))
    assert steps(refusal) == [Action.CREATE_IDENTITY, Action.ATTACH_IDENTITY, Action.ATTACH_IDENTITY,
                              Action.CREATE_FEDERATED]  # fmt: skip
    created, first, second, trusted = refusal.steps
    assert (created.location, created.identity) == ("westeurope", created.on)
    assert created.on.endswith("/resourceGroups/apps/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
                               f"id-orders-{ORDERS.client_id[:8]}")  # fmt: skip
    assert {first.on, second.on} == {one.resource_id for one in hosts}
    assert first.identity == second.identity == created.on
    assert trusted.on == ORDERS.id
    assert trusted.federated is not None
    assert trusted.federated.subject is None
    assert [step.reverse for step in refusal.steps] == [Action.DELETE_IDENTITY, Action.DETACH_IDENTITY,
                                                        Action.DETACH_IDENTITY, Action.DELETE_FEDERATED]  # fmt: skip


def test_an_identity_that_fits_is_attached_where_it_is_missing() -> None:
    hosts = (host("web", NAMED, uses=ORDERS), host("job", ELSEWHERE, uses=ORDERS))
    (step,) = refused(snapshot(ORDERS, identities=(NAMED, ELSEWHERE), hosts=hosts)).steps
    assert (step.action, step.on, step.identity) == (Action.ATTACH_IDENTITY, hosts[1].resource_id, NAMED.resource_id)


def test_a_host_that_only_checks_tokens_needs_no_identity() -> None:
    hosts = (host("web", NAMED, uses=ORDERS), host("api", names=(ORDERS,)))
    (pairing,) = make_plan(snapshot(ORDERS, identities=(NAMED,), hosts=hosts)).pairings
    assert pairing.identity.name == "id-orders"


def test_where_no_host_shows_a_secret_one_that_has_the_identity_is_enough() -> None:
    bare, ready = host("a", names=(ORDERS,)), host("b", NAMED, names=(ORDERS,))
    (pairing,) = make_plan(snapshot(ORDERS, identities=(NAMED,), hosts=(bare, ready))).pairings
    assert pairing.identity.name == "id-orders"
    assert refused(snapshot(ORDERS, identities=(NAMED,), hosts=(bare,))).code is RefusalCode.NOT_ATTACHED


@pytest.mark.parametrize("issuer", [CLUSTER_ISSUER, CLUSTER_ISSUER.rstrip("/")])
def test_a_cluster_is_trusted_directly_with_the_slash_at_its_end(issuer: str) -> None:
    cluster = host("aks", kind=CLUSTER, tags=(("app", ORDERS.client_id),), issuer=issuer)
    (step,) = refused(snapshot(ORDERS, identities=(NAMED,), hosts=(cluster,))).steps
    assert step.federated is not None
    assert (step.federated.issuer, step.federated.subject) == (CLUSTER_ISSUER, None)
    assert "[[runs]]" in step.text
    (step,) = refused(snapshot(ORDERS, hosts=(cluster,)), runs(Runs.AKS, subject=ACCOUNT)).steps
    assert step.federated is not None
    assert (step.federated.issuer, step.federated.subject) == (CLUSTER_ISSUER, ACCOUNT)
    assert step.federated.audience == AUDIENCE
    assert "[[runs]]" not in step.text


def test_a_trust_in_a_cluster_that_lacks_the_slash_is_written_again() -> None:
    wrong = application("orders", federated=(outside(CLUSTER_ISSUER.rstrip("/"), ACCOUNT),))
    cluster = host("aks", kind=CLUSTER, tags=(("app", wrong.client_id),), issuer=CLUSTER_ISSUER)
    (step,) = refused(snapshot(wrong, hosts=(cluster,))).steps
    assert step.federated is not None
    assert (step.federated.issuer, step.federated.subject) == (CLUSTER_ISSUER, ACCOUNT)


def test_one_host_that_cannot_serve_is_enough() -> None:
    arc = host("srv", kind=ARC, settings=None, tags=(("app", ORDERS.client_id),))
    refusal = refused(snapshot(ORDERS, identities=(NAMED,), hosts=(host("web", NAMED, uses=ORDERS), arc)))
    assert refusal.code is RefusalCode.ARC_SERVER


@pytest.mark.parametrize("on", [Runs.GITHUB_ACTIONS, Runs.AZURE_DEVOPS, Runs.OTHER_ISSUER])
def test_another_issuer_is_trusted_directly_where_it_is_told(on: Runs) -> None:
    told = runs(on, issuer="https://issuer.example", subject="job:1")
    (step,) = refused(snapshot(ORDERS, identities=(NAMED,)), told).steps
    assert step.federated is not None
    assert (step.federated.issuer, step.federated.subject) == ("https://issuer.example", "job:1")


@pytest.mark.parametrize(
    "wrong",
    [trust(NAMED, audience="api://wrong"), trust(NAMED, name=f"unsecret-{NAMED.principal_id}", subject="another")],
)
def test_what_stands_in_the_way_is_deleted_and_nothing_else(wrong: FederatedCredential) -> None:
    both = application("orders", federated=(wrong, outside("https://gitlab.com")))
    (step,) = refused(snapshot(both, identities=(NAMED,))).steps
    assert step.federated is not None
    assert (step.federated.name, step.federated.subject) == (wrong.name, wrong.subject)
    assert step.action not in CARRIED_OUT


def test_a_conflict_is_told_with_the_exact_commands_there_and_back_whatever_it_is_called() -> None:
    evil = dataclasses.replace(trust(NAMED, audience="api://'; touch x; '$(touch y)"), id="id-1", name="a'b $(touch z)")
    (step,) = refused(snapshot(application("orders", federated=(evil,)), identities=(NAMED,))).steps
    there, _, back = step.text.partition("; back: ")
    delete = there.partition("which no log can show: ")[2].partition("; it has ")[0]
    assert shlex.split(delete) == [
        "az", "ad", "app", "federated-credential", "delete", "--id", ORDERS.id, "--federated-credential-id", evil.id
    ]  # fmt: skip
    *head, body = shlex.split(back)
    assert head == ["az", "ad", "app", "federated-credential", "create", "--id", ORDERS.id, "--parameters"]
    assert json.loads(body) == {
        "name": evil.name, "issuer": evil.issuer, "subject": evil.subject, "audiences": list(evil.audiences)
    }  # fmt: skip


def test_an_address_that_a_cluster_shares_says_nothing_of_it() -> None:
    hosts = (host("aks", kind=CLUSTER, addresses=("20.9.9.9",)), host("vm", addresses=("20.9.9.9",)))
    tenant = snapshot(ORDERS, hosts=hosts, uses=(use(ORDERS, address="20.9.9.9"),))
    assert refused(tenant).code is RefusalCode.NO_IDENTITY


def test_a_conflict_is_deleted_and_the_unused_is_deactivated_before_it_is_deleted() -> None:
    wrong = application("orders", federated=(trust(NAMED, audience="api://wrong"),))
    (step,) = refused(snapshot(wrong, identities=(NAMED,))).steps
    assert (step.action, step.reverse) == (Action.DELETE_FEDERATED, Action.CREATE_FEDERATED)
    assert steps(refused(idle())) == [Action.DEACTIVATE, Action.DELETE_APPLICATION]


# --- unknown is not no -----------------------------------------------------------------------------------------------


def paired(plan: Plan) -> Pairing:
    (pairing,) = plan.pairings
    return pairing


Change = Callable[[Snapshot], Snapshot]
USED_BY_OTHER_MEANS = dataclasses.replace(use(ORDERS), federated_credential_id="f", credential_type=None)


def changed(**changes: Any) -> Change:
    return lambda tenant: dataclasses.replace(tenant, **changes)


@pytest.mark.parametrize(
    "change",
    [
        changed(sources=()),
        changed(sources=(dataclasses.replace(log(), missing="AuditLog.Read.All not granted"), report())),
        changed(sources=(dataclasses.replace(log(), since=NOW - timedelta(days=7)), report())),
        changed(sources=(dataclasses.replace(log(), until=NOW - timedelta(days=5)), report())),
        changed(sources=(dataclasses.replace(log(), sees=("certificate",)), report())),
        changed(uses=(use(ORDERS), no_users(ORDERS))),
        changed(uses=(USED_BY_OTHER_MEANS, no_users(ORDERS))),
        changed(uses=(dataclasses.replace(use(ORDERS), delegated=True), no_users(ORDERS))),
        changed(uses=()),
        changed(sources=(log(),)),
        changed(sources=(log(), dataclasses.replace(report(), until=NOW - timedelta(days=5)))),
        changed(hosts=(host("web", NAMED, uses=ORDERS),)),
        changed(applications=(application("orders", audience="AzureADMultipleOrgs"),)),
        changed(applications=(dataclasses.replace(ORDERS, sign_in_audience=None),)),
    ],
)
def test_what_is_not_shown_to_be_unused_is_paired(change: Change) -> None:
    assert paired(make_plan(change(idle()))).identity.name == "id-orders"


@pytest.mark.parametrize(
    "change",
    [
        changed(hosts=()),
        changed(notes=(ScanNote(subject="hosts", text="unknown"),)),
        changed(notes=(ScanNote(subject="subscription s", text="Reader not granted"),)),
        changed(hosts=(host("web", addresses=("20.1.1.1",)), host("vm", settings=None))),
        changed(uses=(use(ORDERS, address="20.1.1.1"),)),
        changed(uses=()),
    ],
)
def test_nothing_is_said_to_run_outside_of_azure_where_a_host_may_be_unseen(change: Change) -> None:
    tenant = snapshot(
        ORDERS, hosts=(host("web", addresses=("20.1.1.1",)),), uses=(use(ORDERS, address="198.51.100.9"),)
    )
    assert refused(change(tenant)).code is RefusalCode.NO_IDENTITY


def test_an_identity_is_not_called_foreign_where_some_are_not_located() -> None:
    web = host("web", FOREIGN, uses=ORDERS)
    lost = dataclasses.replace(ELSEWHERE, resource_id=None)
    assert refused(snapshot(ORDERS, identities=(lost,), hosts=(web,))).code is RefusalCode.NO_IDENTITY
    untold = dataclasses.replace(FOREIGN, user_assigned=None)
    assert refused(snapshot(ORDERS, identities=(untold,), hosts=(web,))).code is RefusalCode.NO_IDENTITY


# --- decisions -------------------------------------------------------------------------------------------------------


def test_an_exclusion_ends_and_the_plan_says_so() -> None:
    tenant = snapshot(ORDERS, identities=(NAMED,))
    plan = make_plan(tenant, excluded(TODAY - timedelta(days=1)))
    assert paired(plan).identity.name == "id-orders"
    assert any("exclusion of orders ended" in note for note in plan.notes)


MANY = dataclasses.replace(ORDERS, sign_in_audience="AzureADMultipleOrgs")


def test_a_decided_pair_goes_before_what_the_tenant_suggests() -> None:
    cluster = host("aks", kind=CLUSTER, tags=(("app", ORDERS.client_id),), issuer=CLUSTER_ISSUER)
    decisions = Decisions(
        pairs=(Pair(application="orders", identity="id-elsewhere", reason="moved", tenants=(TenantId("t2"),)),)
    )
    pairing = paired(make_plan(snapshot(MANY, identities=(NAMED, ELSEWHERE), hosts=(cluster,)), decisions))
    assert pairing.identity.name == "id-elsewhere"
    assert pairing.reasons == ("decided in unsecret.toml: moved",)
    assert pairing.tenants == (TENANT, "t2")
