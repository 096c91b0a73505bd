"""Taking a seal off: what was in force before it is put back, newest change first: the lock, then the policy.

What somebody changed since is left as it is, and said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.model import ApplicationId
from migrate import sealing
from migrate.entry import Kind
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.ledger import Ledger
from migrate.model import Plan
from migrate.ports import Clock, Journal, SealWriter
from migrate.revert import NotReverted, Reversion, Reverted, WouldRevert
from migrate.rollout import LOCK, POLICY, Course, State
from migrate.settling import Settling

_FAILURES = (WriteFailedError, ReadFailedError, PermissionMissingError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealer:
    """Takes the seal of one application of a plan off."""

    plan: Plan
    writer: SealWriter
    journal: Journal
    clock: Clock
    settling: Settling = field(default_factory=Settling)

    async def run(self, what: Course, *, apply: bool) -> Reversion:
        """Take an application back from sealed to watched, or say what would be done.

        Raises:
            InventoryError: the tenant cannot be reached, or does not accept the sign-in.
            JournalError: what is meant could not be written down; then nothing was changed.

        """
        ledger = Ledger(journal=self.journal, plan=self.plan.digest, what=what)
        if not apply:
            parts = _parts(ledger)
            return WouldRevert(left=tuple(_text(each, ledger) for each in parts), kept=())
        try:
            with self.journal.lease(what.client_id):
                return await self._run(what, ledger)
        except (LeaseHeldError, LeaseLostError) as error:
            return NotReverted(done=(), message=str(error))

    async def _run(self, what: Course, ledger: Ledger) -> Reversion:
        done: list[str] = []
        kept: list[str] = []
        parts = _parts(ledger)
        for subject in parts:
            text = _text(subject, ledger)
            step = self._policy if subject == POLICY else self._lock
            try:
                told = await step(what.application.id, ledger)
            except _FAILURES as error:
                if (Kind.UNSEAL_MEANT, subject) in ledger.standing().begun:
                    ledger.saw(Kind.UNSEAL_FAILED, subject, message=str(error))
                return NotReverted(done=tuple(done), message=f"{text}: {error}")
            if told:
                kept.append(told)
            else:
                done.append(text)
        if parts or _unfinished(ledger):
            ledger.saw(Kind.REVERTED, State.WATCHED.value, done=[*done], kept=[*kept])
        return Reverted(done=tuple(done), kept=tuple(kept))

    # --- the policy --------------------------------------------------------------------------------------------------

    async def _policy(self, application: ApplicationId, ledger: Ledger) -> str:
        """Put back what was assigned before; return why it is kept as it is instead, empty where it was put back."""
        entries = ledger.entries()
        if sealing.meant(entries, POLICY) is None:  # what was there did what a seal does: nothing was changed
            ledger.saw(Kind.UNSEALED, POLICY, found=False)
            return "the policy that is assigned was there before the seal"
        former, gone = await self._former(entries)
        present = await self.writer.assigned(application)
        ids = [str(each["id"]) for each in present]
        if foreign := [
            each for each in present if str(each["id"]) not in former and not sealing.is_ours(each, entries)
        ]:
            ledger.saw(Kind.UNSEALED, POLICY, found=False)
            return f"policy {foreign[0].get('displayName')!r} was assigned by somebody since, and stays"
        if ids != former:
            ledger.intend(Kind.UNSEAL_MEANT, POLICY, before=[*ids], after=[*former])
            await self._replace(application, ids, former)
        await self._until(self._is_assigned(application, former), "the policy was put back but does not show up")
        ledger.saw(Kind.UNSEALED, POLICY, found=True, after=[*former])
        return gone

    async def _replace(self, application: ApplicationId, ids: list[str], former: list[str]) -> None:
        """Assign the former policy instead of the seal's; where that fails, the seal's stays."""
        try:
            for each in [one for one in ids if one not in former]:
                await self.writer.unassign(application, each)
            for each in former:
                await self.writer.assign(application, each)
        except _FAILURES:
            for each in ids:
                with suppress(*_FAILURES):
                    await self.writer.assign(application, each)
            raise

    async def _former(self, entries: Any) -> tuple[list[str], str]:
        """Return the ids of what was assigned before and is still there, and what is not."""
        told: Any = sealing.former(entries, POLICY) or []
        found: list[str] = []
        for each in told:
            if await self.writer.policy(str(each["id"])) is None:
                return [], f"policy {each['name']!r} does not exist any more: the tenant's default holds now"
            found.append(str(each["id"]))
        return found, ""

    def _is_assigned(self, application: ApplicationId, wanted: list[str]) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return [str(each["id"]) for each in await self.writer.assigned(application)] == wanted

        return look

    # --- the lock ----------------------------------------------------------------------------------------------------

    async def _lock(self, application: ApplicationId, ledger: Ledger) -> str:
        entries = ledger.entries()
        meant = sealing.meant(entries, LOCK)
        if meant is None:
            ledger.saw(Kind.UNSEALED, LOCK, found=False)
            return "the lock was there before the seal, or none was set"
        former: Any = sealing.former(entries, LOCK)
        ours: Any = meant.data.get("lock")
        present = await self.writer.lock(application)
        if not _same(present, former) and not _same(present, ours):
            ledger.saw(Kind.UNSEALED, LOCK, found=False)
            return "the lock was changed by somebody since, and stays"
        if not _same(present, former):
            ledger.intend(Kind.UNSEAL_MEANT, LOCK, before=sealing.plain_lock(present), after=former)
            await self.writer.set_lock(application, former)

        async def look() -> bool:
            return _same(await self.writer.lock(application), former)

        await self._until(look, "the lock was put back but does not show up")
        ledger.saw(Kind.UNSEALED, LOCK, found=True, after=former)
        return ""

    async def _until(self, seen: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        await self.settling.until(seen, self.clock, f"{otherwise}; run revert again later")


def _parts(ledger: Ledger) -> tuple[str, ...]:
    """Return the parts of the seal that are there or were begun, newest first."""
    now = ledger.standing()
    begun = {subject for kind, subject in now.begun if kind in {Kind.SEAL_MEANT, Kind.UNSEAL_MEANT}}
    return tuple(each for each in (LOCK, POLICY) if each in now.sealed | begun)


def _unfinished(ledger: Ledger) -> bool:
    """Whether a run ended right after its last change, and did not write down that it was the last one."""
    entries = ledger.entries()
    return bool(entries) and entries[-1].kind is Kind.UNSEALED


def _text(subject: str, ledger: Ledger) -> str:
    former: Any = sealing.former(ledger.entries(), subject)
    if subject == LOCK:
        on = ", ".join(sorted(sealing.locked(former))) or "none"
        return f"put the lock back as it was: {on}"
    names = ", ".join(repr(each["name"]) for each in former or ()) or "none, so that the tenant's default holds"
    return f"put the policy back that was assigned before: {names}"


def _same(one: sealing.Lock | None, other: sealing.Lock | None) -> bool:
    """Whether two locks are the same; switches that are not told are off."""
    return _told(one) == _told(other)


def _told(lock: sealing.Lock | None) -> dict[str, Any]:
    return {key: value for key, value in (sealing.plain_lock(lock) or {}).items() if value}
