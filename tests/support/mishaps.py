"""A rollout by two operators at once, in a tenant in which things go wrong at random; a seed says which.

Commands that fail are run again, as operators do. In the end nothing may be lost, whatever went wrong.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

from inventory.errors import InventoryError
from migrate import rollout
from migrate.circumstances import Policy, RetirePolicy
from migrate.demo import callers
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert
from migrate.emulator.state.policies import Policy as Policies
from migrate.emulator.state.policies import Restriction, Restrictions
from migrate.entry import Kind
from migrate.errors import MigrateError
from migrate.journal.store import SqlJournal
from migrate.model import Abandoned, Plan, Target
from migrate.retirement import Held, Scheduled
from migrate.watch import Watcher
from tests.support.audit import Audit
from tests.support.estate import Estate
from tests.support.rollout import PatientClock, Rollout
from tests.support.whole import Whole, cannot_sign_in

_OWN = "0e1ed1ab-5ea1-4ed1-a5ea-11edab1e0001"
_LIFE = timedelta(days=30)
ROUNDS = 4
"""How often a command is run in a tenant that fails, before it is run in one that does not."""


class TenantClock(PatientClock):
    """Waits by moving the tenant's clock: what spreads in the tenant's time spreads while somebody waits."""

    def __init__(self, advance: Callable[[timedelta], None]) -> None:
        super().__init__()
        self._advance = advance

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self._advance(timedelta(seconds=seconds))


def faults(dice: random.Random) -> dict[str, Any]:
    """Draw some of the faults that a tenant has for its clients: at least one, seldom all."""
    lost = {"share": dice.choice([0.05, 0.2]), "times": 6, "when": "after"}
    every: list[dict[str, Any]] = [
        {"kind": "reset", "methods": ["POST", "PATCH", "DELETE"], "path": "/v1.0/**", **lost},
        {"kind": "status", "methods": ["POST"], "path": "/v1.0/**", "status": 504, **lost},
        {"kind": "status", "path": "/v1.0/**", "status": 429, "retry_after": 0.01, "share": 0.1, "times": 20},
        {"kind": "status", "methods": ["GET"], "path": "/v1.0/**", "status": 503, "share": 0.1, "times": 10},
        {"kind": "truncate", "path": "/v1.0/**", "share": 0.05, "times": 3},
        {"kind": "lagging-reads", "of": ["lists", "objects"], "unseen": 2, "flapping": dice.choice([10, 60])},
        {"kind": "propagation", "unseen": dice.choice([5, 60]), "flapping": 120},
        {"kind": "propagation", "of": ["secrets", "certificates"], "unseen": 10, "flapping": 60},
        {"kind": "second-writer", "of": "keyCredentials", "share": 0.2, "times": 2},
        {"kind": "second-writer", "of": "passwordCredentials", "share": 0.1, "times": 1},
        {"kind": "expired-bearer", "after_requests": 40, "tokens": 3},
    ]
    chosen = dice.sample(every, dice.randint(1, 6))
    return {"seed": dice.randint(1, 10**6), "faults": chosen}


@dataclass(kw_only=True)
class Ran:
    """What came of one run."""

    seed: int
    kinds: tuple[str, ...]
    """The faults that were drawn."""
    fired: int = 0
    """Commands that failed and were run again."""
    removed: int = 0
    held: int = 0
    sealed: int = 0
    deactivated: int = 0
    screamed: int = 0
    idle_gone: int = 0
    """Applications that nobody uses and that lost every credential."""
    glass: int = 0
    """Break-glass secrets that were made; these four only where a run is a wide one."""
    wrong: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Mishaps:
    """One seeded run: two operators on one journal, the faults, and callers who were told of nothing."""

    base: Rollout
    other: SqlJournal
    url: Callable[[], SqlJournal]
    seed: int

    def run(self) -> Ran:
        dice = random.Random(self.seed)  # noqa: S311 - reproducible, not secret
        drawn = self.drawn(dice)
        ran = Ran(seed=self.seed, kinds=tuple(sorted(each["kind"] for each in drawn["faults"])))
        self.base.clock = TenantClock(self.base.emulator.advance)
        plan = self.planned(dice)
        self._govern(plan)
        made = Estate(base=self.base, plan=plan)
        with self._audited(plan) as audit:
            install(self.base.emulator.tenant, convert(drawn))
            self._all(made, ran, self._knocking(plan, dice))
            ran.wrong += [f"{each.key_id}: {', '.join(each.wrong)}" for each in audit.wrong]
            ran.removed = len(audit.removals)
        ran.wrong += self._lost(plan, audit)
        ran.wrong += self._loosened(plan)
        states = rollout.states(plan.pairings, self.base.journal.entries())
        ran.sealed = sum(each is rollout.State.SEALED for each in states.values())
        ran.wrong += [f"{name} cannot sign in" for name in cannot_sign_in(made, plan.pairings)]
        return ran

    # --- what a wide run adds ------------------------------------------------------------------------------------

    auditor: ClassVar[type[Audit]] = Audit

    def drawn(self, dice: random.Random) -> dict[str, Any]:
        """Draw the faults."""
        return faults(dice)

    def planned(self, dice: random.Random) -> Plan:  # noqa: ARG002 - a wide run draws
        """Make the plan."""
        return asyncio.run(self.base.plan())

    def idle(self, plan: Plan) -> tuple[Abandoned, ...]:  # noqa: ARG002 - a wide run has some
        """Return the applications that nobody uses."""
        return ()

    def before(self, made: Estate, ran: Ran) -> None:
        """Do what comes before the month."""

    def among(self, made: Estate, ran: Ran) -> None:
        """Do what comes before each round of removals."""

    def after(self, made: Estate, ran: Ran) -> None:
        """Do what comes after the removals, while things go wrong still."""

    def calm(self, made: Estate, ran: Ran) -> None:
        """Do what comes when nothing goes wrong any more."""

    # --- one run -------------------------------------------------------------------------------------------------

    @contextmanager
    def _audited(self, plan: Plan) -> Iterator[Audit]:
        own = self.url()
        try:
            with self.auditor(tenant=self.base.emulator.tenant, plan=plan, journal=own).installed() as audit:
                yield audit
        finally:
            own.close()

    def _govern(self, plan: Plan) -> None:
        """Give every second application a policy of its own, which limits the life of certificates."""
        limit = Restriction(type="asymmetricKeyLifetime", lifetime=_LIFE, lifetime_text="P30D")
        book = self.base.emulator.tenant.policies
        book.custom[_OWN] = Policies(
            id=_OWN, display_name="by hand", description="", enabled=True, restrictions=Restrictions(keys=(limit,))
        )
        book.assigned |= {each.application.id: _OWN for each in plan.pairings[::2]}

    def _loosened(self, plan: Plan) -> Iterator[str]:
        """Look for applications whose limit went, and for sealed ones that still take a secret."""
        tenant = self.base.emulator.tenant
        standings = rollout.standings(plan.pairings, self.base.journal.entries())
        for at, each in enumerate(plan.pairings):
            application = tenant.applications.get(each.application.id)
            assert application is not None
            rules = tenant.policies.policy_of(application).rules_for(application)
            in_force = {one.type: one for one in rules if one.enabled}
            if at % 2 == 0 and in_force["asymmetricKeyLifetime"].lifetime != _LIFE:
                yield f"{each.application.display_name} lost a restriction"
            _, now = standings[each.application.client_id]
            if now.station is rollout.State.SEALED and "passwordAddition" not in in_force:
                yield f"{each.application.display_name} is told to be sealed and is not"
            principal = tenant.service_principal_of(application)
            held = [*application.passwords, *application.keys, *principal.passwords, *principal.keys]
            if now.station is rollout.State.WATCHED and not held:
                yield f"{each.application.display_name} is watched and was not sealed: {now.condition}"

    def _knocking(self, plan: Plan, dice: random.Random) -> tuple[callers.Caller, ...]:
        tenant = self.base.emulator.tenant
        rows = [(one.application.client_id, each) for one in plan.pairings for each in one.credentials]
        secrets = [(client, each.key_id) for client, each in rows if each.kind.value == "secret"]
        chosen = dice.sample(secrets, min(len(secrets), dice.randint(0, 2)))
        return tuple(callers.Caller(client_id=client, secret=tenant.secret_of(key)) for client, key in chosen)

    def _all(self, made: Estate, ran: Ran, knocking: tuple[callers.Caller, ...]) -> None:
        rules = RetirePolicy(policy=Policy(soak_hours=4))
        whole = Whole(made=made, pairings=made.plan.pairings, rules=rules)
        self._both(ran, lambda one: one.federate(made.plan))
        self._both(ran, lambda one: one.verify(made.plan))
        self.before(made, ran)
        self.base.journal.record(whole.scanned())
        whole.a_month()
        for hours in (0, 4.1, 2.1, 4.1, 2.1, 4.1):
            self.base.emulator.advance(timedelta(hours=hours))
            for caller in knocking:
                callers.sign_in(self.base.emulator, caller)
            self._both(ran, lambda one: one.verify(made.plan))
            self.among(made, ran)
            self._both(ran, lambda one: one.retire(made.plan, rules=rules))
            self._both(ran, lambda one: _watch(one, made.plan, rules.policy))
        self.after(made, ran)
        self._both(ran, lambda one: one.seal(made.plan))
        remove(self.base.emulator.tenant)
        self.base.emulator.advance(timedelta(hours=1))
        self.calm(made, ran)
        self._once(ran, lambda one: one.verify(made.plan), self.base)
        self._once(ran, lambda one: one.seal(made.plan), self.base)
        last = asyncio.run(self.base.retire(made.plan, rules=rules))
        ran.held = sum(isinstance(each, Held | Scheduled) for each in last)

    def _both(self, ran: Ran, command: Callable[[Rollout], Any]) -> None:
        """Let both operators run a command at the same time, again and again until it ends without an error."""
        mates = (self.base, replace(self.base, journal=self.other))
        threads = [threading.Thread(target=self._once, args=(ran, command, mate)) for mate in mates]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _once(self, ran: Ran, command: Callable[[Rollout], Any], mate: Rollout) -> None:
        try:
            for _ in range(ROUNDS):
                try:
                    asyncio.run(command(mate))
                except (InventoryError, MigrateError):
                    ran.fired += 1
                else:
                    return
        except Exception as error:  # noqa: BLE001 - the thread would swallow it: whatever it is, the run has failed
            ran.wrong.append(f"a command broke off: {type(error).__name__}: {error}")

    def _lost(self, plan: Plan, audit: Audit) -> Iterator[str]:
        """Look for credentials that went without an entry, and entries without a credential that went."""
        entries = self.base.journal.entries(kinds=(Kind.RETIRED, Kind.GONE, Kind.RETIRE_MEANT))
        retired = Counter(each.subject for each in entries if each.kind is Kind.RETIRED)
        gone = [each.key_id for each in audit.removals]
        yield from (f"{key} was written down as removed {count} times" for key, count in retired.items() if count > 1)
        yield from (f"{key} was removed twice" for key, count in Counter(gone).items() if count > 1)
        yield from (f"{key} went and is not written down" for key in gone if key not in retired)
        yield from (f"{key} is written down as removed and was not" for key in retired if key not in gone)
        left = rollout.unfinished(entries, Kind.RETIRE_MEANT, Kind.RETIRED) & set(gone)
        yield from (f"{key} was begun and never resolved" for key in left)
        here = self.base.keys_left()
        every: tuple[Target, ...] = (*plan.pairings, *self.idle(plan))
        planned = {each.key_id for one in every for each in one.credentials}
        yield from (f"{key} is lost" for key in sorted(planned - here - {*retired}))


async def _watch(one: Rollout, plan: Plan, policy: Policy) -> None:
    async with one.directory() as (directory, _):
        watcher = Watcher(
            plan=plan, directory=directory, exchange=one.exchange(plan), journal=one.journal, policy=policy
        )
        await watcher.run(plan.pairings)
