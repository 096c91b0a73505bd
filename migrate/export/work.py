"""What an export does: the changes that ``federate`` would make, in its order, and what it leaves alone. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.errors import PlanError
from migrate.model import ApplicationRef, Pairing, Plan, Refusal
from migrate.review.text import shown
from migrate.steps import Action, Step

_IDENTITY = re.compile(
    r"/subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/microsoft\.managedidentity/userassignedidentities/([^/]+)",
    re.IGNORECASE,
)
_CARRIED_OUT = frozenset({Action.CREATE_IDENTITY, Action.ATTACH_IDENTITY, Action.CREATE_FEDERATED})
"""Steps that can be exported; anything else is for a person to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentity:
    """A user-assigned identity to create."""

    resource_id: str
    subscription: str
    resource_group: str
    name: str
    location: str

    @property
    def short(self) -> str:
        """Return what tells identities of one name apart in names of symbols."""
        return hashlib.sha256(self.resource_id.lower().encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An identity to attach to a host, both by ARM id."""

    host: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A federated credential to create; ``subject`` is None where it is the principal id of ``created``."""

    name: str
    issuer: str
    subject: str | None
    audience: str
    created: NewIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The changes for one application."""

    application: ApplicationRef
    why: str
    """One line for people, without hidden characters."""
    identities: tuple[NewIdentity, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    trusts: tuple[Trust, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that an export writes."""

    plan: Plan
    jobs: tuple[Job, ...]
    left: tuple[str, ...]
    """One line for each application that is left alone although steps lead further."""

    @property
    def identities(self) -> tuple[NewIdentity, ...]:
        """Return the identities to create."""
        return tuple(identity for job in self.jobs for identity in job.identities)


def gather(plan: Plan, pairings: Iterable[Pairing], refusals: Iterable[Refusal]) -> Work:
    """Return the work of the chosen blocks; raises PlanError where an ARM id of the plan is none."""
    jobs = [job for each in pairings if (job := _of_pairing(each))]
    left = []
    for refusal in refusals:
        if refusal.steps and _is_work(refusal.steps):
            jobs.append(_of_steps(refusal))
        elif refusal.steps:
            steps = "; ".join(shown(step.text) for step in refusal.steps)
            left.append(f"{shown(refusal.application.display_name)}: {refusal.code}, left alone; by hand: {steps}")
    return Work(plan=plan, jobs=tuple(jobs), left=tuple(left))


def _of_pairing(pairing: Pairing) -> Job | None:
    federated = pairing.federated
    if federated.exists:
        return None
    trust = Trust(
        name=federated.name, issuer=federated.issuer, subject=federated.subject, audience=federated.audience
    )  # fmt: skip
    why = f"{shown(pairing.application.display_name)} trusts {shown(pairing.identity.name)}"
    return Job(
        application=pairing.application, why=f"{why} (wave {pairing.wave}, {pairing.confidence})", trusts=(trust,)
    )


def _is_work(steps: tuple[Step, ...]) -> bool:
    """Whether nothing of the steps is left to a person, and nothing of them is still to be told."""
    makes = any(step.action is Action.CREATE_IDENTITY for step in steps)
    return all(step.action in _CARRIED_OUT and (_is_told(step) or makes) for step in steps)


def _is_told(step: Step) -> bool:
    if step.action is not Action.CREATE_FEDERATED:
        return True
    return step.federated is not None and bool(step.federated.issuer and step.federated.subject)


def _of_steps(refusal: Refusal) -> Job:
    made = {step.on: _identity(step) for step in refusal.steps if step.action is Action.CREATE_IDENTITY}
    created = next(iter(made.values()), None)
    return Job(
        application=refusal.application,
        why=f"{shown(refusal.application.display_name)}: {refusal.code}; {shown(refusal.explanation)}",
        identities=tuple(made.values()),
        attachments=tuple(_attachments(refusal.steps)),
        trusts=tuple(_trusts(refusal.steps, created)),
    )


def _identity(step: Step) -> NewIdentity:
    found = _IDENTITY.fullmatch(step.on)
    if found is None or not step.location:
        raise PlanError(f"the plan creates the identity {shown(step.on)}, which is no ARM id: make the plan again")
    subscription, group, name = found.groups()
    return NewIdentity(
        resource_id=step.on, subscription=subscription, resource_group=group, name=name, location=step.location
    )


def _attachments(steps: Iterable[Step]) -> Iterator[Attachment]:
    for step in steps:
        if step.action is Action.ATTACH_IDENTITY:
            if step.identity is None or not _IDENTITY.fullmatch(step.identity):
                raise PlanError(
                    f"the plan attaches {shown(str(step.identity))}, which is no ARM id: scan with Azure rights"
                )
            yield Attachment(host=step.on, identity=step.identity)


def _trusts(steps: Iterable[Step], created: NewIdentity | None) -> Iterator[Trust]:
    for step in steps:
        told = step.federated
        if step.action is Action.CREATE_FEDERATED and told and told.issuer and (told.subject or created):
            yield Trust(
                name=told.name,
                issuer=told.issuer,
                subject=told.subject,
                audience=told.audience,
                created=None if told.subject else created,
            )
