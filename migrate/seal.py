"""Sealing applications that were watched to the end: no new secrets, and a lock on their service principals.

Two changes for each, in this order: an app management policy in the place of the one that is in force, with everything
that it restricts, and the lock. Each is written down before and confirmed by several reads after; what stood there
before is in the journal, so that it can be put back. Applications with the same restrictions share one policy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from inventory.directory import Directory
from inventory.errors import PermissionMissingError, ReadFailedError
from migrate import concurrency, restrictions, rollout, sealing
from migrate.entry import Json, Kind
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.ledger import Ledger
from migrate.model import Pairing, Plan
from migrate.ports import Clock, Journal, JsonObject, SealWriter
from migrate.restrictions import CombinationError, Restrictions
from migrate.rollout import LOCK, POLICY, State
from migrate.settling import Settling

_AT_ONCE = 8
"""Applications at a time; within one application everything is in series."""
_FAILURES = (WriteFailedError, ReadFailedError, PermissionMissingError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """No new secret can be added. ``done`` says what was changed for it, ``notes`` what stays open."""

    pairing: Pairing
    done: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldSeal:
    """Dry run: these changes are left."""

    pairing: Pairing
    left: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """It does not stand where it is sealed."""

    pairing: Pairing
    because: str
    held: tuple[str, ...]
    """What holds it there, as ``unsecret status`` tells it."""
    next: str
    """The command that takes it on, or what is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It may not be sealed, or whether it may is unknown; nothing was begun."""

    pairing: Pairing
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSealed:
    """A change failed, or somebody else is at it; ``done`` are those before it."""

    pairing: Pairing
    done: tuple[str, ...]
    message: str


Sealing = Sealed | WouldSeal | NotYet | Refused | NotSealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Seals the applications of a plan."""

    plan: Plan
    directory: Directory
    writer: SealWriter
    journal: Journal
    clock: Clock
    settling: Settling = field(default_factory=Settling)
    stopped: Callable[[], bool] = lambda: False
    """Asked before each application: whether to leave it and all that follow alone."""
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time looks for the policy that it needs and makes it where there is none."""

    async def run(
        self, pairings: Iterable[Pairing], *, apply: bool, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Sealing, ...]:
        """Seal what was watched to the end, or say what would be changed for it.

        Raises:
            InventoryError: the tenant cannot be reached, or does not accept the sign-in.
            JournalError: what is meant could not be written down; then nothing was changed.

        """

        async def one(pairing: Pairing) -> Sealing:
            progress(pairing.application.display_name)
            if not apply:
                return await self._one(pairing, apply=False)
            try:
                with self.journal.lease(pairing.application.client_id):
                    return await self._one(pairing, apply=True)
            except (LeaseHeldError, LeaseLostError) as error:
                return NotSealed(pairing=pairing, done=(), message=str(error))

        return await concurrency.each(pairings, one, at_once=_AT_ONCE, stopped=self.stopped)

    async def _one(self, pairing: Pairing, *, apply: bool) -> Sealing:
        ledger = Ledger(journal=self.journal, plan=self.plan.digest, what=rollout.course(pairing))
        now = ledger.standing()
        if because := sealing.not_yet(now):
            held, then = rollout.because(now), rollout.next_command(ledger.what, now)
            return NotYet(pairing=pairing, because=because, held=held, next=then)
        aim = await self._read(pairing, ledger)
        if isinstance(aim, str):
            return Refused(pairing=pairing, message=aim)
        if apply:
            return await self._apply(pairing, aim, ledger)
        if not aim.left() and now.station is State.SEALED:
            return Sealed(pairing=pairing, done=(), notes=aim.notes())
        return WouldSeal(pairing=pairing, left=aim.left(), notes=aim.notes())

    async def _read(self, pairing: Pairing, ledger: Ledger) -> sealing.Aim | str:
        try:
            return await self._aim(pairing, ledger)
        except (ReadFailedError, PermissionMissingError) as error:
            return f"what is in force for it is unknown: {error}"
        except CombinationError as error:
            return f"{error}: a seal could be looser than that"

    async def _aim(self, pairing: Pairing, ledger: Ledger) -> sealing.Aim | str:
        """Read what there is and say what is to be; a text where it may not be sealed."""
        one = pairing.application
        application = await self.directory.application(one.id)
        if application is None or application.client_id != one.client_id:
            return "it is not there any more: scan and plan again"
        principal = await self.directory.principal_of(one.client_id)
        now = await self.directory.now()
        if against := sealing.in_the_way(application, principal, now):
            return against
        default = restrictions.of_default(await self.writer.default_policy())
        assigned = await self.writer.assigned(one.id)
        several = [default, *(restrictions.of_policy(each) for each in assigned), *_begun(ledger)]
        return sealing.Aim(
            application=application,
            principal=principal,
            assigned=assigned,
            wanted=restrictions.sealing(several),
            default=default,
            lock=sealing.lock_aim(application, principal),
            present_lock=await self.writer.lock(one.id),
            tenant_time=now.isoformat(),
        )

    async def _apply(self, pairing: Pairing, aim: sealing.Aim, ledger: Ledger) -> Sealing:
        done: list[str] = []
        for subject, step in ((POLICY, self._policy), (LOCK, self._lock)):
            try:
                done += await step(pairing, aim, ledger)
            except _FAILURES as error:
                if (Kind.SEAL_MEANT, subject) in ledger.standing().begun:
                    ledger.saw(Kind.SEAL_FAILED, subject, message=str(error))
                return NotSealed(pairing=pairing, done=tuple(done), message=str(error))
        return Sealed(pairing=pairing, done=tuple(done), notes=aim.notes())

    # --- the policy --------------------------------------------------------------------------------------------------

    async def _policy(self, pairing: Pairing, aim: sealing.Aim, ledger: Ledger) -> list[str]:
        now = ledger.standing()
        begun = (Kind.SEAL_MEANT, POLICY) in now.begun
        name = sealing.name(aim.wanted)
        if aim.policy is None:
            ledger.intend(
                Kind.SEAL_MEANT, POLICY, policy=name, restrictions=restrictions.body(aim.wanted),
                before=_policy_before(ledger, aim),
            )  # fmt: skip
            policy_id = await self._replaced(pairing, aim, name)
        elif begun or POLICY not in now.sealed:
            policy_id = str(aim.policy["id"])
            await self._assigned(pairing, policy_id)
        else:
            return []
        ledger.saw(Kind.SEALED, POLICY, policy=policy_id, name=name, **_seen(aim), **_resolved(begun, aim))
        return [] if aim.policy and not begun else [f"policy {name!r}"]

    async def _replaced(self, pairing: Pairing, aim: sealing.Aim, name: str) -> str:
        """Assign the policy instead of the one that is there; where that fails, put that one back."""
        application = pairing.application.id
        async with self._making:
            policy_id = await self._found_or_made(aim.wanted, name)
        others = [str(each["id"]) for each in aim.assigned if str(each["id"]) != policy_id]
        try:
            for each in others:
                await self.writer.unassign(application, each)
            await self.writer.assign(application, policy_id)
        except _FAILURES:
            for each in others[:1]:  # Graph takes one: where something is assigned by now it refuses, and that stays
                with suppress(*_FAILURES):
                    await self.writer.assign(application, each)
            raise
        await self._assigned(pairing, policy_id)
        return policy_id

    async def _found_or_made(self, wanted: Restrictions, name: str) -> str:
        """Return the id of a policy that restricts just that; found by what it does, as its name can be changed."""
        for each in await self.writer.policies():
            named = str(each.get("displayName", "")).startswith(sealing.PREFIX)
            if named and _does(each, wanted):
                return str(each["id"])
        body, version = restrictions.body(wanted), restrictions.version(wanted)
        made = await self.writer.create_policy(name, sealing.DESCRIPTION, body, version)

        async def look() -> bool:
            found = await self.writer.policy(made)
            return found is not None and _does(found, wanted)

        await self.settling.until(
            look, self.clock, f"the policy {name!r} was created but does not show up as it was meant; run seal again"
        )
        return made

    async def _assigned(self, pairing: Pairing, policy_id: str) -> None:
        async def look() -> bool:
            return [each["id"] for each in await self.writer.assigned(pairing.application.id)] == [policy_id]

        await self.settling.until(
            look, self.clock, f"the policy {policy_id} was assigned but does not show up; run seal again later"
        )

    # --- the lock ----------------------------------------------------------------------------------------------------

    async def _lock(self, pairing: Pairing, aim: sealing.Aim, ledger: Ledger) -> list[str]:
        now = ledger.standing()
        begun = (Kind.SEAL_MEANT, LOCK) in now.begun
        wanted = aim.new_lock
        switches: list[Json] = [*sorted(aim.lock.switches)]
        if wanted is None:
            if begun or LOCK not in now.sealed:
                ledger.saw(Kind.SEALED, LOCK, switches=switches, because=aim.lock.because, resolved=begun)
            return ["lock"] if begun else []
        ledger.intend(Kind.SEAL_MEANT, LOCK, lock=wanted, before=_lock_before(ledger, aim))
        await self.writer.set_lock(pairing.application.id, wanted)

        async def look() -> bool:
            found = await self.writer.lock(pairing.application.id)
            return aim.lock.switches <= sealing.locked(found)

        await self.settling.until(look, self.clock, "the lock was set but does not show up; run seal again later")
        ledger.saw(Kind.SEALED, LOCK, switches=switches, because=aim.lock.because)
        return ["lock"]


def _does(policy: JsonObject, wanted: Restrictions) -> bool:
    try:
        return restrictions.same(restrictions.of_policy(policy), wanted)
    except CombinationError:
        return False


def _begun(ledger: Ledger) -> list[Restrictions]:
    """Return what a run meant that ended: the policy from before may be off already."""
    if (Kind.SEAL_MEANT, POLICY) not in ledger.standing().begun:
        return []
    entry = sealing.meant(ledger.entries(), POLICY)
    told: Any = entry.data.get("restrictions") if entry else None
    return [restrictions.of_body(told)]


def _policy_before(ledger: Ledger, aim: sealing.Aim) -> Json:
    """Return what was assigned before our seal: what is now, unless that is ours, or an ended run took it off."""
    entries = ledger.entries()
    names = [str(each.get("displayName", "")) for each in aim.assigned]
    if sealing.meant(entries, POLICY) and all(sealing.is_ours(each, entries) for each in aim.assigned):
        return sealing.former(entries, POLICY)
    return [{"id": str(each["id"]), "name": name} for each, name in zip(aim.assigned, names, strict=True)]


def _lock_before(ledger: Ledger, aim: sealing.Aim) -> Json:
    """Return the lock from before our seal: the one that is there, unless it is ours."""
    entries, now = ledger.entries(), sealing.plain_lock(aim.present_lock)
    ours = sealing.meant(entries, LOCK)
    return sealing.former(entries, LOCK) if ours and ours.data.get("lock") == now else now


def _seen(aim: sealing.Aim) -> dict[str, Json]:
    """Return what a later look is compared with."""
    holders: dict[str, Json] = {"application": sealing.held(aim.application)}
    if aim.principal is not None:
        holders["servicePrincipal"] = sealing.held(aim.principal)
    trusts = aim.application.federated
    return {
        "restrictions": restrictions.body(aim.wanted),
        "credentials": holders,
        "federated": None if trusts is None else [each.id for each in trusts],
        "tenant_time": aim.tenant_time,
    }


def _resolved(begun: bool, aim: sealing.Aim) -> dict[str, Json]:  # noqa: FBT001 - one caller, right above
    return {"resolved": True} if begun and aim.policy else {}
