"""From a snapshot to a plan: a pairing or a refusal for every application that holds a credential."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from inventory.model import ClientId, Snapshot
from migrate import collector
from migrate.model import PLAN_SCHEMA, Pairing, Plan, Refusal, Wave
from migrate.planning import notes, sharing
from migrate.planning.assignment import assign
from migrate.planning.audit import audit
from migrate.planning.decisions import NOTHING, Decisions
from migrate.planning.facts import CodeSite, Facts, gather
from migrate.planning.federated import FEDERATED_LIMIT as FEDERATED_LIMIT  # noqa: PLC0414 - handed on
from migrate.planning.resolve import Resolved, resolve
from migrate.planning.risk import Surroundings, assess, surroundings
from migrate.planning.scoring import score
from migrate.planning.seen import seen
from migrate.planning.settle import elsewhere, settle
from migrate.planning.subjects import Subject, idle, ineligible, subjects, without_application
from migrate.planning.waves import Member, order
from migrate.planning.whose import Owners


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Everything that one plan is made of."""

    snapshot: Snapshot
    decisions: Decisions
    resolved: Resolved
    around: Surroundings
    subjects: Mapping[ClientId, Subject]


def make_plan(snapshot: Snapshot, decisions: Decisions = NOTHING, sites: Iterable[CodeSite] = ()) -> Plan:
    """Return the plan for a snapshot; equal snapshots and decisions give equal plans. Its digest is left to the file.

    Raises:
        PolicyError: a decision names an application or identity that the snapshot does not have.

    """
    with collector.paused():
        return _made(snapshot, decisions, sites)


def _made(snapshot: Snapshot, decisions: Decisions, sites: Iterable[CodeSite]) -> Plan:
    principals = {principal.client_id: principal for principal in snapshot.service_principals}
    case = _Case(
        snapshot=snapshot,
        decisions=decisions,
        resolved=resolve(decisions, snapshot),
        around=surroundings(snapshot),
        subjects={each.application.client_id: each for each in subjects(snapshot, principals)},
    )
    facts, refusals = _open(case, sites)
    choices = assign(facts, score(facts), case.resolved)
    settled = [settle(case.subjects[key], choice, facts, case.resolved) for key, choice in choices.items()]
    refusals += [each for each in settled if isinstance(each, Refusal)]
    refusals += without_application(snapshot)
    pairings, waves = _in_waves([each for each in settled if isinstance(each, Pairing)], case, facts)
    return Plan(
        schema=PLAN_SCHEMA,
        tenant_id=snapshot.tenant_id,
        cloud=snapshot.cloud,
        snapshot_digest=snapshot.digest,
        snapshot_taken_at=snapshot.taken_at,
        policy_digest=decisions.digest,
        pairings=pairings,
        refusals=tuple(sorted(refusals, key=lambda each: (each.code, each.application.client_id))),
        waves=waves,
        freezes=decisions.freezes,
        retire=decisions.retire,
        shared=sharing.shared(pairings, facts),
        audit=audit(snapshot, principals),
        notes=(*case.resolved.notes, *notes.notes(snapshot, facts, pairings)),
        seen=seen(snapshot, pairings),
    )


def _open(case: _Case, sites: Iterable[CodeSite]) -> tuple[Facts, list[Refusal]]:
    """Return the facts of the applications that are to be paired, and the refusals of all others."""
    refused = {
        key: refusal
        for key, each in case.subjects.items()
        if (refusal := ineligible(each, case.decisions, case.resolved, case.snapshot))
    }
    wanted = [each.application for key, each in case.subjects.items() if key not in refused]
    facts = gather(case.snapshot, wanted, case.decisions, sites)
    for application in facts.applications:
        subject = case.subjects[application.client_id]
        refusal = elsewhere(subject, facts, case.resolved)
        if refusal is None and application.client_id not in case.resolved.pairs:
            refusal = idle(subject, facts, case.around)
        if refusal is not None:
            refused[application.client_id] = refusal
    remaining = tuple(one for one in facts.applications if one.client_id not in refused)
    return replace(facts, applications=remaining), list(refused.values())


def _in_waves(pairings: list[Pairing], case: _Case, facts: Facts) -> tuple[tuple[Pairing, ...], tuple[Wave, ...]]:
    owners = Owners(case.decisions.owners)
    members = []
    for pairing in pairings:
        subject = case.subjects[pairing.application.client_id]
        risk = assess(
            subject.application,
            subject.principal,
            [one for one in subject.credentials if one.key_id in {each.key_id for each in subject.planned}],
            case.around,
            hosts=len(facts.running(pairing.application.client_id)),
            confidence=pairing.confidence,
        )
        owner = owners.first(subject.application)
        members.append(Member(client_id=pairing.application.client_id, owner=owner, risk=risk))
    placed = order(members, case.decisions)
    by_client = {member.client_id: member.risk for member in members}
    found = []
    for pairing in pairings:
        key = pairing.application.client_id
        reasons = (placed.why[key], *by_client[key].reasons)
        found.append(replace(pairing, wave=placed.number[key], risk=by_client[key].risk, order=reasons))
    return tuple(sorted(found, key=lambda each: (each.wave, each.application.client_id))), placed.waves
