"""Removing credentials: the gates are asked at the moment of the removal, and there is no way back from it.

Order for each credential: read the tenant, ask every gate, perform the exchange, write what is meant, remove, read
until it is gone, write what was seen, perform the exchange again. An exchange that keeps failing after a removal stops
the whole run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_never

from inventory.classify import reconcile
from inventory.directory import Directory
from inventory.model import (
    Application,
    ApplicationId,
    Credential,
    CredentialKind,
    Holder,
    ServicePrincipal,
    ServicePrincipalId,
)
from migrate import exchange as exchanges
from migrate import gates, rollout
from migrate.errors import RetirementStoppedError, WriteFailedError
from migrate.gate import Closed, Question
from migrate.model import Entry, Kind, Pairing, Plan, PlannedCredential, Policy
from migrate.ports import Clock, DirectoryWriter, Journal, TokenExchange

_GONE_IN_A_ROW = 3
"""Reads lag behind writes: a key id that is missing once may be back in the next read."""
_READS = 40
_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_EXCHANGES_AFTER = 3
_PAUSE_BETWEEN_EXCHANGES = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Removed, confirmed by reads, and the exchange works without it."""

    pairing: Pairing
    credential: PlannedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneAlready:
    """It was not there any more: removed by an earlier run, or by somebody else."""

    pairing: Pairing
    credential: PlannedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldRetire:
    """Dry run: every gate is open."""

    pairing: Pairing
    credential: PlannedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """At least one gate is closed."""

    pairing: Pairing
    credential: PlannedCredential
    closed: tuple[tuple[str, Closed], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRemoved:
    """Graph refused the removal, or the credential did not go away."""

    pairing: Pairing
    credential: PlannedCredential
    message: str


Retirement = Retired | GoneAlready | WouldRetire | Held | NotRemoved


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """What the tenant says about an application and the holder of one of its credentials, at this moment."""

    application: Application | None
    principal: ServicePrincipal | None
    held: tuple[Credential, ...] | None
    """None where the holder was not found: whether it still carries the credential is unknown then."""

    def carries(self, credential: PlannedCredential) -> bool | None:
        """Whether the holder carries a credential; None where the holder was not found."""
        return None if self.held is None else any(each.key_id == credential.key_id for each in self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirer:
    """Carries out the retirement part of a plan."""

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    exchange: TokenExchange
    journal: Journal
    clock: Clock
    policy: Policy

    async def run(
        self, pairings: Iterable[Pairing], *, apply: bool, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Retirement, ...]:
        """Retire what every gate lets pass, one credential at a time, or say what would be retired.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what is meant could not be written down; then nothing was removed.
            RetirementStoppedError: a removal was followed by failing exchanges.

        """
        results: list[Retirement] = []
        for pairing in pairings:
            progress(pairing.application.display_name)
            results += [await self._one(pairing, credential, apply=apply) for credential in pairing.credentials]
        return tuple(results)

    async def _one(self, pairing: Pairing, credential: PlannedCredential, *, apply: bool) -> Retirement:
        now = await self._read(pairing, credential)
        if now.carries(credential) is False:
            return await self._gone(pairing, credential, apply=apply)
        answers = gates.ask(await self._question(pairing, credential, now))
        if closed := gates.closed(answers):
            return self._held(pairing, credential, closed, apply=apply)
        if not apply:
            return WouldRetire(pairing=pairing, credential=credential)
        if failed := exchanges.record(self.plan, pairing, await self.exchange.exchange(pairing), self.journal):
            answer = Closed(because=f"the exchange fails just now: {failed.message}", opens=failed.hint)
            return self._held(pairing, credential, (("exchange-proven", answer),), apply=apply)
        self._intend(pairing, credential, {name: answer.because for name, answer in answers})
        return await self._remove(pairing, credential)

    def _held(
        self, pairing: Pairing, credential: PlannedCredential, closed: tuple[tuple[str, Closed], ...], *, apply: bool
    ) -> Held:
        if apply:
            answers = {name: {"because": each.because, "opens": each.opens} for name, each in closed}
            self._record(Kind.HELD, pairing, credential, {"gates": answers})
        return Held(pairing=pairing, credential=credential, closed=closed)

    async def _read(self, pairing: Pairing, credential: PlannedCredential) -> _Now:
        application = await self.directory.application(pairing.application.id)
        principal = await self.directory.principal_of(pairing.application.client_id)
        match credential.holder:
            case Holder.APPLICATION:
                found = application is not None and application.id == credential.holder_id
            case Holder.SERVICE_PRINCIPAL:
                found = principal is not None and principal.id == credential.holder_id
            case _:
                assert_never(credential.holder)
        both = reconcile(application, principal)
        held = tuple(each for each in both if each.holder_id == credential.holder_id) if found else None
        return _Now(application=application, principal=principal, held=held)

    async def _question(self, pairing: Pairing, credential: PlannedCredential, now: _Now) -> Question:
        client_id = pairing.application.client_id
        # Counted from the tenant's own time in the plan: a clock of ours that runs ahead would cut off recent use.
        since = self.plan.snapshot_taken_at - timedelta(days=self.policy.unused_days + 1)
        history = await self.directory.sign_ins(client_id, since)
        proofs = self.journal.entries(kinds=(Kind.PROVEN, Kind.PROOF_FAILED), application=client_id)
        return Question(
            pairing=pairing,
            credential=credential,
            policy=self.policy,
            now=history.as_of,
            application=now.application,
            principal=now.principal,
            held=now.held or (),
            federated=(now.application.federated if now.application else None) or (),
            history=history,
            proofs=rollout.proofs(pairing, proofs),
            code=rollout.code_state(self.journal.entries(kinds=(Kind.CODE_SCANNED,)), self.plan.tenant_id),
        )

    async def _gone(self, pairing: Pairing, credential: PlannedCredential, *, apply: bool) -> Retirement:
        """Resolve a removal that an earlier run meant and could not confirm, by what the tenant shows now."""
        entries = self.journal.entries(
            kinds=(Kind.RETIRE_MEANT, Kind.RETIRED), application=pairing.application.client_id
        )
        if apply and credential.key_id in rollout.unfinished(entries, Kind.RETIRE_MEANT, Kind.RETIRED):
            await self._until_gone(pairing, credential)
            self._record(Kind.RETIRED, pairing, credential, {"resolved": True})
            await self._verify(pairing, credential)
            return Retired(pairing=pairing, credential=credential)
        return GoneAlready(pairing=pairing, credential=credential)

    async def _remove(self, pairing: Pairing, credential: PlannedCredential) -> Retirement:
        secret = credential.kind is CredentialKind.SECRET
        remove = self.writer.remove_secret if secret else self.writer.remove_certificate
        try:
            removed = await remove(credential.holder, credential.holder_id, credential.key_id)
            await self._until_gone(pairing, credential)
        except WriteFailedError as error:
            self._record(Kind.RETIRE_FAILED, pairing, credential, {"message": str(error)})
            return NotRemoved(pairing=pairing, credential=credential, message=str(error))
        self._record(Kind.RETIRED, pairing, credential, {"removed": removed})
        await self._verify(pairing, credential)
        return Retired(pairing=pairing, credential=credential)

    async def _until_gone(self, pairing: Pairing, credential: PlannedCredential) -> None:
        missing_in_a_row, pause = 0, _PAUSE
        for _ in range(_READS):
            gone = await self._is_gone(credential)
            missing_in_a_row = missing_in_a_row + 1 if gone else 0
            if missing_in_a_row == _GONE_IN_A_ROW:
                return
            if not gone:
                await self.clock.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)
        raise WriteFailedError(
            f"credential {credential.key_id} of {pairing.application.display_name!r} was removed but still shows up; "
            "run retire again later"
        )

    async def _is_gone(self, credential: PlannedCredential) -> bool:
        """Whether the holder answers, and without the credential: a holder that is not found says nothing."""
        match credential.holder:
            case Holder.APPLICATION:
                application_id = ApplicationId(credential.holder_id)
                holder: Application | ServicePrincipal | None = await self.directory.application(
                    application_id, federated=False
                )
            case Holder.SERVICE_PRINCIPAL:
                holder = await self.directory.service_principal(ServicePrincipalId(credential.holder_id))
            case _:
                assert_never(credential.holder)
        return holder is not None and all(each.key_id != credential.key_id for each in holder.credentials)

    async def _verify(self, pairing: Pairing, credential: PlannedCredential) -> None:
        for number in range(1, _EXCHANGES_AFTER + 1):
            result = await self.exchange.exchange(pairing)
            failed = exchanges.record(self.plan, pairing, result, self.journal)
            if failed is None:
                return
            if number < _EXCHANGES_AFTER:
                await self.clock.sleep(_PAUSE_BETWEEN_EXCHANGES)
        raise RetirementStoppedError(
            f"credential {credential.key_id} of {pairing.application.display_name!r} was removed and the exchange "
            f"fails since ({failed.message if failed else ''}); nothing more was removed: "
            f"{failed.hint if failed else ''}"
        )

    def _intend(self, pairing: Pairing, credential: PlannedCredential, opened: Mapping[str, str]) -> None:
        """Write down that a credential is to be removed; refused where that does not follow, before it is removed."""
        entry = self._entry(Kind.RETIRE_MEANT, pairing, credential, {"gates": opened})
        what = rollout.course(pairing)
        now = rollout.fold(what, self.journal.entries(application=pairing.application.client_id))
        rollout.admit(what, now, entry, (gate.name for gate in gates.gates()))
        self.journal.record(entry)

    def _record(self, kind: Kind, pairing: Pairing, credential: PlannedCredential, data: Mapping[str, Any]) -> None:
        self.journal.record(self._entry(kind, pairing, credential, data))

    def _entry(self, kind: Kind, pairing: Pairing, credential: PlannedCredential, data: Mapping[str, Any]) -> Entry:
        return Entry(
            kind=kind,
            plan=self.plan.digest,
            application=pairing.application.client_id,
            subject=credential.key_id,
            data={"holder": credential.holder.value, "kind": credential.kind.value, **data},
        )
