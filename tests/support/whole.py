"""A whole rollout in small steps, each of which can be ended anywhere and run again: federate, prove, schedule, retire
wave by wave, watch, seal.

Only between steps the tenant's clock goes forward. So a step that is ended and run again must leave tenant and journal
as it leaves them when nobody ends it, and then everything after it is the same too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from migrate.circumstances import Policy, RetirePolicy
from migrate.demo import callers
from migrate.entry import Entry, Kind
from migrate.exchange import verify
from migrate.federation import NotCreated
from migrate.model import Pairing
from migrate.provision import NotCarriedOut
from migrate.retirement import Held, NotRemoved, Retirement
from migrate.seal import NotSealed, Refused
from migrate.watch import Broken, Watcher
from tests.support.estate import Estate

RULES = RetirePolicy(policy=Policy(soak_hours=4))
SOAK = timedelta(hours=4, minutes=1)
WATCH = timedelta(hours=2, minutes=1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command for one application, as an operator would run it."""

    name: str
    run: Callable[[], None]


@dataclass(kw_only=True)
class Whole:
    """Every step of a rollout, in order; what happens between steps happens when the next one is asked for."""

    made: Estate
    pairings: tuple[Pairing, ...]
    rules: RetirePolicy = RULES

    def steps(self) -> Iterator[Step]:
        yield from (self._federate(each) for each in self.pairings)
        for refusal in self.made.stepped:
            yield Step(name="provision", run=lambda each=refusal: self._provide(each))  # type: ignore[misc]
        yield from (self._prove(each) for each in self.pairings)
        self.made.base.journal.record(self.scanned())
        self.a_month()
        for wave in sorted({each.wave for each in self.pairings}):
            yield from self._wave(tuple(each for each in self.pairings if each.wave == wave))

    def a_month(self) -> None:
        """Let a month pass; somebody else signs in all the time, so that the log has no gap, and then everybody."""
        emulator = self.made.base.emulator
        other = callers.neighbour(emulator)
        for hours in (*[12] * 6, *[28] * 24):
            emulator.advance(timedelta(hours=hours))
            assert callers.sign_in(emulator, other)
        callers.moved(emulator, self.pairings)

    def _wave(self, ones: tuple[Pairing, ...]) -> Iterator[Step]:
        yield from (self._prove(each) for each in ones)
        yield from (self._step("schedule", each) for each in ones)
        self.made.base.emulator.advance(SOAK)
        self.prove(ones)
        yield from (self._step("retire", each) for each in ones)
        self.made.base.emulator.advance(WATCH)
        self.prove(ones)
        for each in ones:
            yield Step(name="watch", run=lambda one=each: self._watch(one))  # type: ignore[misc]
        for each in ones:
            yield Step(name="seal", run=lambda one=each: self._seal(one))  # type: ignore[misc]

    def scanned(self) -> Entry:
        data: dict[str, Any] = {"tenant": self.made.plan.tenant_id, "findings": [], "scanned": 1}
        return Entry(kind=Kind.CODE_SCANNED, plan=self.made.plan.digest, subject="/code", data=data)

    def _federate(self, pairing: Pairing) -> Step:
        def run() -> None:
            done, _ = asyncio.run(self.made.federate((pairing,)))
            assert not [each for each in done if isinstance(each, NotCreated)]

        return Step(name="federate", run=run)

    def _provide(self, refusal: Any) -> None:
        _, provided = asyncio.run(self.made.federate((), (refusal,)))
        assert not [each for each in provided if isinstance(each, NotCarriedOut)]

    def _prove(self, pairing: Pairing) -> Step:
        return Step(name="prove", run=lambda: self.prove((pairing,)))

    def prove(self, pairings: tuple[Pairing, ...]) -> None:
        base = self.made.base
        asyncio.run(
            verify(
                self.made.plan, pairings, exchange=base.exchange(self.made.plan), journal=base.journal,
                clock=base.clock, tries=2, interval=0,
            )
        )  # fmt: skip

    def _step(self, name: str, pairing: Pairing) -> Step:
        return Step(name=name, run=lambda: self.retire((pairing,)))

    def retire(self, pairings: tuple[Pairing, ...]) -> None:
        found: tuple[Retirement, ...] = asyncio.run(
            self.made.base.retire(self.made.plan, only=pairings, rules=self.rules)
        )
        assert not [each for each in found if isinstance(each, NotRemoved)]
        held = {name for each in found if isinstance(each, Held) for name, _ in each.closed}
        assert held <= {"one-tenant", "not-signing-or-encryption", "not-last-credential-without-proof"}, held

    def _seal(self, pairing: Pairing) -> None:
        found = asyncio.run(self.made.base.seal(self.made.plan, only=(pairing,)))
        assert not [each for each in found if isinstance(each, NotSealed | Refused)]

    def _watch(self, pairing: Pairing) -> None:
        async def look() -> None:
            base = self.made.base
            async with base.directory() as (directory, _):
                watcher = Watcher(
                    plan=self.made.plan,
                    directory=directory,
                    exchange=base.exchange(self.made.plan),
                    journal=base.journal,
                    policy=self.rules.policy,
                )
                looks = await watcher.run((pairing,))
            assert not [each for each in looks if isinstance(each, Broken)]

        asyncio.run(look())


def cannot_sign_in(made: Estate, pairings: tuple[Pairing, ...]) -> list[str]:
    """Return the applications that hold no live secret any more and have no exchange that works either."""
    exchange, tenant, stranded = made.base.exchange(made.plan), made.tenant, []
    for pairing in pairings:
        application = tenant.applications.get(pairing.application.id)
        assert application is not None
        live = [each for each in application.passwords if each.end > tenant.clock.now()]
        callable_ = any(
            callers.sign_in(made.base.emulator, callers.Caller(client_id=application.app_id, secret=each.secret))
            for each in live
        )
        if not callable_ and not hasattr(asyncio.run(exchange.exchange(pairing)), "claims"):
            stranded.append(application.display_name)
    return stranded
