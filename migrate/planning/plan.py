"""From a snapshot to a plan: a pairing or a refusal for every application that holds a credential."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.classify import reconcile
from inventory.model import Application, ApplicationId, ClientId, Credential, ServicePrincipal, Snapshot
from migrate.model import (
    PLAN_SCHEMA,
    ApplicationRef,
    Candidate,
    FederatedSpec,
    IdentityRef,
    Pairing,
    Plan,
    Refusal,
    RefusalCode,
)
from migrate.planning import clouds, eligibility, waves
from migrate.planning.candidates import CandidateIndex
from migrate.planning.choice import Choice, NotChosen, choose

FEDERATED_LIMIT = 20
"""Federated credentials an application can hold (Graph, "federatedIdentityCredential resource type")."""
_SHOWN_CANDIDATES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    application: Application
    credentials: tuple[Credential, ...]


def make_plan(snapshot: Snapshot) -> Plan:
    """Return the plan for a snapshot; equal snapshots give equal plans. The digest is left to the plan file."""
    principals = {principal.client_id: principal for principal in snapshot.service_principals}
    subjects = [
        _Subject(application=each, credentials=reconcile(each, principals.get(each.client_id)))
        for each in snapshot.applications
    ]
    refusals = [refusal for subject in subjects if (refusal := _ineligible(subject, principals, snapshot))]
    refusals += _without_application(snapshot)
    refused = {refusal.application.client_id for refusal in refusals}
    open_subjects = [each for each in subjects if each.credentials and each.application.client_id not in refused]
    pairings, unpaired = _pair(open_subjects, snapshot)
    return Plan(
        schema=PLAN_SCHEMA,
        tenant_id=snapshot.tenant_id,
        cloud=snapshot.cloud,
        snapshot_digest=snapshot.digest,
        snapshot_taken_at=snapshot.taken_at,
        pairings=tuple(sorted(pairings, key=lambda each: (each.wave, each.application.client_id))),
        refusals=tuple(sorted([*refusals, *unpaired], key=lambda each: (each.code, each.application.client_id))),
    )


def _reference(application: Application) -> ApplicationRef:
    return ApplicationRef(id=application.id, client_id=application.client_id, display_name=application.display_name)


def _ineligible(subject: _Subject, principals: dict[ClientId, ServicePrincipal], snapshot: Snapshot) -> Refusal | None:
    principal = principals.get(subject.application.client_id)
    if not subject.credentials:
        return None
    refused = eligibility.refusal(subject.application, principal, subject.credentials, snapshot.taken_at)
    return _refuse(subject, *refused, candidates=()) if refused else None


def _refuse(subject: _Subject, code: RefusalCode, explanation: str, candidates: tuple[Candidate, ...]) -> Refusal:
    return Refusal(
        application=_reference(subject.application),
        code=code,
        explanation=explanation,
        candidates=candidates[:_SHOWN_CANDIDATES],
        credentials=eligibility.planned(subject.credentials),
    )


def _without_application(snapshot: Snapshot) -> list[Refusal]:
    """Service principals with credentials whose application lives elsewhere, or nowhere."""
    registered = {application.client_id for application in snapshot.applications}
    return [
        _refuse_principal(principal, snapshot)
        for principal in snapshot.service_principals
        if principal.client_id not in registered and eligibility.planned(principal.credentials)
    ]


def _refuse_principal(principal: ServicePrincipal, snapshot: Snapshot) -> Refusal:
    if principal.home_tenant not in {None, snapshot.tenant_id}:
        code = RefusalCode.FOREIGN_APPLICATION
        explanation = f"it is registered in tenant {principal.home_tenant}; only its owner can federate it"
    else:
        code = RefusalCode.NO_APPLICATION
        explanation = "this service principal has no application registration to hold a federated credential"
    return Refusal(
        application=ApplicationRef(
            id=ApplicationId(principal.id), client_id=principal.client_id, display_name=principal.display_name
        ),
        code=code,
        explanation=explanation,
        candidates=(),
        credentials=eligibility.planned(principal.credentials),
    )


def _pair(subjects: list[_Subject], snapshot: Snapshot) -> tuple[list[Pairing], list[Refusal]]:
    issuer = clouds.issuer(snapshot.cloud, snapshot.tenant_id)
    index = CandidateIndex(snapshot.identities)
    candidates = {each.application.client_id: index.candidates(each.application, issuer) for each in subjects}
    choices = choose(candidates)
    results = [
        _settle(each, choices[each.application.client_id], candidates[each.application.client_id], snapshot)
        for each in subjects
    ]
    return [each for each in results if isinstance(each, Pairing)], [
        each for each in results if isinstance(each, Refusal)
    ]


def _settle(
    subject: _Subject, choice: Choice, candidates: tuple[Candidate, ...], snapshot: Snapshot
) -> Pairing | Refusal:
    if isinstance(choice, NotChosen):
        return _refuse(subject, choice.code, choice.explanation, candidates)
    spec = federated_spec(subject.application, choice.candidate.identity, snapshot)
    if isinstance(spec, tuple):
        return _refuse(subject, *spec, candidates=candidates)
    credentials = eligibility.planned(subject.credentials)
    return Pairing(
        application=_reference(subject.application),
        identity=choice.candidate.identity,
        federated=spec,
        wave=waves.wave(subject.application, credentials),
        score=choice.candidate.score,
        reasons=choice.candidate.reasons,
        credentials=credentials,
    )


def federated_spec(
    application: Application, identity: IdentityRef, snapshot: Snapshot
) -> FederatedSpec | eligibility.Refused:
    """Return the federated credential to create or keep, or why the application cannot take it."""
    issuer, audience = clouds.issuer(snapshot.cloud, snapshot.tenant_id), clouds.audience(snapshot.cloud)
    wanted = (issuer, identity.principal_id, (audience,))
    present = application.federated or ()
    kept = next((each for each in present if (each.issuer, each.subject, each.audiences) == wanted), None)
    name = kept.name if kept else f"unsecret-{identity.principal_id}"
    for each in () if kept else present:
        if each.name == name or (each.issuer, each.subject) == wanted[:2]:
            explanation = f"its federated credential {each.name} has the same name or subject but another content"
            return RefusalCode.FEDERATED_CONFLICT, explanation
    if not kept and len(present) >= FEDERATED_LIMIT:
        return RefusalCode.FEDERATED_LIMIT, f"it holds {len(present)} federated credentials, the most there can be"
    return FederatedSpec(
        name=name, issuer=issuer, subject=identity.principal_id, audience=audience, exists=kept is not None
    )
