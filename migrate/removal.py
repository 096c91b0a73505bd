"""One removal: the credential goes, is read until it is gone, and the exchange is performed once more.

There is no way back from it. Everything that is meant and seen is in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from inventory.classify import reconcile
from inventory.directory import Directory
from inventory.model import (
    Application,
    ApplicationId,
    Credential,
    CredentialKind,
    Holder,
    KeyId,
    ServicePrincipal,
    ServicePrincipalId,
)
from migrate import exchange as exchanges
from migrate import gates, rollout
from migrate.entry import Entry, Json, Kind
from migrate.errors import RetirementStoppedError, WriteFailedError
from migrate.gate import Question
from migrate.glass import rescue
from migrate.grounds import grounds
from migrate.model import Pairing, Plan, PlannedCredential, Target
from migrate.ports import Clock, DirectoryWriter, Journal, TokenExchange
from migrate.settling import Settling
from migrate.surroundings import Surroundings

_EXCHANGES_AFTER = 3
_PAUSE_BETWEEN_EXCHANGES = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What the tenant says about an application and the holder of one of its credentials, at this moment."""

    application: Application | None
    principal: ServicePrincipal | None
    held: tuple[Credential, ...] | None
    """None where the holder was not found: whether it still carries the credential is unknown then."""

    def carries(self, credential: PlannedCredential) -> bool | None:
        """Whether the holder carries a credential; None where the holder was not found."""
        return None if self.held is None else any(each.key_id == credential.key_id for each in self.held)


async def read(directory: Directory, pairing: Target, credential: PlannedCredential) -> Now:
    """Read an application, its service principal, and what the holder of a credential carries now."""
    application = await directory.application(pairing.application.id)
    principal = await directory.principal_of(pairing.application.client_id)
    match credential.holder:
        case Holder.APPLICATION:
            found = application is not None and application.id == credential.holder_id
        case Holder.SERVICE_PRINCIPAL:
            found = principal is not None and principal.id == credential.holder_id
        case _:
            assert_never(credential.holder)
    both = reconcile(application, principal)
    held = tuple(each for each in both if each.holder_id == credential.holder_id) if found else None
    return Now(application=application, principal=principal, held=held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remover:
    """Removes credentials for which every gate is open."""

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    exchange: TokenExchange
    journal: Journal
    clock: Clock
    settling: Settling = field(default_factory=Settling)
    plan_file: str = "PLAN"
    """Its path, as the command that is told names it."""

    async def remove(self, question: Question, around: Surroundings) -> str:
        """Remove one credential; return why it could not be, in words, or nothing.

        Raises:
            JournalError: what was seen could not be written down; the next run finds it.
            RetirementStoppedError: the exchange fails since.

        """
        credential = question.credential
        secret = credential.kind is CredentialKind.SECRET
        remove = self.writer.remove_secret if secret else self.writer.remove_certificate
        try:
            removed = await remove(credential.holder, credential.holder_id, credential.key_id)
            left = await self.until_gone(question.pairing, credential)
        except WriteFailedError as error:
            self.write(Kind.RETIRE_FAILED, question, {"message": str(error)})
            return str(error)
        self.retired(question, around, {"removed": removed}, left)
        await self.prove(question)
        return ""

    def intend(self, question: Question, opened: Mapping[str, Json]) -> None:
        """Write down that a credential is to be removed, with the gates that were open.

        Raises:
            IllegalTransitionError: it does not follow from where the application stands; nothing is to be removed.
            JournalError: it could not be written; nothing is to be removed.

        """
        what, target = rollout.course_of(question.pairing), question.pairing
        if question.circumstances.scheduled is not None:
            self.write(Kind.SOAKED, question, {"since": question.circumstances.scheduled.isoformat()})
        written = self.journal.entries(application=what.client_id)
        shown = rollout.proof_entries(target, written) if isinstance(target, Pairing) else written
        why = grounds(question, self.plan.tenant_id, shown)
        entry = replace(
            self._entry(Kind.RETIRE_MEANT, question, {"gates": dict(opened), **why}),
            meant={"remove": question.credential.key_id},
            seen_before={"credentials": [each.key_id for each in question.held]},
        )
        rollout.admit(what, rollout.fold(what, written), entry, gates.names(question.road))
        self.journal.record(entry)

    def retired(
        self, question: Question, around: Surroundings, data: Mapping[str, Json], left: tuple[KeyId, ...]
    ) -> None:
        """Write down that a credential is gone, and what its holder carries still."""
        entry = self._entry(Kind.RETIRED, question, data)
        entry = replace(entry, done=data, seen_after={"credentials": [*left]})
        self.journal.record(entry)
        around.removed()

    def write(self, kind: Kind, question: Question, data: Mapping[str, Any]) -> None:
        """Write an entry about a credential, with the tenant's own time."""
        self.journal.record(self._entry(kind, question, data))

    def _entry(self, kind: Kind, question: Question, data: Mapping[str, Any]) -> Entry:
        credential = question.credential
        return Entry(
            kind=kind,
            plan=self.plan.digest,
            application=question.pairing.application.client_id,
            subject=credential.key_id,
            data={
                "holder": credential.holder.value,
                "kind": credential.kind.value,
                "tenant_time": question.now.isoformat(),
                **data,
            },
        )

    async def until_gone(self, pairing: Target, credential: PlannedCredential) -> tuple[KeyId, ...]:
        """Read until the credential was missing several times in a row; return what its holder carries still.

        Raises WriteFailedError where it does not go.
        """
        left: tuple[KeyId, ...] = ()

        async def gone() -> bool:
            nonlocal left
            found = await self._left(credential)
            left = found or ()
            return found is not None and credential.key_id not in found

        await self.settling.until(
            gone,
            self.clock,
            f"credential {credential.key_id} of {pairing.application.display_name!r} was removed but still shows up; "
            "run retire again later",
        )
        return left

    async def _left(self, credential: PlannedCredential) -> tuple[KeyId, ...] | None:
        """Return the key ids that the holder carries; None where it is not found, which says nothing about them."""
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
        return None if holder is None else tuple(each.key_id for each in holder.credentials)

    async def prove(self, question: Question) -> None:
        """Perform the exchange without the credential; raises RetirementStoppedError where it keeps failing.

        An application that is deactivated has none.
        """
        pairing, credential = question.pairing, question.credential
        if not isinstance(pairing, Pairing):
            return
        for number in range(1, _EXCHANGES_AFTER + 1):
            result = await self.exchange.exchange(pairing)
            failed = exchanges.record(self.plan, pairing, result, self.journal)
            if failed is None:
                return
            if number < _EXCHANGES_AFTER:
                await self.clock.sleep(_PAUSE_BETWEEN_EXCHANGES)
        message = f"the exchange fails since {credential.key_id} was removed"
        self.write(Kind.WATCH_FAILED, question, {"message": message})
        raise RetirementStoppedError(
            f"credential {credential.key_id} of {pairing.application.display_name!r} was removed and the exchange "
            f"fails since ({failed.message if failed else ''}); nothing more was removed: "
            f"{failed.hint if failed else ''}; a new secret until it is mended: "
            f"{rescue(self.plan_file, pairing.application.client_id)}"
        )
