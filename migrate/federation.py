"""Creating the planned federated credentials: idempotent, written down before, confirmed by several reads after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from shlex import quote
from urllib.parse import quote as percent

from inventory.cloud import Cloud
from inventory.directory import Directory
from inventory.errors import ReadFailedError
from inventory.model import FederatedCredential
from migrate import concurrency, rollout
from migrate.entry import Json, Kind
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.ledger import Ledger
from migrate.model import FederatedSpec, Pairing, Plan
from migrate.planning import clouds
from migrate.planning.federated import FEDERATED_LIMIT
from migrate.ports import Clock, DirectoryWriter, Journal
from migrate.rollout import Course, Trust
from migrate.settling import Settling

_AT_ONCE = 8
"""Applications at a time; within one application everything is in series, as concurrent writes conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The federated credential is there now; ``created`` is False where somebody else was first."""

    pairing: Pairing
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """It was there before."""

    pairing: Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldCreate:
    """Dry run: it is missing."""

    pairing: Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCreated:
    """It could not be created, or did not show up."""

    pairing: Pairing
    message: str


Federation = Created | Present | WouldCreate | NotCreated


@dataclass(frozen=True, slots=True, kw_only=True)
class Federator:
    """Carries out the federation part of a plan."""

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    journal: Journal
    clock: Clock
    settling: Settling = field(default_factory=Settling)
    stopped: Callable[[], bool] = lambda: False
    """Asked before each application: whether to leave it and all that follow alone."""

    async def run(
        self, pairings: Iterable[Pairing], *, apply: bool, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Federation, ...]:
        """Create what is missing, or say what would be created.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what is meant could not be written down; then nothing was changed.

        """

        async def one(pairing: Pairing) -> Federation:
            progress(pairing.application.display_name)
            if not apply:
                return await self.one(pairing, apply=False)
            try:
                with self.journal.lease(pairing.application.client_id):
                    return await self.one(pairing, apply=True)
            except (LeaseHeldError, LeaseLostError) as error:
                return NotCreated(pairing=pairing, message=str(error))

        return await concurrency.each(pairings, one, at_once=_AT_ONCE, stopped=self.stopped)

    async def first(self, pairings: Iterable[Pairing], most: int) -> tuple[Pairing, ...]:
        """Return the first few pairings, in the order of the plan, whose federated credential is missing."""
        found = await self.run(pairings, apply=False)
        return tuple(each.pairing for each in found if not isinstance(each, Present))[:most]

    async def one(self, pairing: Pairing, *, apply: bool, what: Course | None = None) -> Federation:
        """Create one federated credential where it is missing; ``what`` is the course of an application with steps."""
        ledger = Ledger(journal=self.journal, plan=self.plan.digest, what=what or rollout.course(pairing))
        try:
            present = await self.directory.federated_credentials(pairing.application.id)
        except ReadFailedError as error:
            return NotCreated(pairing=pairing, message=str(error))
        found = next((each for each in present if pairing.federated.is_in(each)), None)
        if found is not None:
            return await self._found(pairing, ledger, found) if apply else Present(pairing=pairing)
        if conflict := conflicting(present, pairing, ledger.standing().trust, self.plan.cloud):
            return NotCreated(pairing=pairing, message=conflict)
        return await self._create(pairing, ledger) if apply else WouldCreate(pairing=pairing)

    async def _found(self, pairing: Pairing, ledger: Ledger, found: FederatedCredential) -> Federation:
        """Write down what is there; it is ours where a run of ours meant to make it and ended before it saw it."""
        standing = ledger.standing()
        if (Kind.FEDERATE_MEANT, found.name) not in standing.begun:
            if (Kind.FEDERATE_MEANT, pairing.federated.name) in standing.begun:
                # Somebody else made it under another name: ours was refused as its duplicate, or never sent.
                ledger.saw(Kind.UNFEDERATED, pairing.federated.name, found=False)
            if standing.trust is None or standing.trust.id != found.id:
                ledger.saw(Kind.FEDERATED, found.name, created=False, id=found.id, subject=found.subject)
            return Present(pairing=pairing)
        return await self._confirmed(pairing, ledger, resolved=True)

    async def _create(self, pairing: Pairing, ledger: Ledger) -> Federation:
        wanted = pairing.federated
        ledger.intend(
            Kind.FEDERATE_MEANT, wanted.name, issuer=wanted.issuer, subject=wanted.subject, audience=wanted.audience
        )
        try:
            await self.writer.create_federated_credential(pairing.application.id, wanted)
        except (WriteFailedError, ReadFailedError) as error:
            return self._failed(pairing, ledger, error)
        return await self._confirmed(pairing, ledger, resolved=False)

    async def _confirmed(self, pairing: Pairing, ledger: Ledger, *, resolved: bool) -> Federation:
        """Read until the federated credential was seen several times in a row, and write down which one it is."""
        seen: list[FederatedCredential] = []

        async def look() -> bool:
            present = await self.directory.federated_credentials(pairing.application.id)
            seen[:] = [each for each in present if pairing.federated.is_in(each)] or seen
            return any(pairing.federated.is_in(each) for each in present)

        try:
            await self.settling.until(look, self.clock, _not_seen(pairing))
        except (WriteFailedError, ReadFailedError) as error:
            return self._failed(pairing, ledger, error)
        found = seen[0]
        ours = found.name == pairing.federated.name
        ledger.saw(
            Kind.FEDERATED, found.name, created=ours, id=found.id, subject=found.subject, **_resolved(on=resolved)
        )
        return Created(pairing=pairing, created=ours)

    def _failed(self, pairing: Pairing, ledger: Ledger, error: Exception) -> NotCreated:
        ledger.saw(Kind.FEDERATE_FAILED, pairing.federated.name, message=str(error))
        return NotCreated(pairing=pairing, message=str(error))


def _not_seen(pairing: Pairing) -> str:
    return (
        f"the federated credential {pairing.federated.name} of {pairing.application.display_name!r} was created "
        "but does not show up; run federate again later"
    )


def _resolved(*, on: bool) -> dict[str, Json]:
    return {"resolved": True} if on else {}


def conflicting(present: tuple[FederatedCredential, ...], pairing: Pairing, trust: Trust | None, cloud: Cloud) -> str:
    """Say what stands in the way of the planned federated credential and what to do about it; empty where nothing."""
    wanted = pairing.federated
    for each in present:
        if each.name == wanted.name or (each.issuer, each.subject) == (wanted.issuer, wanted.subject):
            whose = "was made by unsecret and changed since" if trust and trust.id == each.id else "was made by hand"
            return (
                f"{each.name} {whose}: {_difference(each, wanted)}; nothing is put in its place. Who signs in with it: "
                f"{uses_of(pairing, each, cloud)}; an empty answer is no proof, as the log goes back 30 days at most. "
                "When somebody knows that nobody needs it: az ad app federated-credential delete "
                f"--id {quote(pairing.application.client_id)} --federated-credential-id {quote(each.id)}, and run "
                "federate again; else move what uses it first, then scan and plan again"
            )
    if len(present) >= FEDERATED_LIMIT:
        return f"it holds {len(present)} federated credentials, the most there can be: delete one that nothing uses"
    return ""


def uses_of(pairing: Pairing, each: FederatedCredential, cloud: Cloud) -> str:
    """Return the command that lists the sign-ins with a federated credential, and whether there are more pages.

    Graph does not document a filter by its id, so that Azure CLI picks them out ("List signIns", beta).
    """
    wanted = f"appId eq '{pairing.application.client_id}' and signInEventTypes/any(t: t eq 'servicePrincipal')"
    url = f"{clouds.graph(cloud)}/beta/auditLogs/signIns?$top=999&$filter={percent(wanted, safe='():,/')}"
    chosen = f"value[?federatedCredentialId==`{json.dumps(each.id)}`].[createdDateTime, ipAddress]"
    told = "{sign_ins: " + chosen + ', more: "@odata.nextLink"}'
    return f"az rest --method get --url {quote(url)} --query {quote(told)}"


def _difference(each: FederatedCredential, wanted: FederatedSpec) -> str:
    if (each.issuer, each.subject) == (wanted.issuer, wanted.subject):
        audience = ", ".join(each.audiences) or "none"
        return f"issuer and subject are the planned ones, but its audience is {audience} instead of {wanted.audience}"
    if each.issuer != wanted.issuer:
        return f"it has the planned name, but trusts the issuer {each.issuer}"
    return f"it has the planned name, but trusts the subject {each.subject or 'of an expression'}"
