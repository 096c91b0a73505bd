"""Choosing one identity for each application, or saying why none can be chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from inventory.model import ClientId, PrincipalId
from migrate.model import Candidate, RefusalCode

THRESHOLD = 45
MARGIN = 15
TRUSTED = 100
"""Points of an identity that the application trusts already; such a pair is kept whoever else wants the identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The identity that clearly stands out."""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChosen:
    """No identity stands out, or somebody else has a better claim to it."""

    code: RefusalCode
    explanation: str


Choice = Chosen | NotChosen
Claims = Mapping[PrincipalId, list[tuple[int, ClientId]]]


def choose(candidates: Mapping[ClientId, tuple[Candidate, ...]]) -> dict[ClientId, Choice]:
    """Choose for every application; one identity goes to one application, since sharing lets one act as the other."""
    first = {client_id: _stands_out(found) for client_id, found in candidates.items()}
    claims: dict[PrincipalId, list[tuple[int, ClientId]]] = defaultdict(list)
    for client_id, choice in first.items():
        if isinstance(choice, Chosen):
            claims[choice.candidate.identity.principal_id].append((choice.candidate.score, client_id))
    return {client_id: _uncontested(client_id, choice, claims) for client_id, choice in first.items()}


def _stands_out(found: tuple[Candidate, ...]) -> Choice:
    if not found or found[0].score < THRESHOLD:
        return NotChosen(code=RefusalCode.NO_IDENTITY, explanation="no user-assigned identity clearly belongs to it")
    if len(found) > 1 and found[1].score > found[0].score - MARGIN:
        names = " and ".join(candidate.identity.name for candidate in found[:2])
        return NotChosen(code=RefusalCode.AMBIGUOUS_IDENTITY, explanation=f"{names} fit about equally well")
    return Chosen(candidate=found[0])


def _uncontested(
    client_id: ClientId, choice: Choice, claims: Mapping[PrincipalId, list[tuple[int, ClientId]]]
) -> Choice:
    if isinstance(choice, NotChosen) or choice.candidate.score >= TRUSTED:
        return choice
    identity = choice.candidate.identity
    others = [score for score, other in claims[identity.principal_id] if other != client_id]
    if all(choice.candidate.score >= score + MARGIN for score in others):
        return choice
    return NotChosen(
        code=RefusalCode.CONTESTED_IDENTITY,
        explanation=f"{identity.name} fits {len(others) + 1} applications; sharing it would let one act as the other",
    )
