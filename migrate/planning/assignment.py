"""Chooses one identity for each application, all at once, or says why none can be chosen without a person. Pure.

What is in force or decided is kept first. Of the rest the assignment with the highest total of points above the
threshold is taken, and of it only the pairs that every other assignment would have to give up at least the margin for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from inventory.model import ClientId, PrincipalId
from migrate.model import Candidate, Confidence
from migrate.planning import matching
from migrate.planning.decisions import Thresholds
from migrate.planning.facts import Facts
from migrate.planning.resolve import Resolved
from migrate.planning.scoring import RANK, Candidates, reference
from migrate.refusalcodes import RefusalCode

_SHOWN = 3
"""Candidates that a plan tells of each application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The identity that is right for it, and those that are not, with the reason."""

    candidate: Candidate
    others: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChosen:
    """No identity stands out, or somebody else has as good a claim to it."""

    code: RefusalCode
    explanation: str
    candidates: tuple[Candidate, ...]


Choice = Chosen | NotChosen


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    facts: Facts
    candidates: Candidates
    pinned: Mapping[ClientId, Candidate]
    chosen: Mapping[ClientId, Candidate]
    doubtful: Mapping[ClientId, Candidate]
    """Best for the total, but not by the margin."""
    holders: Mapping[PrincipalId, tuple[ClientId, int]]
    """Who gets or would get an identity, and with how many points."""
    claims: Mapping[PrincipalId, list[ClientId]]
    """Who has a claim to an identity that counts."""
    names: Mapping[ClientId, str]
    decided: Collection[ClientId]

    @property
    def thresholds(self) -> Thresholds:
        return self.facts.decisions.thresholds


def assign(facts: Facts, candidates: Candidates, resolved: Resolved) -> dict[ClientId, Choice]:
    """Choose for every application."""
    pinned = _pinned(facts, candidates, resolved)
    chosen, doubtful = _matched(facts, candidates, pinned)
    holders = {
        candidate.identity.principal_id: (client_id, candidate.score)
        for group in (doubtful, chosen, pinned)
        for client_id, candidate in group.items()
    }
    state = _State(
        facts=facts,
        candidates=candidates,
        pinned=pinned,
        chosen=chosen,
        doubtful=doubtful,
        holders=holders,
        claims=_claims(facts, candidates) if doubtful else {},
        names={one.client_id: one.display_name for one in facts.applications},
        decided=resolved.pairs.keys(),
    )
    return {one.client_id: _choice(state, one.client_id) for one in facts.applications}


def _claims(facts: Facts, candidates: Candidates) -> dict[PrincipalId, list[ClientId]]:
    found: defaultdict[PrincipalId, list[ClientId]] = defaultdict(list)
    least = facts.decisions.thresholds.score - facts.decisions.thresholds.margin
    for client_id, listed in candidates.items():
        for one in listed:
            if one.score > least:
                found[one.identity.principal_id].append(client_id)
    return found


# --- what needs no choice --------------------------------------------------------------------------------------------


def _pinned(facts: Facts, candidates: Candidates, resolved: Resolved) -> dict[ClientId, Candidate]:
    """Keep what is decided, then what trusts an identity already: the clear leader where there are several."""
    pinned: dict[ClientId, Candidate] = {}
    for one in facts.applications:
        if one.client_id in resolved.pairs:
            identity, pair = resolved.pairs[one.client_id]
            pinned[one.client_id] = _decided(facts, candidates[one.client_id], identity, pair.reason)
            continue
        certain = [each for each in candidates[one.client_id] if each.confidence is Confidence.CERTAIN]
        lead = certain[0].score - certain[1].score if len(certain) > 1 else facts.decisions.thresholds.margin
        if certain and lead >= facts.decisions.thresholds.margin:
            pinned[one.client_id] = certain[0]
    return pinned


def _decided(facts: Facts, candidates: Iterable[Candidate], identity: PrincipalId, reason: str) -> Candidate:
    said = f"decided in unsecret.toml: {reason}"
    for one in candidates:
        if one.identity.principal_id == identity:
            return replace(one, reasons=(said, *one.reasons), confidence=Confidence.CERTAIN)
    return Candidate(
        identity=reference(facts.identities[identity]), score=0, reasons=(said,), confidence=Confidence.CERTAIN
    )


# --- the rest, all at once -------------------------------------------------------------------------------------------


def _matched(
    facts: Facts, candidates: Candidates, pinned: Mapping[ClientId, Candidate]
) -> tuple[dict[ClientId, Candidate], dict[ClientId, Candidate]]:
    """Return the pairs of the best assignment that stand by the margin, and those that do not."""
    thresholds = facts.decisions.thresholds
    taken = {candidate.identity.principal_id for candidate in pinned.values()}
    rows = [one.client_id for one in facts.applications if one.client_id not in pinned]
    columns: dict[PrincipalId, int] = {key: at for at, key in enumerate(facts.identities)}
    offered = [
        {
            columns[one.identity.principal_id]: one
            for one in candidates[row]
            if one.score > thresholds.score - thresholds.margin and one.identity.principal_id not in taken
        }
        for row in rows
    ]
    edges = {
        at: {column: _value(one, thresholds) for column, one in found.items()}
        for at, found in enumerate(offered)
        if found
    }
    matched = matching.match(edges, 2 * thresholds.margin)
    pairs = {rows[at]: offered[at][column] for at, column in matched.chosen.items()}
    sure = {rows[at] for at, margin in matched.margins.items() if margin >= 2 * thresholds.margin}
    return (
        {key: one for key, one in pairs.items() if key in sure},
        {key: one for key, one in pairs.items() if key not in sure},
    )


def _value(candidate: Candidate, thresholds: Thresholds) -> int:
    """Return twice the points above the threshold and one more; below it, or unsure, a pair is worth less than none.

    Such a pair is never chosen, and still shows that a choice is not clear. Twice and one more, so that no value is 0.
    """
    enough = RANK[candidate.confidence] >= RANK[thresholds.confidence]
    score = candidate.score if enough else min(candidate.score, thresholds.score - 1)
    return 2 * (score - thresholds.score) + 1


# --- in words --------------------------------------------------------------------------------------------------------


def _choice(state: _State, client_id: ClientId) -> Choice:
    found = state.candidates[client_id]
    mine = state.pinned.get(client_id) or state.chosen.get(client_id)
    shown = found[: _SHOWN + 1]
    if mine is not None:
        rest = [one for one in shown if one.identity.principal_id != mine.identity.principal_id][:_SHOWN]
        others = tuple(replace(one, why_not=_why_not(state, client_id, one, mine)) for one in rest)
        return Chosen(candidate=mine, others=others)
    code, explanation = _refused(state, client_id, found)
    listed = tuple(replace(one, why_not=_why_not(state, client_id, one, None)) for one in shown[:_SHOWN])
    return NotChosen(code=code, explanation=explanation, candidates=listed)


def _refused(state: _State, client_id: ClientId, found: tuple[Candidate, ...]) -> tuple[RefusalCode, str]:
    best = found[0] if found else None
    thresholds = state.thresholds
    if best is None or best.score < thresholds.score:
        return RefusalCode.NO_IDENTITY, "no user-assigned identity clearly belongs to it"
    close = [one for one in found[1:] if one.score > best.score - thresholds.margin]
    if close:
        names = " and ".join(one.identity.name for one in (best, close[0]))
        return RefusalCode.AMBIGUOUS_IDENTITY, f"{names} fit about equally well"
    if client_id in state.doubtful or _holder(state, client_id, best):
        return RefusalCode.CONTESTED_IDENTITY, (
            f"{best.identity.name} fits {_rival(state, client_id, best)} as well; sharing it would let one act as the "
            "other"
        )
    return RefusalCode.LOW_CONFIDENCE, (
        f"{best.identity.name} has {best.score} points, but the confidence is {best.confidence} and not "
        f"{thresholds.confidence}"
    )


def _holder(state: _State, client_id: ClientId, candidate: Candidate) -> tuple[ClientId, int] | None:
    holder = state.holders.get(candidate.identity.principal_id)
    return holder if holder is not None and holder[0] != client_id else None


def _rival(state: _State, client_id: ClientId, best: Candidate) -> str:
    holder = _holder(state, client_id, best)
    if holder:
        return state.names[holder[0]]
    claims = state.claims[best.identity.principal_id]
    first = next((one for one in claims if one != client_id), None)
    more = len(claims) - 2  # this one, and the first
    return "others" if first is None else state.names[first] + (f" and {more} others" if more > 0 else "")


def _why_not(state: _State, client_id: ClientId, candidate: Candidate, mine: Candidate | None) -> str:
    holder = _holder(state, client_id, candidate)
    thresholds = state.thresholds
    if mine is not None and (client_id in state.decided or mine.score - candidate.score >= thresholds.margin):
        less = f"{mine.score - candidate.score} points less than {mine.identity.name}"
        return f"unsecret.toml says {mine.identity.name}" if client_id in state.decided else less
    if holder is not None:
        return f"{state.names[holder[0]]} has {holder[1]} points for it"
    if candidate.score < thresholds.score:
        return f"{candidate.score} points are below the threshold of {thresholds.score}"
    if RANK[candidate.confidence] < RANK[thresholds.confidence]:
        return f"the confidence is {candidate.confidence} and not {thresholds.confidence}"
    if mine is not None:
        return f"{mine.identity.name} is better for all applications together"
    return f"no choice stands by {thresholds.margin} points"
