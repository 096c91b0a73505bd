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


def gather(
    plan: Plan,
    pairings: Iterable[Pairing],
    refusals: Iterable[Refusal],
    *,
    others: Iterable[Refusal] = (),
    most: int | None = None,
) -> Work:
    """Return the work of the chosen blocks, ``most`` of them; ``others`` are left alone and told.

    Raises:
        PlanError: an ARM id of the plan is none.

    """
    told = [*others]
    jobs = [job for each in pairings if (job := _of_pairing(each))]
    for refusal in refusals:
        if refusal.can_be_carried_out and _is_told(refusal.steps):
            jobs.append(_of_steps(refusal))
        else:
            told.append(refusal)
    return Work(plan=plan, jobs=tuple(jobs[:most]), left=tuple(_left(one) for one in told if one.steps))


def _left(refusal: Refusal) -> str:
    steps = "; ".join(shown(step.text) for step in refusal.steps)
    how = "--steps includes it" if refusal.can_be_carried_out and _is_told(refusal.steps) else "by hand"
    return f"{shown(refusal.application.display_name)}: {refusal.code}, left alone; {how}: {steps}"


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


def _is_told(steps: tuple[Step, ...]) -> bool:
    """Whether every federated credential has its issuer and subject, or an identity that is made before it."""
    makes = any(step.action is Action.CREATE_IDENTITY for step in steps)
    trusts = [step.federated for step in steps if step.action is Action.CREATE_FEDERATED]
    return all(one is not None and one.issuer and (one.subject or makes) for one in trusts)


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
