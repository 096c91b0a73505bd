"""Deactivating applications that nobody uses (``isDisabled``): a scream test that can be taken back at any time.

Gates are asked just before; what is meant is written down with what was set before; the tenant is read until it shows
several times in a row. ``activate`` sets exactly what was there before. Source: Microsoft Entra, "Deactivate an
enterprise application": no new tokens in any tenant, everything else is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from inventory.directory import Directory
from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.model import ApplicationId
from migrate import gates, rollout
from migrate.asking import Asker
from migrate.circumstances import RetirePolicy
from migrate.entry import Json, Kind
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.gate import Closed, Question
from migrate.ledger import Ledger
from migrate.model import Abandoned, Plan, Road
from migrate.ports import ActivationWriter, Clock, Journal
from migrate.removal import read
from migrate.rollback import Rules
from migrate.settling import Settling
from migrate.surroundings import KINDS, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Deactivated:
    """It gets no new tokens; confirmed by reads."""

    abandoned: Abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmissed:
    """It was deactivated before, and nobody has missed it so far, as far as the log shows."""

    abandoned: Abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """It was deactivated before, and somebody misses it; ``activated``: it was activated again, as the policy says."""

    abandoned: Abandoned
    message: str
    activated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldDeactivate:
    """Dry run: every gate is open."""

    abandoned: Abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """At least one gate is closed."""

    abandoned: Abandoned
    closed: tuple[tuple[str, Closed], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDeactivated:
    """The change failed, or may not be made."""

    abandoned: Abandoned
    message: str


Deactivation = Deactivated | Unmissed | Missed | WouldDeactivate | Kept | NotDeactivated


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """It is as it was before; ``found``: somebody had activated it already."""

    found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToActivate:
    """It was not deactivated by us."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotActivated:
    """The change failed, or somebody else is at it."""

    message: str


Activation = Activated | NothingToActivate | NotActivated


@dataclass(frozen=True, slots=True, kw_only=True)
class Deactivator:
    """Deactivates applications of a plan that nobody uses, looks after them, and activates them again."""

    plan: Plan
    directory: Directory
    writer: ActivationWriter
    journal: Journal
    clock: Clock
    rules: RetirePolicy
    settling: Settling = field(default_factory=Settling)
    stopped: Callable[[], bool] = lambda: False
    """Asked before each application: whether to leave it and all that follow alone."""

    @property
    def _asker(self) -> Asker:
        return Asker(plan=self.plan, directory=self.directory, journal=self.journal, rules=self.rules)

    def _ledger(self, one: Abandoned) -> Ledger:
        return Ledger(journal=self.journal, plan=self.plan.digest, what=rollout.course_of_abandoned(one))

    async def run(
        self, unused: Iterable[Abandoned], *, apply: bool, most: int | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> tuple[Deactivation, ...]:  # fmt: skip
        """Deactivate those for which every gate is open, ``most`` at most, or say which would be; look after others.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what is meant could not be written down; then nothing was changed.

        """
        around = self._around()
        results: list[Deactivation] = []
        for one in unused:
            if self.stopped():
                break
            if most is not None and sum(isinstance(each, Deactivated | WouldDeactivate) for each in results) >= most:
                break
            progress(one.application.display_name)
            results.append(await self._leased(one, around, apply=apply, begin=True))
        return tuple(results)

    async def look(self, unused: Iterable[Abandoned]) -> tuple[Deactivation, ...]:
        """Look after those that were deactivated, write down what is seen, and deactivate none."""
        around = self._around()
        return tuple([await self._leased(one, around, apply=True, begin=False) for one in unused if not self.stopped()])

    def _around(self) -> Surroundings:
        return Surroundings(self.plan, self.rules, self.journal.entries(kinds=KINDS), Rules())

    async def _leased(self, one: Abandoned, around: Surroundings, *, apply: bool, begin: bool) -> Deactivation:
        if not apply:
            return await self._one(one, around, apply=False, begin=begin)
        try:
            with self.journal.lease(one.application.client_id):
                return await self._one(one, around, apply=True, begin=begin)
        except (LeaseHeldError, LeaseLostError) as error:
            return NotDeactivated(abandoned=one, message=str(error))

    async def _one(self, one: Abandoned, around: Surroundings, *, apply: bool, begin: bool) -> Deactivation:
        ledger = self._ledger(one)
        try:
            ours = await self._is_ours(ledger, one.application.id, apply=apply)
            if ours:
                return await self._looked(one, around, ledger, apply=apply)
            if not begin:
                return NotDeactivated(abandoned=one, message=self._why_active(ledger))
            questions = [
                await self._ask(one, number, around, Road.DEACTIVATION) for number in range(len(one.credentials))
            ]
            answers = [gates.ask(each) for each in questions]
            if closed := tuple(
                {name: (name, each) for found in answers for name, each in gates.closed(found)}.values()
            ):
                return Kept(abandoned=one, closed=closed)
            if not apply:
                return WouldDeactivate(abandoned=one)
            await self._deactivate(one, ledger, questions[0], {name: each.because for name, each in answers[0]})
        except (WriteFailedError, ReadFailedError, PermissionMissingError) as error:
            if (Kind.DEACTIVATE_MEANT, one.application.id) in ledger.standing().begun and apply:
                ledger.saw(Kind.DEACTIVATE_FAILED, one.application.id, message=str(error))
            return NotDeactivated(abandoned=one, message=str(error))
        return Deactivated(abandoned=one)

    def _why_active(self, ledger: Ledger) -> str:
        if ledger.what.client_id in rollout.deactivating(ledger.entries()):
            return f"it was to be deactivated, and is not: unsecret deactivate PLAN --app {ledger.what.client_id}"
        return "it is not deactivated any more"

    async def _ask(self, one: Abandoned, number: int, around: Surroundings, road: Road) -> Question:
        credential = one.credentials[number]
        now = await read(self.directory, one, credential)
        return await self._asker.question(one, credential, now, around, road)

    # --- what is deactivated -----------------------------------------------------------------------------------------

    async def _is_ours(self, ledger: Ledger, application: ApplicationId, *, apply: bool) -> bool:
        """Whether it is deactivated, and by us; a run that ended right after the change is resolved by what is seen."""
        if not await self.writer.is_disabled(application):
            return False
        client_id = ledger.what.client_id
        if client_id in rollout.deactivations(ledger.entries()):
            return True
        begun = (Kind.DEACTIVATE_MEANT, application) in ledger.standing().begun
        if begun and apply:
            await self._confirmed(ledger, application, resolved=True)
        return begun

    async def _looked(self, one: Abandoned, around: Surroundings, ledger: Ledger, *, apply: bool) -> Deactivation:
        question = await self._ask(one, 0, around, Road.DEACTIVATED)
        if not apply:
            return Unmissed(abandoned=one)
        missed = self._asker.note_look(question)
        if not missed:
            return Unmissed(abandoned=one)
        activated = False
        if self.rules.policy.scream_activates:
            activated = isinstance(await self._activate(ledger), Activated)
        return Missed(abandoned=one, message=missed, activated=activated)

    async def _deactivate(self, one: Abandoned, ledger: Ledger, question: Question, opened: dict[str, Json]) -> None:
        application = one.application.id
        before = await self.writer.is_disabled(application)
        if before:  # else revert would set it to what it is now
            raise WriteFailedError(f"{one.application.display_name} shows as deactivated by now; run it again later")
        now = question.now.isoformat()
        ledger.intend(Kind.DEACTIVATE_MEANT, application, before=before, gates=opened, tenant_time=now)
        await self.writer.set_disabled(application, value=True)
        await self._confirmed(ledger, application, resolved=False)

    async def _confirmed(self, ledger: Ledger, application: ApplicationId, *, resolved: bool) -> None:
        """Read until it shows, and write it down; the time counts from when it was meant, as attempts do."""
        await self._until(application, disabled=True)
        meant = ledger.meant(Kind.DEACTIVATE_MEANT, application)
        told = {name: meant.data.get(name) for name in ("before", "tenant_time")} if meant else {}
        ledger.saw(Kind.DEACTIVATED, application, resolved=resolved, **told)

    async def _until(self, application: ApplicationId, *, disabled: bool) -> None:
        async def seen() -> bool:
            return bool(await self.writer.is_disabled(application)) is disabled

        text = f"isDisabled of {application} was set and does not show; run the same command again later"
        await self.settling.until(seen, self.clock, text)

    # --- back --------------------------------------------------------------------------------------------------------

    async def activate(self, one: Abandoned, *, apply: bool) -> Activation | None:
        """Set what was there before the deactivation; None: it would be done, in a dry run."""
        ledger = self._ledger(one)
        ours = one.application.client_id in rollout.deactivations(ledger.entries())
        if not ours and not any(kind is Kind.DEACTIVATE_MEANT for kind, _ in ledger.standing().begun):
            return NothingToActivate(message="it was not deactivated by unsecret: nothing is left to take back")
        if not apply:
            return None
        try:
            with self.journal.lease(one.application.client_id):
                return await self._activate(ledger)
        except (LeaseHeldError, LeaseLostError) as error:
            return NotActivated(message=str(error))

    async def _is_active(self, application: ApplicationId) -> bool:
        """Whether several reads in a row show it: one alone may be of a replica that has not heard of it yet."""
        for number in range(self.settling.in_a_row):
            if number:
                await self.clock.sleep(self.settling.pause)
            if await self.writer.is_disabled(application):
                return False
        return True

    async def _activate(self, ledger: Ledger) -> Activated | NotActivated:
        application = ledger.what.application.id
        meant = ledger.meant(Kind.DEACTIVATE_MEANT, application)
        told = meant.data.get("before") if meant else None
        before = told if isinstance(told, bool) else None
        try:
            if await self._is_active(application):
                ledger.saw(Kind.ACTIVATED, application, found=True)
                return Activated(found=True)
            ledger.intend(Kind.ACTIVATE_MEANT, application, to=before)
            await self.writer.set_disabled(application, value=before)
            await self._until(application, disabled=False)
        except (WriteFailedError, ReadFailedError, PermissionMissingError) as error:
            ledger.saw(Kind.ACTIVATE_FAILED, application, message=str(error))
            return NotActivated(message=str(error))
        ledger.saw(Kind.ACTIVATED, application, found=False, to=before)
        return Activated(found=False)
