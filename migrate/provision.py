"""Carrying out the steps of an application that cannot simply be paired: identity, hosts, federated credential.

One step after the other, each as everywhere: read, write down what is meant and what was there before, change, read
until it was seen several times in a row, write down what was seen. What an interrupted run meant is looked up in Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import assert_never

from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.model import IdentityClientId, PrincipalId
from migrate import attachment, rollout
from migrate.attachment import Attachment, NewIdentity
from migrate.entry import Json, Kind
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.federation import Created, Federator, NotCreated, Present, WouldCreate
from migrate.ledger import Ledger
from migrate.model import FederatedSpec, IdentityRef, Pairing, Plan, Refusal
from migrate.ports import Clock, HostWriter, Journal
from migrate.settling import Settling
from migrate.steps import Action, DirectTrust, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """Every step is done; ``done`` says which of them were not done before."""

    refusal: Refusal
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldCarryOut:
    """Dry run: these steps are left, with what has to be known of them."""

    refusal: Refusal
    left: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCarriedOut:
    """A step failed or may not be made; those after it were not begun."""

    refusal: Refusal
    done: tuple[str, ...]
    message: str


Provision = CarriedOut | WouldCarryOut | NotCarriedOut


@dataclass(slots=True, kw_only=True)
class _Progress:
    """How far the steps of one application are."""

    ledger: Ledger
    apply: bool
    identity: NewIdentity | None = None
    done: list[str] = field(default_factory=list)
    """What was done, or would be."""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioner:
    """Carries out the steps of a plan's refusals; ``second_identity``: also on machines that have one already."""

    plan: Plan
    hosts: HostWriter
    federator: Federator
    journal: Journal
    clock: Clock
    settling: Settling = field(default_factory=Settling)
    second_identity: bool = False

    async def run(
        self, refusals: Iterable[Refusal], *, apply: bool, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Provision, ...]:
        """Carry out the steps, one application after the other: two of them may be about the same host.

        Raises:
            InventoryError: Azure cannot be reached, or does not accept the sign-in.
            JournalError: what is meant could not be written down; then nothing was changed.

        """
        results: list[Provision] = []
        for refusal in refusals:
            if self.federator.stopped():
                break
            progress(refusal.application.display_name)
            results.append(await self._leased(refusal) if apply else await self._one(refusal, apply=False))
        return tuple(results)

    async def _leased(self, refusal: Refusal) -> Provision:
        try:
            with self.journal.lease(refusal.application.client_id):
                return await self._one(refusal, apply=True)
        except (LeaseHeldError, LeaseLostError) as error:
            return NotCarriedOut(refusal=refusal, done=(), message=str(error))

    async def first(self, refusals: Iterable[Refusal], most: int) -> tuple[Refusal, ...]:
        """Return the first few applications, in the order of the plan, of whose steps something is left."""
        found = await self.run(refusals, apply=False)
        return tuple(each.refusal for each in found if not isinstance(each, CarriedOut))[:most]

    async def _one(self, refusal: Refusal, *, apply: bool) -> Provision:
        what = rollout.course_of_steps(refusal)
        at = _Progress(ledger=Ledger(journal=self.journal, plan=self.plan.digest, what=what), apply=apply)
        for step in refusal.steps:
            try:
                await self._step(refusal, step, at)
            except (WriteFailedError, ReadFailedError, PermissionMissingError) as error:
                return NotCarriedOut(refusal=refusal, done=tuple(at.done) if apply else (), message=str(error))
        if apply or not at.done:
            return CarriedOut(refusal=refusal, done=tuple(at.done))
        return WouldCarryOut(refusal=refusal, left=tuple(at.done), warnings=tuple(at.warnings))

    async def _step(self, refusal: Refusal, step: Step, at: _Progress) -> None:
        match step.action:
            case Action.CREATE_IDENTITY:
                await self._create(step, at)
            case Action.ATTACH_IDENTITY:
                await self._attach(step, at)
            case Action.CREATE_FEDERATED:
                await self._trust(refusal, step, at)
            case _:
                raise WriteFailedError(f"{step.text}: this is for a person to do")

    # --- the identity ------------------------------------------------------------------------------------------------

    async def _create(self, step: Step, at: _Progress) -> None:
        resource_id = step.identity or step.on
        found = await self.hosts.identity(resource_id)
        begun = (Kind.IDENTITY_MEANT, resource_id) in at.ledger.standing().begun
        at.identity = found
        if found is not None and not begun:
            return
        at.done.append(step.text)
        if not at.apply:
            return
        if not step.location:
            raise WriteFailedError(f"{step.text}: the plan names no region for it; scan and plan again")
        if found is None:
            at.ledger.intend(Kind.IDENTITY_MEANT, resource_id, location=step.location)
        with _failures(at.ledger, Kind.IDENTITY_FAILED, resource_id):
            if found is None:
                await self.hosts.create_identity(resource_id, step.location)
            at.identity = found = await self._identity_seen(resource_id)
        ids: dict[str, Json] = {"principal_id": found.principal_id, "client_id": found.client_id}
        at.ledger.saw(Kind.IDENTITY_CREATED, resource_id, created=True, **ids)

    async def _identity_seen(self, resource_id: str) -> NewIdentity:
        seen: list[NewIdentity] = []

        async def look() -> bool:
            found = await self.hosts.identity(resource_id)
            seen[:] = [found] if found else []
            return found is not None

        name = resource_id.rpartition("/")[2]
        await self.settling.until(look, self.clock, f"the identity {name} was created but does not show up")
        return seen[0]

    # --- hosts -------------------------------------------------------------------------------------------------------

    async def _attach(self, step: Step, at: _Progress) -> None:
        host, identity = step.on, step.identity or ""
        before = await self.hosts.attachment(host)
        if before is None:
            raise WriteFailedError(f"{step.text}: there is no such resource; scan and plan again")
        standing = at.ledger.standing()
        begun = (Kind.ATTACH_MEANT, host) in standing.begun
        if before.has(identity) and not begun:
            if at.apply and host.lower() not in standing.hosts:
                at.ledger.saw(Kind.ATTACHED, host, attached=False, identity=identity)
            return
        at.done.append(step.text)
        if risk := "" if begun or self.second_identity else attachment.ambiguous(before, host):
            at.warnings.append(risk)
            if at.apply:
                raise WriteFailedError(f"{risk}; then run federate again with --second-identity")
        if at.apply:
            await self._attached(host, identity, before, at.ledger)

    async def _attached(self, host: str, identity: str, before: Attachment, ledger: Ledger) -> None:
        """Attach, and compare what is there afterwards with what was there before; a run that ended is only read."""
        if not before.has(identity):
            ledger.intend(Kind.ATTACH_MEANT, host, identity=identity, before=_told(before))
        seen: list[Attachment] = []

        async def look() -> bool:
            found = await self.hosts.attachment(host)
            seen[:] = [found] if found else []
            return found is not None and found.has(identity)

        name = host.rpartition("/")[2]
        with _failures(ledger, Kind.ATTACH_FAILED, host):
            if not before.has(identity):
                await self.hosts.attach(host, identity)
            await self.settling.until(look, self.clock, f"the identity was attached to {name} but does not show up")
            if lost := seen[0].lost(before):
                raise WriteFailedError(
                    f"{name} had {', '.join(lost)} before and has not now: somebody took it away at the same moment, "
                    "or the request did; if it is needed, attach it again, and then run federate again"
                )
        ledger.saw(Kind.ATTACHED, host, attached=True, identity=identity, after=_told(seen[0]))

    # --- the federated credential ------------------------------------------------------------------------------------

    async def _trust(self, refusal: Refusal, step: Step, at: _Progress) -> None:
        trust = step.federated
        subject = (trust.subject if trust else None) or (at.identity.principal_id if at.identity else None)
        if trust is None or (subject is None and at.apply) or trust.issuer is None:
            raise WriteFailedError(
                f"{step.text}: name issuer and subject with [[runs]] in unsecret.toml and plan again"
            )
        if subject is None:  # a dry run in which the identity is yet to come
            at.done.append(step.text)
            return
        pairing = _pairing(refusal, trust, subject, at.identity)
        result = await self.federator.one(pairing, apply=at.apply, what=at.ledger.what)
        match result:
            case Created() | WouldCreate():
                at.done.append(step.text)
            case Present():
                pass
            case NotCreated(message=message):
                raise WriteFailedError(message)
            case _:
                assert_never(result)


class _failures:  # noqa: N801 - reads as the statement that it is
    """Write down a failure of the change in the block, and let it go on."""

    def __init__(self, ledger: Ledger, kind: Kind, subject: str) -> None:
        self._ledger, self._kind, self._subject = ledger, kind, subject

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, WriteFailedError | ReadFailedError | PermissionMissingError):
            self._ledger.saw(self._kind, self._subject, message=str(error))


def _told(found: Attachment) -> Json:
    return {"system": found.system, "identities": list(found.identities)}


def _pairing(refusal: Refusal, trust: DirectTrust, subject: str, identity: NewIdentity | None) -> Pairing:
    """Return the pairing that the steps amount to; it retires nothing."""
    known = IdentityRef(
        principal_id=PrincipalId(subject),
        client_id=IdentityClientId(identity.client_id if identity else ""),
        name=identity.resource_id.rpartition("/")[2] if identity else trust.name,
        resource_id=identity.resource_id if identity else None,
    )
    spec = FederatedSpec(
        name=trust.name, issuer=trust.issuer or "", subject=PrincipalId(subject), audience=trust.audience, exists=False
    )
    return Pairing(
        application=refusal.application, identity=known, federated=spec, wave=0, score=0, reasons=(), credentials=()
    )
