"""Removing credentials: the gates are asked at the moment of the removal, and there is no way back from it.

Order for each credential: read the tenant, ask every gate, let it soak where the policy says so, ask again, perform
the exchange, write what is meant, remove, read until it is gone, write what was seen, perform the exchange again. An
exchange that keeps failing after a removal stops the whole run, and every later one until it is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from inventory.directory import Directory
from migrate import exchange as exchanges
from migrate import gates, rollout
from migrate.asking import Asker
from migrate.circumstances import RetirePolicy
from migrate.entry import Json, Kind
from migrate.errors import LeaseHeldError
from migrate.gate import Closed, Question
from migrate.model import Pairing, Plan, PlannedCredential, Road, Target
from migrate.ports import Clock, DirectoryWriter, Journal, TokenExchange
from migrate.removal import Now, Remover, read
from migrate.retirement import GoneAlready, Held, NotRemoved, Retired, Retirement, Scheduled, WouldRetire
from migrate.rollback import Rules, restrictions
from migrate.surroundings import KINDS, Surroundings, holds_for_good
from migrate.usedby import callers_of, unclear_of

_ONE_OPERATOR = "one-operator"
"""No gate, as there is no asking: where somebody else acts on the application, nothing is even read."""
_FRESH = timedelta(minutes=10)
"""For how long what gates were told counts: a machine may be suspended between them and the removal."""
_HELD_UP = "this run was held up for long after the gates were asked, and the tenant may have changed: run it again"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirer:
    """Carries out the retirement part of a plan."""

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    exchange: TokenExchange
    journal: Journal
    clock: Clock
    rules: RetirePolicy
    plan_file: str = "PLAN"
    """Its path, as the command that is told when something goes wrong names it."""
    stopped: Callable[[], bool] = lambda: False
    """Asked before each credential: whether to leave it and all that follow alone."""

    @property
    def _asker(self) -> Asker:
        return Asker(plan=self.plan, directory=self.directory, journal=self.journal, rules=self.rules)

    @property
    def _remover(self) -> Remover:
        return Remover(
            plan=self.plan,
            directory=self.directory,
            writer=self.writer,
            exchange=self.exchange,
            journal=self.journal,
            clock=self.clock,
            plan_file=self.plan_file,
        )

    async def run(
        self, pairings: Iterable[Target], *, apply: bool, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Retirement, ...]:
        """Retire what every gate lets pass, one credential at a time and wave by wave, or say what would be retired.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what is meant could not be written down; then nothing was removed.
            LeaseLostError: this run was so slow that somebody else has taken the application over.
            RetirementStoppedError: a removal was followed by failing exchanges.

        """
        known = await restrictions(self.directory) if self.rules.policy.rollback else Rules()
        around = Surroundings(self.plan, self.rules, self.journal.entries(kinds=KINDS), known)
        results: list[Retirement] = []
        for pairing in sorted(pairings, key=lambda each: each.wave):
            if self.stopped():
                break
            progress(pairing.application.display_name)
            results += await self._pairing(pairing, around, apply=apply)
        return tuple(results)

    async def _pairing(self, pairing: Target, around: Surroundings, *, apply: bool) -> list[Retirement]:
        """Go through the credentials of one application, with its lease where something may be removed."""
        if not apply:
            return await self._credentials(pairing, around, apply=False)
        try:
            with self.journal.lease(pairing.application.client_id):
                return await self._credentials(pairing, around, apply=True)
        except LeaseHeldError as error:
            closed = ((_ONE_OPERATOR, Closed(because=str(error), opens="running it again when that has ended")),)
            return [Held(pairing=pairing, credential=each, closed=closed) for each in pairing.credentials]

    async def _credentials(self, pairing: Target, around: Surroundings, *, apply: bool) -> list[Retirement]:
        results: list[Retirement] = []
        for credential in pairing.credentials:
            if self.stopped():
                break
            results.append(found := await self._one(pairing, credential, around, apply=apply))
            if apply and isinstance(found, Scheduled):
                around.soaks(pairing, credential)
            elif _is_settled(found):
                around.settled(pairing, credential)
        return results

    async def _one(
        self, pairing: Target, credential: PlannedCredential, around: Surroundings, *, apply: bool
    ) -> Retirement:
        now = await read(self.directory, pairing, credential)
        if now.carries(credential) is False:
            return await self._gone(pairing, credential, now, around, apply=apply)
        question = await self._question(pairing, credential, now, around)
        if apply:
            self._note_callers(question, around)
            self._asker.note_look(question)
        answers = gates.ask(question)
        if closed := gates.closed(answers):
            return self._held(question, closed, apply=apply)
        if (soaking := self._soaking(question, apply=apply)) is not None:
            return soaking
        if not apply:
            return WouldRetire(pairing=pairing, credential=credential)
        return await self._retire(question, around)

    async def _retire(self, question: Question, around: Surroundings) -> Retirement:
        pairing, credential, asked = question.pairing, question.credential, self.clock.now()
        if isinstance(pairing, Pairing) and (failed := await self._fails(pairing)):
            answer = Closed(because=f"the exchange fails just now: {failed.message}", opens=failed.hint)
            return self._held(question, (("exchange-proven", answer),), apply=True)
        # The exchange takes seconds, in which somebody may have changed the tenant, and another operator may have met
        # trouble. Reading the log took longer: its first page is old where this machine was suspended since.
        question = await self._asker.again(question, around)
        answers = gates.ask(question)
        if closed := gates.closed(answers):
            return self._held(question, closed, apply=True)
        if abs(self.clock.now() - asked) > _FRESH:
            return NotRemoved(pairing=pairing, credential=credential, message=_HELD_UP)
        self._remover.intend(question, {name: each.because for name, each in answers})
        if message := await self._remover.remove(question, around):
            return NotRemoved(pairing=pairing, credential=credential, message=message)
        return Retired(pairing=pairing, credential=credential)

    async def _fails(self, pairing: Pairing) -> exchanges.NotProven | None:
        return exchanges.record(self.plan, pairing, await self.exchange.exchange(pairing), self.journal)

    def _held(self, question: Question, closed: tuple[tuple[str, Closed], ...], *, apply: bool) -> Held:
        if apply:
            answers = {name: {"because": each.because, "opens": each.opens} for name, each in closed}
            if question.circumstances.scheduled is not None:
                self._remover.write(Kind.UNSCHEDULED, question, {})
            self._remover.write(Kind.HELD, question, {"gates": answers})
        return Held(pairing=question.pairing, credential=question.credential, closed=closed)

    def _soaking(self, question: Question, *, apply: bool) -> Scheduled | None:
        """Schedule a removal, or say until when it soaks; None: it has soaked, or the policy asks for none."""
        since, hours = question.circumstances.scheduled, self.rules.policy.soak_hours
        # What was announced stands: a policy that asks for less, or a folder without one, does not cut a soak short.
        soak = timedelta(hours=max(hours, question.circumstances.soak_hours))
        if not soak or question.road is Road.DEACTIVATED or (since is not None and question.now >= since + soak):
            return None
        if since is None and apply:
            self._remover.write(Kind.SCHEDULED, question, {"hours": hours})
        until = (since or question.now) + soak
        return Scheduled(pairing=question.pairing, credential=question.credential, until=until, new=since is None)

    def _note_callers(self, question: Question, around: Surroundings) -> None:
        """Write down who used the credential, as the log forgets it after a month."""
        target, credential, history = question.pairing, question.credential, question.history
        known, unclear = around.known_callers(target, credential), around.unclear_callers(target, credential)
        seen, dim = callers_of(history, credential), unclear_of(history, credential)
        scanned = (seen, around.scanned_callers(target, credential)), (dim, around.scanned_unclear(target, credential))
        for found, before in scanned:
            found.update({each: max(at, found.get(each, at)) for each, at in before.items()})
        given_up: dict[str, Json] = {**around.newly_given_up(target, credential)}
        if given_up or _newer(seen, known) or _newer(dim, unclear):
            told = {"addresses": _latest(seen, known), "unclear": _latest(dim, unclear), "given_up": given_up}
            self._remover.write(Kind.CALLERS, question, {name: each for name, each in told.items() if each})

    async def _question(
        self, target: Target, credential: PlannedCredential, now: Now, around: Surroundings
    ) -> Question:
        road = Road.FEDERATED if isinstance(target, Pairing) else Road.DEACTIVATED
        return await self._asker.question(target, credential, now, around, road)

    async def _gone(
        self, pairing: Target, credential: PlannedCredential, now: Now, around: Surroundings, *, apply: bool
    ) -> Retirement:
        """Resolve a removal that an earlier run meant and could not confirm, by what the tenant shows now."""
        kinds = (Kind.RETIRE_MEANT, Kind.RETIRED, Kind.GONE)
        written = self.journal.entries(kinds=kinds, application=pairing.application.client_id)
        entries = [each for each in written if each.carried == credential.carried]
        ours = bool(rollout.unfinished(entries, Kind.RETIRE_MEANT, Kind.RETIRED))
        told = any(each.kind is not Kind.RETIRE_MEANT for each in entries)
        known = ours or any(each.kind is Kind.RETIRED for each in entries)
        gone = GoneAlready(pairing=pairing, credential=credential, ours=known)
        if not apply or (told and not ours):
            return gone
        question = await self._question(pairing, credential, now, around)
        if not ours:
            self._remover.write(Kind.GONE, question, {})
            return gone
        left = await self._remover.until_gone(pairing, credential)
        self._remover.retired(question, around, {"resolved": True}, left)
        await self._remover.prove(question)
        return Retired(pairing=pairing, credential=credential)


def _newer(seen: dict[str, datetime], known: dict[str, datetime]) -> bool:
    return any(at > known.get(address, _NEVER) for address, at in seen.items())


def _latest(seen: dict[str, datetime], known: dict[str, datetime]) -> dict[str, Json]:
    return {address: max(at, known.get(address, at)).isoformat() for address, at in seen.items()}


def _is_settled(found: Retirement) -> bool:
    """Whether later waves need not wait for a credential: it is gone, would be, or is held for a reason of its own."""
    if isinstance(found, Held):
        return holds_for_good(name for name, _ in found.closed)
    return not isinstance(found, NotRemoved)
