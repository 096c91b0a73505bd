"""Adds the evidence for each pair up: points, reasons, and a confidence that points alone do not give. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from inventory.model import ClientId, ManagedIdentity, PrincipalId
from migrate.model import Candidate, Confidence, IdentityRef
from migrate.planning import evidence
from migrate.planning.facts import Facts
from migrate.planning.hint import Hint, Stage

Candidates = Mapping[ClientId, tuple[Candidate, ...]]
_AGREEING = 3
"""Kinds of evidence that make medium confidence where none of them is strong."""
RANK = {Confidence.LOW: 0, Confidence.MEDIUM: 1, Confidence.HIGH: 2, Confidence.CERTAIN: 3}


def reference(identity: ManagedIdentity) -> IdentityRef:
    """Return what a plan keeps of an identity."""
    return IdentityRef(
        principal_id=identity.principal_id,
        client_id=identity.client_id,
        name=identity.name,
        resource_id=identity.resource_id,
    )


def score(facts: Facts) -> dict[ClientId, tuple[Candidate, ...]]:
    """Return the candidates of every application that have points, the best first."""
    found: dict[ClientId, dict[PrincipalId, list[Hint]]] = {one.client_id: {} for one in facts.applications}
    for stage in Stage:
        pairs = {} if stage is Stage.FINDS else {key: hints.keys() for key, hints in found.items()}
        hints: defaultdict[tuple[ClientId, PrincipalId], list[Hint]] = defaultdict(list)
        for kind in evidence.kinds():
            if kind.stage is stage:
                for hint in kind.hints(facts, pairs):
                    hints[hint.application, hint.identity].append(hint)
        for (application, identity), told in hints.items():
            found[application].setdefault(identity, []).extend(told)
    references = {key: reference(one) for key, one in facts.identities.items()}
    return {key: _ranked(hints, references) for key, hints in found.items()}


def _ranked(
    found: Mapping[PrincipalId, list[Hint]], references: Mapping[PrincipalId, IdentityRef]
) -> tuple[Candidate, ...]:
    candidates = (_candidate(references[key], hints) for key, hints in found.items())
    return tuple(sorted(candidates, key=lambda one: (-one.score, one.identity.principal_id)))


def _candidate(identity: IdentityRef, hints: list[Hint]) -> Candidate:
    ordered = sorted(hints, key=lambda one: (-one.points, one.reason))
    return Candidate(
        identity=identity,
        score=sum(one.points for one in hints),
        reasons=tuple(f"{one.points:+d} {one.reason}" for one in ordered),
        confidence=_confidence(hints),
    )


def _confidence(hints: list[Hint]) -> Confidence:
    """Judge by the kinds of evidence: one strong kind is medium, with another one and nothing against it high."""
    doubtful = strong = against = False
    speaking = 0
    for one in hints:
        if one.certain:
            return Confidence.CERTAIN
        doubtful |= one.doubtful
        strong |= one.strong
        against |= one.points < 0
        speaking += one.points > 0
    if doubtful:
        return Confidence.LOW
    if strong:
        return Confidence.HIGH if speaking > 1 and not against else Confidence.MEDIUM
    return Confidence.MEDIUM if speaking >= _AGREEING and not against else Confidence.LOW
