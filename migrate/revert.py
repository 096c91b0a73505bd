"""Taking back what was done for an application, newest first: federated credential, hosts, identity.

Only what the journal says is ours goes: never what was there before, never what somebody made by hand. What an
application signs in with now is left alone: nothing is taken back once a credential was removed, nor while the sign-in
log shows use of the federated credential. Before each change the tenant is read, after it until it shows several times
in a row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from inventory.directory import Directory
from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.model import ApplicationId, ClientId, FederatedCredential, ScanNote
from migrate import reversal, rollout
from migrate.attachment import NewIdentity
from migrate.entry import Json, Kind
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.ledger import Ledger
from migrate.model import Plan
from migrate.ports import Clock, DirectoryWriter, HostWriter, Journal
from migrate.reversal import Undo
from migrate.rollout import Course
from migrate.settling import Settling


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """Taken back; ``kept`` says what stays and why."""

    done: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldRevert:
    """Dry run: this would be taken back, newest first."""

    left: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It may not be taken back, or whether it may is unknown; nothing was begun."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReverted:
    """A change failed, or somebody else is at it; those after it were not begun."""

    done: tuple[str, ...]
    message: str


Reversion = Reverted | WouldRevert | Refused | NotReverted


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverter:
    """Takes back what was done for one application of a plan.

    ``hosts`` is asked for only where Azure resources are to be changed. ``unused`` is a person's reason why the
    federated credential is in no use where that is not known; what the log shows is stronger than it.
    """

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    hosts: Callable[[], Awaitable[HostWriter]]
    journal: Journal
    clock: Clock
    settling: Settling = field(default_factory=Settling)
    unused: str = ""
    _others: dict[str, str] = field(default_factory=dict)

    async def run(self, what: Course, to: rollout.State, *, apply: bool) -> Reversion:
        """Take an application back to ``planned`` or ``identity attached``, or say what would be done.

        Raises:
            InventoryError: the tenant or Azure cannot be read.
            JournalError: what is meant could not be written down; then nothing was changed.

        """
        if not apply:
            return await self._run(what, to, apply=False)
        try:
            with self.journal.lease(what.client_id):
                return await self._run(what, to, apply=True)
        except (LeaseHeldError, LeaseLostError) as error:
            return NotReverted(done=(), message=str(error))

    async def _run(self, what: Course, to: rollout.State, *, apply: bool) -> Reversion:
        ledger = Ledger(journal=self.journal, plan=self.plan.digest, what=what)
        undo = reversal.undoing(ledger.entries(), ledger.standing(), to)
        if not undo.steps:
            return self._nothing_left(ledger, to, undo, apply=apply)
        try:
            if refused := await self._refused(ledger):
                return Refused(message=refused)
        except (ReadFailedError, PermissionMissingError) as error:
            return Refused(message=f"whether it can be taken back is unknown: {error}")
        if not apply:
            return WouldRevert(left=tuple(each.text for each in undo.steps), kept=undo.kept)
        return await self._carried_out(what, to, ledger, undo)

    def _nothing_left(self, ledger: Ledger, to: rollout.State, undo: reversal.Undoing, *, apply: bool) -> Reversion:
        """Say so; and where a run ended right after its last change, write down that it was the last one."""
        if not apply:
            return WouldRevert(left=(), kept=undo.kept)
        entries = ledger.entries()
        if entries and entries[-1].kind in {Kind.UNFEDERATED, Kind.DETACHED, Kind.IDENTITY_DELETED}:
            ledger.saw(Kind.REVERTED, to.value, done=[], kept=list(undo.kept), resolved=True)
        return Reverted(done=(), kept=undo.kept)

    async def _carried_out(self, what: Course, to: rollout.State, ledger: Ledger, undo: reversal.Undoing) -> Reversion:
        done: list[str] = []
        kept = list(undo.kept)
        for step in undo.steps:
            try:
                told = await self._step(what, step, ledger)
            except (WriteFailedError, ReadFailedError, PermissionMissingError) as error:
                if (step.meant, step.subject) in ledger.standing().begun:
                    ledger.saw(step.failed, step.subject, message=str(error))
                return NotReverted(done=tuple(done), message=f"{step.text}: {error}")
            if told:
                kept.append(told)
            else:
                done.append(step.text)
        ledger.saw(Kind.REVERTED, to.value, done=list(done), kept=list(kept))
        return Reverted(done=tuple(done), kept=tuple(kept))

    async def _refused(self, ledger: Ledger) -> str:
        """Say why nothing may be taken back; empty where it may."""
        if why := rollout.irreversible(ledger.standing()):
            return why
        application = ledger.what.client_id
        now = await self.directory.now()
        history = await self.directory.sign_ins(application, now - reversal.WINDOW)
        if used := reversal.in_use(history, ledger.entries()):
            return used
        if self.unused:
            return ""
        return reversal.unknown(history, rollout.code_known(self.journal.entries()), application)

    async def _step(self, what: Course, step: Undo, ledger: Ledger) -> str:
        """Take one thing back; return why it is kept instead, empty where it is gone."""
        match step.meant:
            case Kind.UNFEDERATE_MEANT:
                return await self._unfederate(what, step, ledger)
            case Kind.DETACH_MEANT:
                return await self._detach(what, step, ledger)
            case _:
                return await self._delete(what, step, ledger)

    # --- the federated credential ------------------------------------------------------------------------------------

    async def _unfederate(self, what: Course, step: Undo, ledger: Ledger) -> str:
        application = what.application.id
        found = await self._ours(application, step)
        if found is None:
            begun = (Kind.UNFEDERATE_MEANT, step.subject) in ledger.standing().begun
            ledger.saw(Kind.UNFEDERATED, step.subject, found=False)
            gone = begun or not step.id
            return "" if gone else f"{step.subject}: it is not there any more, or was made anew or changed by somebody"
        ledger.intend(Kind.UNFEDERATE_MEANT, step.subject, id=found.id, before=_trust(found), unused=self.unused)
        await self.writer.delete_federated_credential(application, found.id)
        await self._until(self._no_trust(application, found.id), f"{step.subject} was deleted but still shows up")
        ledger.saw(Kind.UNFEDERATED, step.subject, found=True, id=found.id)
        return ""

    async def _ours(self, application: ApplicationId, step: Undo) -> FederatedCredential | None:
        """Look several times: a replica that is behind does not show what was made a moment ago."""
        for number in range(self.settling.in_a_row):
            if number:
                await self.clock.sleep(self.settling.longest_pause)
            if found := reversal.ours(await self.directory.federated_credentials(application), step):
                return found
        return None

    def _no_trust(self, application: ApplicationId, federated_id: str) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            present = await self.directory.federated_credentials(application)
            return all(each.id != federated_id for each in present)

        return look

    # --- hosts -------------------------------------------------------------------------------------------------------

    async def _detach(self, what: Course, step: Undo, ledger: Ledger) -> str:
        hosts = await self.hosts()
        before = await hosts.attachment(step.subject)
        if before is None or not before.has(step.identity):
            ledger.saw(Kind.DETACHED, step.subject, identity=step.identity, found=False)
            return ""
        identity = await hosts.identity(step.identity)
        if identity and (others := await self._trusting(identity, what.client_id)):
            return f"{step.subject}: stays attached, {others} trusts the identity too"
        ledger.intend(Kind.DETACH_MEANT, step.subject, identity=step.identity, before=list(before.identities))
        await hosts.detach(step.subject, step.identity)

        async def look() -> bool:
            found = await hosts.attachment(step.subject)
            return found is not None and not found.has(step.identity)

        await self._until(look, "the identity was detached but still shows up")
        after = await hosts.attachment(step.subject)
        if after and (lost := after.lost(before, but=step.identity)):
            raise WriteFailedError(f"it had {', '.join(lost)} before and has not now: attach it again if it is needed")
        ledger.saw(Kind.DETACHED, step.subject, identity=step.identity, found=True)
        return ""

    async def _trusting(self, identity: NewIdentity, but: ClientId) -> str:
        """Name an application that trusts an identity, other than ours; read once in a run, for all hosts."""
        known = self._others.get(identity.principal_id)
        if known is None:
            known = self._others[identity.principal_id] = await self._read_trusting(identity, but)
        return known

    async def _read_trusting(self, identity: NewIdentity, but: ClientId) -> str:
        """Look through the trusts of all applications; raises where one of them cannot be told."""
        names: dict[str, str] = {}
        async for page in self.directory.applications():
            for entry in page.entries:
                if not isinstance(entry, ScanNote) and entry.client_id != but:
                    names[entry.id] = entry.display_name
        async for trusts in self.directory.federated():
            for each in trusts.entries:
                if isinstance(each, ScanNote):
                    raise ReadFailedError(f"whether {each.subject} trusts the identity is unknown: {each.text}")
                if each.holder_id in names and any(one.subject == identity.principal_id for one in each.federated):
                    return names[each.holder_id]
        return ""

    # --- the identity ------------------------------------------------------------------------------------------------

    async def _delete(self, what: Course, step: Undo, ledger: Ledger) -> str:
        hosts = await self.hosts()
        identity = await hosts.identity(step.subject)
        if identity is None:
            ledger.saw(Kind.IDENTITY_DELETED, step.subject, found=False)
            return ""
        if used := await self._used(identity, what, hosts):
            return f"the identity {step.subject.rpartition('/')[2]} stays: {used}"
        ledger.intend(Kind.IDENTITY_DELETE_MEANT, step.subject, principal_id=identity.principal_id)
        await hosts.delete_identity(step.subject)

        async def look() -> bool:
            return await hosts.identity(step.subject) is None

        await self._until(look, "the identity was deleted but still shows up")
        ledger.saw(Kind.IDENTITY_DELETED, step.subject, found=True, principal_id=identity.principal_id)
        return ""

    async def _used(self, identity: NewIdentity, what: Course, hosts: HostWriter) -> str:
        """Say what uses an identity; empty where nothing does. What cannot be read raises: unknown is never unused."""
        use = await hosts.identity_use(identity)
        found = [f"{one.rpartition('/')[2]} has it" for one in use.hosts]
        found += [f"its own federated credential {one} lets an outside token act as it" for one in use.federated]
        found += [f"it has an Azure role on {one}" for one in use.roles]
        if not found:
            found += [f"{one} trusts it" for one in [await self._trusting(identity, what.client_id)] if one]
        if not found:
            found += await self._roles(identity)
        mine = await self.directory.federated_credentials(what.application.id)
        found += [f"{what.application.display_name} trusts it" for one in mine if one.subject == identity.principal_id]
        return "; ".join(found)

    async def _roles(self, identity: NewIdentity) -> list[str]:
        async for page in self.directory.roles():
            for entry in page.entries:
                if isinstance(entry, ScanNote):
                    raise ReadFailedError(f"which roles the identity holds is unknown: {entry.text}")
                if entry.principal_id == identity.principal_id:
                    return [f"it holds the role {entry.role}"]
        return []

    async def _until(self, seen: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        await self.settling.until(seen, self.clock, f"{otherwise}; run revert again later")


def _trust(found: FederatedCredential) -> Json:
    return {
        "name": found.name,
        "issuer": found.issuer,
        "subject": found.subject,
        "audiences": list(found.audiences),
    }
