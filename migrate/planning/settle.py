"""From what was chosen for an application to its block of the plan: a pairing that can be carried out, or a refusal."""

from __future__ import annotations

from inventory.estate import Host
from inventory.model import Application
from migrate.model import Candidate, IdentityRef, Pairing, Refusal
from migrate.planning import ways, whereabouts
from migrate.planning.assignment import Choice, NotChosen
from migrate.planning.facts import UNATTACHABLE, Facts, Naming
from migrate.planning.federated import FEDERATED_LIMIT, federated_spec
from migrate.planning.resolve import Resolved
from migrate.planning.subjects import Subject
from migrate.refusalcodes import RefusalCode
from migrate.steps import Action, Step

_BETTER = frozenset({RefusalCode.NO_IDENTITY, RefusalCode.LOW_CONFIDENCE, RefusalCode.CONTESTED_IDENTITY})
"""Codes for which the places where it runs may tell a better reason, and a way out."""


def elsewhere(subject: Subject, facts: Facts, resolved: Resolved) -> Refusal | None:
    """Return the refusal of an application that runs where no managed identity serves; a decided pair goes before."""
    application = subject.application
    if application.client_id in resolved.pairs:
        return None
    runs = resolved.runs.get(application.client_id)
    found = whereabouts.decided(application, runs, facts) if runs else whereabouts.unsuited(application, facts)
    return _fitting(subject, found.code, found.explanation, (), found.steps) if found else None


def _fitting(
    subject: Subject,
    code: RefusalCode,
    explanation: str,
    candidates: tuple[Candidate, ...],
    steps: tuple[Step, ...],
) -> Refusal:
    """Return a refusal with the steps that lead out of it, unless there is no room for what they create."""
    present = len(subject.application.federated or ())
    more = sum(step.action is Action.CREATE_FEDERATED for step in steps)
    if more and present + more > FEDERATED_LIMIT:
        code, steps = RefusalCode.FEDERATED_LIMIT, ()
        explanation = f"it holds {present} federated credentials of at most {FEDERATED_LIMIT}; {explanation}"
    return subject.refuse(code, explanation, candidates=candidates, steps=steps)


def settle(subject: Subject, choice: Choice, facts: Facts, resolved: Resolved) -> Pairing | Refusal:
    """Return the block of one application; its wave comes later."""
    if isinstance(choice, NotChosen):
        return _not_chosen(subject, choice, facts)
    application, identity = subject.application, choice.candidate.identity
    candidates = (choice.candidate, *choice.others)
    spec = federated_spec(application, identity, facts)
    if isinstance(spec, tuple):
        return subject.refuse(*spec, candidates=candidates, steps=ways.replaced(application, identity, facts))
    missing = _missing(application, identity, facts)
    decided = resolved.pairs.get(application.client_id)
    if missing:
        names = ", ".join(host.name for host in missing)
        fits = "is what unsecret.toml says" if decided else "fits"
        explanation = f"{identity.name} {fits}, but is not attached to {names}, where the application runs"
        steps = ways.attach(identity, missing)
        return subject.refuse(RefusalCode.NOT_ATTACHED, explanation, candidates=candidates, steps=steps)
    tenants = (facts.snapshot.tenant_id, *(decided[1].tenants if decided else ()))
    return Pairing(
        application=subject.reference,
        identity=identity,
        federated=spec,
        wave=0,
        score=choice.candidate.score,
        reasons=choice.candidate.reasons,
        credentials=subject.planned,
        confidence=choice.candidate.confidence,
        alternatives=choice.others,
        tenants=tuple(dict.fromkeys(tenants)),
    )


def _not_chosen(subject: Subject, choice: NotChosen, facts: Facts) -> Refusal:
    better = whereabouts.explained(subject.application, facts) if choice.code in _BETTER else None
    if better is None:
        return subject.refuse(choice.code, choice.explanation, candidates=choice.candidates)
    keep = better.code is RefusalCode.NO_IDENTITY and choice.code is not RefusalCode.NO_IDENTITY
    return _fitting(
        subject,
        choice.code if keep else better.code,
        f"{choice.explanation}; {better.explanation}" if keep else better.explanation,
        choice.candidates,
        better.steps,
    )


def _missing(application: Application, identity: IdentityRef, facts: Facts) -> list[Host]:
    """Return the hosts that use the application and lack the identity: they would go on using the secret.

    Where no host shows a secret, one that names the application and has the identity is enough: others may only check
    tokens that were issued for it.
    """
    running = [one for one in facts.running(application.client_id) if one.host.type not in UNATTACHABLE]
    using = [one.host for one in running if one.naming is Naming.USES]
    hosts = using or [one.host for one in running]
    missing = [host for host in hosts if identity.principal_id not in facts.attached(host)]
    return missing if using or len(missing) == len(hosts) else []
