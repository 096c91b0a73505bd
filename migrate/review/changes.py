"""What differs between two plans of one tenant, and which evidence changed with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from inventory.model import ClientId
from migrate.model import ApplicationRef, Candidate, Pairing, Plan, PlannedCredential, Refusal
from migrate.review.text import holder
from migrate.steps import Step

Block = Pairing | Refusal
_DECIDES = frozenset({"identity", "why not", "steps"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that is another one now; None where there was none, or is none any more."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is said of one identity and was not, or was said and is not."""

    identity: str
    principal_id: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockChange:
    """The block of one application that is not what it was."""

    application: ApplicationRef
    old: str | None
    """``paired`` or the code of the refusal; None where the old plan did not have the application."""
    new: str | None
    fields: tuple[Field, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanges:
    """Everything that differs. Digests tell why: another snapshot, other decisions."""

    snapshot: Field | None
    policy: Field | None
    blocks: tuple[BlockChange, ...]
    rest: tuple[Field, ...]
    """Waves, freezes, shared identities, audit and notes, each entry that came or went."""

    @property
    def same(self) -> bool:
        """Whether a person who has reviewed the old plan has nothing new to review."""
        return not self.blocks and not self.rest


def compare(old: Plan, new: Plan) -> PlanChanges:
    """Return what differs; the plans are of one tenant."""
    before, after = _blocks(old), _blocks(new)
    keys = sorted(before.keys() | after.keys())
    found = (_block(before.get(key), after.get(key)) for key in keys)
    return PlanChanges(
        snapshot=_field("snapshot digest", old.snapshot_digest, new.snapshot_digest),
        policy=_field("policy digest", old.policy_digest, new.policy_digest),
        blocks=tuple(one for one in found if one is not None),
        rest=tuple(_rest(old, new)),
    )


def _blocks(plan: Plan) -> Mapping[ClientId, Block]:
    blocks: tuple[Block, ...] = (*plan.refusals, *plan.pairings)
    return {one.application.client_id: one for one in blocks}


def _block(old: Block | None, new: Block | None) -> BlockChange | None:
    block = new or old
    if old == new or block is None:
        return None
    fields = tuple(_fields(_facets(old), _facets(new)))
    evidence = tuple(_evidence(_considered(old), _considered(new)))
    if old and new and not fields and not evidence:
        fields = tuple(_fields(dict(_leaves(msgspec.to_builtins(old))), dict(_leaves(msgspec.to_builtins(new)))))
    return BlockChange(
        application=block.application, old=_state(old), new=_state(new), fields=fields, evidence=evidence
    )


def _state(block: Block | None) -> str | None:
    if block is None:
        return None
    return "paired" if isinstance(block, Pairing) else block.code.value


def _facets(block: Block | None) -> Mapping[str, str]:
    """Return what a block says apart from its evidence, in the order in which it is told."""
    if block is None:
        return {}
    common = {
        "application object id": block.application.id,
        "display name": block.application.display_name,
        "credentials": "; ".join(map(_credential, block.credentials)),
    }
    if isinstance(block, Refusal):
        return {"why not": block.explanation, "steps": "; ".join(map(_step, block.steps)), **common}
    federated = block.federated
    return {
        "identity": f"{block.identity.name} ({block.identity.principal_id})",
        "identity's resource": block.identity.resource_id or "",
        "confidence": block.confidence.value,
        "points": str(block.score),
        "wave": str(block.wave),
        "why in this wave": "; ".join(block.order),
        "risk": str(block.risk),
        "federated credential": f"{federated.name}: {federated.issuer}, {federated.subject}, {federated.audience}",
        "federated credential exists": "yes" if federated.exists else "no",
        "tenants": ", ".join(block.tenants),
        **common,
    }


def _step(step: Step) -> str:
    trust = step.federated
    told = (step.identity, step.location, *((trust.name, trust.issuer, trust.subject, trust.audience) if trust else ()))
    more = "".join(f", {one}" for one in told if one)
    return f"{step.text} [{step.action} on {step.on}{more}]"


def _leaves(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    """Yield every value below another one by its path, for what nothing else tells."""
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(below, f"{path}.{key}" if path else str(key))
    else:
        yield path, "" if value is None else str(value)


def _credential(one: PlannedCredential) -> str:
    until = f"until {one.end:%Y-%m-%d}" if one.end else "without an end that can be read"
    return f"{one.kind} {one.key_id} of the {holder(one.holder)} {until}"


def _fields(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[Field]:
    """Yield what differs; of what only one of the blocks can say, no more than what it decides."""
    for key in dict.fromkeys(chain(old, new)):
        field = _field(key, old.get(key) or None, new.get(key) or None)
        if field is not None and (key in _DECIDES or (key in old and key in new)):
            yield field


def _field(name: str, old: str | None, new: str | None) -> Field | None:
    return None if old == new else Field(name=name, old=old, new=new)


def _considered(block: Block | None) -> Mapping[str, Candidate]:
    if block is None:
        return {}
    if isinstance(block, Refusal):
        return {one.identity.principal_id: one for one in block.candidates}
    chosen = Candidate(identity=block.identity, score=block.score, reasons=block.reasons, confidence=block.confidence)
    return {one.identity.principal_id: one for one in (*block.alternatives, chosen)}


def _evidence(old: Mapping[str, Candidate], new: Mapping[str, Candidate]) -> Iterable[Evidence]:
    for key in dict.fromkeys(chain(new, old)):
        was, now = _said(old.get(key)), _said(new.get(key))
        gone, come = tuple(one for one in was if one not in now), tuple(one for one in now if one not in was)
        if gone or come:
            name = (new.get(key) or old[key]).identity.name
            yield Evidence(identity=name, principal_id=key, gone=gone, new=come)


def _said(one: Candidate | None) -> tuple[str, ...]:
    if one is None:
        return ()
    return (*one.reasons, *((f"not chosen: {one.why_not}",) if one.why_not else ()))


def _rest(old: Plan, new: Plan) -> Iterable[Field]:
    """Yield what stands beside the blocks; the risk that a wave leaves follows from the waves, so it is not told."""
    told: tuple[tuple[str, Mapping[str, str], Mapping[str, str]], ...] = (
        ("cloud", {"": old.cloud.value}, {"": new.cloud.value}),
        ("wave", _waves(old), _waves(new)),
        ("freeze", _freezes(old), _freezes(new)),
        ("[retire]", _retire(old), _retire(new)),
        ("shared identity", _shared(old), _shared(new)),
        ("audit", _audit(old), _audit(new)),
        ("note", _notes(old), _notes(new)),
    )
    for kind, before, after in told:
        for key in dict.fromkeys(chain(before, after)):
            name = kind if kind in {"note", "cloud", "freeze"} else f"{kind} {key}"
            field = _field(name, before.get(key), after.get(key))
            if field is not None:
                yield field


def _waves(plan: Plan) -> Mapping[str, str]:
    return {
        str(one.number): f"{one.name}, {one.applications} applications, {one.risk} points of risk"
        + (f", from {one.start}" if one.start else "")
        for one in plan.waves
    }


def _freezes(plan: Plan) -> Mapping[str, str]:
    told = (f"{one.first} to {one.last}: {one.reason}" for one in plan.freezes)
    return {one: one for one in told}


def _retire(plan: Plan) -> Mapping[str, str]:
    return {each.key: str(each.value).lower() for each in plan.retire}


def _notes(plan: Plan) -> Mapping[str, str]:
    return {one: one for one in plan.notes}


def _shared(plan: Plan) -> Mapping[str, str]:
    return {
        one.identity.principal_id: f"{one.identity.name}: {', '.join(each.client_id for each in one.applications)}; "
        f"{one.lateral_paths} lateral paths; split: {'; '.join(step.text for step in one.split) or 'none'}"
        for one in plan.shared
    }


def _audit(plan: Plan) -> Mapping[str, str]:
    return {
        f"{one.code} of {one.application.client_id}, {one.federated}": f"{one.explanation}; {one.advice}"
        for one in plan.audit
    }
