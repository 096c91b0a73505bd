"""A rollout as in ``mishaps``, with the other road and with emergencies: what nobody uses is deactivated by both
operators, missed or not, activated again or removed; what lost its credentials is given break-glass secrets in a vault
that fails too.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

from inventory.model import ClientId
from migrate import gates, planfile, planuse, rollout
from migrate.breakglass import GlassBreaker, Made, Present
from migrate.circumstances import Policy, RetirePolicy
from migrate.deactivation import Deactivator
from migrate.demo import callers
from migrate.emulator.state.records import PasswordCredential, ServicePrincipal
from migrate.entry import Entry, Kind
from migrate.glass_over import note_ended
from migrate.model import Abandoned, Pairing, Plan, Road, Target
from migrate.refusalcodes import RefusalCode
from migrate.vault_writer import vault_issuer
from migrate.watch import Watcher
from tests.support.audit import WINDOW, Audit, Removal
from tests.support.estate import QUICK, Estate
from tests.support.glass import LABEL, POLICY, VAULT_NAME
from tests.support.mishaps import Mishaps, Ran, faults
from tests.support.rollout import Rollout

IDLE = 3
RULES = RetirePolicy(policy=Policy(soak_hours=4, scream_days=20), break_glass=POLICY)
GLASS_HOURS = 6


@dataclass(kw_only=True)
class WideAudit(Audit):
    """Looks at removals on the other road and at break-glass secrets too."""

    unmade: list[str] = field(default_factory=list)
    """Break-glass secrets that were removed, as no vault was known to hold them."""

    def _gone(self, key_id: str) -> None:
        if (self._name(key_id) or "").startswith(LABEL):
            self._unmade(key_id)
        elif (one := self._abandoned(key_id)) is not None:
            wrong = tuple(self._against_idle(one, key_id))
            self.removals.append(Removal(key_id=key_id, at=self.tenant.clock.now(), wrong=wrong))
        else:
            super()._gone(key_id)

    def _name(self, key_id: str) -> str | None:
        held = (each for record in self.tenant.applications for each in record.passwords)
        return next((each.display_name for each in held if each.key_id == key_id), None)

    def _unmade(self, key_id: str) -> None:
        now = self.tenant.clock.now()
        made = rollout.glass_left(self.journal.entries())
        live = {each.key_id for found in made.values() for each in found if each.until > now}
        self.unmade.append(key_id)
        if key_id in live:
            wrong = ("a break-glass secret that somebody was told of",)
            self.removals.append(Removal(key_id=key_id, at=now, wrong=wrong))

    def _abandoned(self, key_id: str) -> Abandoned | None:
        some = planuse.abandoned(self.plan, self.journal)
        return next((each for each in some if key_id in {one.key_id for one in each.credentials}), None)

    def _against_idle(self, one: Abandoned, key_id: str) -> Iterator[str]:
        application = self.tenant.applications.get(one.application.id)
        if application is None or not application.is_disabled:
            yield "its application is not deactivated"
        mine = self.journal.entries(application=one.application.client_id)
        found = rollout.deactivations(mine).get(one.application.client_id)
        if found is None:
            yield "the journal does not know that it is deactivated"
            return
        since = min(found.at, self.tenant.clock.now() - WINDOW)
        for each in self.tenant.sign_ins.recorded:
            used = each.created >= since and not each.error_code
            if each.app_id == one.application.client_id and (used or each.created >= found.at):
                yield f"somebody tried to sign in at {each.created:%Y-%m-%d %H:%M}"
        if self.tenant.clock.now() < found.at + timedelta(days=RULES.policy.scream_days):
            yield "it was not deactivated for long enough"
        if not any(each.kind is Kind.OWNER_TOLD for each in mine):
            yield "its owners were not told"
        meant = [each for each in mine if each.kind is Kind.RETIRE_MEANT and each.subject == key_id]
        if not meant:
            yield "nobody wrote down that it was meant"
        elif set(dict(meant[-1].data["gates"])) != set(gates.names(Road.DEACTIVATED)):  # type: ignore[arg-type]
            yield "a gate was not told to be open"


@dataclass(kw_only=True)
class Wide(Mishaps):
    """One seeded run with everything."""

    auditor: ClassVar[type[Audit]] = WideAudit
    chosen: random.Random = field(default_factory=random.Random)
    screaming: ClientId | None = None

    def drawn(self, dice: random.Random) -> dict[str, Any]:
        """Draw what goes wrong in the tenant, and in its vaults."""
        plan = faults(dice)
        put = {"path": "/secrets/**", "share": 0.4, "times": 4}
        every: list[dict[str, Any]] = [
            {"kind": "status", "methods": ["PUT"], "status": 503, **put},
            {"kind": "reset", "methods": ["PUT"], "when": "after", **put},
            {"kind": "reset", "methods": ["GET", "PUT"], **put},
            {"kind": "status", "methods": ["PUT"], "status": 403, **put},
        ]
        plan["faults"] += dice.sample(every, dice.randint(0, 2))
        self.chosen = random.Random(dice.random())  # noqa: S311 - reproducible, not secret
        return plan

    def planned(self, dice: random.Random) -> Plan:
        """Add applications that nobody uses, and plan for them as for such."""
        for _ in range(27):  # of such a small tenant the log has gaps, and use is unknown
            self.base.emulator.advance(timedelta(hours=28))
            self._neighbour()
        ids = {self._unused(number, dice) for number in range(IDLE)}
        plan = super().planned(dice)
        refusals = tuple(
            replace(each, code=RefusalCode.UNUSED, steps=()) if each.application.client_id in ids else each
            for each in plan.refusals
        )
        plan = planfile.seal(replace(plan, refusals=refusals, digest=""))
        planuse.remember(plan, self.base.journal)
        assert len(self.idle(plan)) == IDLE
        return plan

    def _unused(self, number: int, dice: random.Random) -> str:
        tenant = self.base.emulator.tenant
        like = tenant.application_named("orders-api")
        ids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(5)]
        start = tenant.clock.now() - timedelta(days=300)
        secrets = tuple(
            PasswordCredential(key_id=each, secret=f"idle~{each}", start=start, end=start + timedelta(days=700))
            for each in ids[2 : 3 + number % 2]
        )
        name = f"idle-{number}"
        tenant.save_application(
            replace(
                like, id=ids[0], app_id=ids[1], display_name=name, passwords=secrets, keys=(), federated=(), owners=(),
                tags=(), created=start, is_disabled=None,
            )
        )  # fmt: skip
        bare: ServicePrincipal = replace(
            tenant.service_principal_of(like), id=ids[4], app_id=ids[1], display_name=name, passwords=(), keys=()
        )
        tenant.save_service_principal(bare)
        return ids[1]

    def idle(self, plan: Plan) -> tuple[Abandoned, ...]:
        """Return the applications that nobody uses."""
        return planuse.abandoned(plan, self.base.journal)

    # --- the other road ----------------------------------------------------------------------------------------------

    def before(self, made: Estate, ran: Ran) -> None:
        """Tell the owners, deactivate, and let one of them be missed."""
        unused = self.idle(made.plan)
        now = self.base.emulator.tenant.clock.now().isoformat()
        for each in unused:
            client_id = each.application.client_id
            told = Entry(
                kind=Kind.OWNER_TOLD, plan=made.plan.digest, application=client_id, subject=client_id,
                data={"answer": None, "tenant_time": now},
            )  # fmt: skip
            with self.base.journal.lease(client_id):
                self.base.journal.record(told)
        for _ in range(2):
            self._neighbour()
            self._both(ran, lambda one: _deactivate(one, made.plan, unused))
        known = rollout.deactivations(self.base.journal.entries())
        if known and self.chosen.random() < 0.6:
            self.screaming = self.chosen.choice(sorted(known))
            self.base.emulator.advance(timedelta(hours=1))
            self._scream()
            self._both(ran, lambda one: _look(one, made.plan, unused))  # before the log forgets

    def _scream(self) -> None:
        tenant = self.base.emulator.tenant
        application = tenant.applications.with_app_id(self.screaming or "")
        assert application is not None
        secret = next(each.secret for each in application.passwords if each.secret.startswith("idle~"))
        callers.sign_in(self.base.emulator, callers.Caller(client_id=application.app_id, secret=secret))

    def _neighbour(self) -> None:
        callers.sign_in(self.base.emulator, callers.neighbour(self.base.emulator))

    def among(self, made: Estate, ran: Ran) -> None:
        """Look after what is deactivated, activate what is missed, remove what is not."""
        self._neighbour()
        unused = self.idle(made.plan)
        self._both(ran, lambda one: _look(one, made.plan, unused))
        missed = tuple(each for each in unused if each.application.client_id == self.screaming)
        self._both(ran, lambda one: _activate(one, made.plan, missed))
        others = tuple(each for each in unused if each not in missed)
        self._both(ran, lambda one: one.retire(made.plan, only=others, rules=RULES))  # type: ignore[arg-type]

    # --- emergencies -------------------------------------------------------------------------------------------------

    def after(self, made: Estate, ran: Ran) -> None:
        """Break the glass for some of those that lost everything, both operators at the same time."""
        for each in self._emergencies(made):
            self._both(ran, lambda one, on=each: _break(one, made.plan, on))  # type: ignore[misc]

    def _emergencies(self, made: Estate) -> tuple[Target, ...]:
        removed = {each.application for each in self.base.journal.entries(kinds=(Kind.RETIRED,))}
        every: tuple[Target, ...] = (*made.plan.pairings, *self.idle(made.plan))
        some = [each for each in every if each.application.client_id in removed]
        again = random.Random(self.seed)  # noqa: S311 - the same ones in the end
        return tuple(again.sample(some, min(len(some), 3)))

    def calm(self, made: Estate, ran: Ran) -> None:
        """Settle what is left, and compare tenant, vault and journal."""
        for each in self._emergencies(made):
            found = asyncio.run(_break(self.base, made.plan, each))
            if isinstance(found, Made | Present):
                ran.glass += 1
                ran.wrong += self._kept(each, found)
            else:
                ran.wrong += self._none(each, found.message)
        asyncio.run(_look(self.base, made.plan, self.idle(made.plan)))
        missed = tuple(each for each in self.idle(made.plan) if each.application.client_id == self.screaming)
        asyncio.run(_activate(self.base, made.plan, missed))
        ran.wrong += self._unmissed(made, ran)
        self.base.emulator.advance(timedelta(hours=GLASS_HOURS, minutes=1))
        self._once(ran, lambda one: one.verify(made.plan), self.base)
        asyncio.run(_watch_all(self.base, made.plan))
        if left := rollout.glass_left(self.base.journal.entries()):
            ran.wrong += [f"the end of a break-glass secret of {each} was not written down" for each in left]

    def _none(self, on: Target, message: str) -> Iterator[str]:
        """Take a seal for an answer, which forbids new secrets, where nothing was left behind that nobody knows of."""
        name, client_id = on.application.display_name, on.application.client_id
        application = self.base.emulator.tenant.applications.with_app_id(client_id)
        assert application is not None
        now = rollout.standings((on,), self.base.journal.entries())[client_id][1] if isinstance(on, Pairing) else None
        if now is None or now.station is not rollout.State.SEALED or "forbids a new secret" not in message:
            yield f"no break-glass secret in the end: {message}"
        if any((each.display_name or "").startswith(LABEL) for each in application.passwords):
            yield f"{name} has a break-glass secret that nobody knows of"

    def _kept(self, on: Target, found: Made | Present) -> Iterator[str]:
        emulator, name = self.base.emulator, on.application.display_name
        application = emulator.tenant.applications.with_app_id(on.application.client_id)
        assert application is not None
        ours = [each for each in application.passwords if (each.display_name or "").startswith(LABEL)]
        if [each.key_id for each in ours] != [found.secret.key_id]:
            yield f"{name} has {len(ours)} break-glass secrets, and the journal tells of {found.secret.key_id}"
        versions = {each.version: each for each in emulator.vaults.versions(VAULT_NAME, found.secret.place.name)}
        held = versions.get(found.secret.version)
        text = emulator.tenant.secret_of(found.secret.key_id)
        if held is None or held.value != text:
            yield f"the vault does not hold the break-glass secret of {name}"
        elif not application.is_disabled and not self._signs_in(application.app_id, text):
            yield f"the break-glass secret of {name} does not sign in"
        if text in repr(self.base.journal.entries()):
            yield f"the break-glass secret of {name} is in the journal"

    def _signs_in(self, client_id: str, secret: str) -> bool:
        return callers.sign_in(self.base.emulator, callers.Caller(client_id=client_id, secret=secret))

    def _unmissed(self, made: Estate, ran: Ran) -> Iterator[str]:
        """Compare what is deactivated with what the journal says, and find the one that was missed as it was before."""
        tenant = self.base.emulator.tenant
        entries = self.base.journal.entries()
        known = rollout.deactivations(entries)
        begun = rollout.unfinished(entries, Kind.DEACTIVATE_MEANT, Kind.DEACTIVATED)
        for each in self.idle(made.plan):
            client_id, name = each.application.client_id, each.application.display_name
            application = tenant.applications.get(each.application.id)
            assert application is not None
            ran.deactivated += bool(application.is_disabled)
            planned = {one.key_id for one in each.credentials}
            ran.idle_gone += not planned & {one.key_id for one in application.passwords}
            if bool(application.is_disabled) != (client_id in known):
                yield f"{name} is deactivated: {application.is_disabled}; as the journal says: {client_id in known}"
            if application.is_disabled and each.application.id in begun:
                yield f"{name} was begun to be deactivated and never resolved"
            told = any(one.kind is Kind.SCREAM_FAILED and one.application == client_id for one in entries)
            if client_id == self.screaming and told:
                ran.screamed += 1
                left = {one.key_id for one in application.passwords}
                if application.is_disabled or not {one.key_id for one in each.credentials} <= left:
                    yield f"{name} was missed, and is not as it was before"


async def _deactivate(one: Rollout, plan: Plan, unused: tuple[Abandoned, ...]) -> None:
    async with one.directory() as (directory, writer):
        await _deactivator(one, plan, directory, writer).run(unused, apply=True)


async def _look(one: Rollout, plan: Plan, unused: tuple[Abandoned, ...]) -> None:
    async with one.directory() as (directory, writer):
        ours = {each.application.client_id for each in planuse.deactivated(plan, one.journal, app=None, wave=None)}
        some = [each for each in unused if each.application.client_id in ours]
        await _deactivator(one, plan, directory, writer).look(some)


async def _activate(one: Rollout, plan: Plan, missed: tuple[Abandoned, ...]) -> None:
    async with one.directory() as (directory, writer):
        for each in missed:
            await _deactivator(one, plan, directory, writer).activate(each, apply=True)


def _deactivator(one: Rollout, plan: Plan, directory: Any, writer: Any) -> Deactivator:
    return Deactivator(
        plan=plan, directory=directory, writer=writer, journal=one.journal, clock=one.clock, rules=RULES,
        settling=QUICK,
    )  # fmt: skip


async def _break(one: Rollout, plan: Plan, on: Target) -> Any:
    """Give a secret; what is deactivated is activated first, as the refusal says."""
    if isinstance(on, Abandoned):
        await _activate(one, plan, (on,))
    async with one.directory() as (directory, writer), vault_issuer(writer._connection, one.settings) as issuer:
        breaker = GlassBreaker(
            plan=plan, directory=directory, writer=writer, issuer=issuer, journal=one.journal, clock=one.clock,
            rules=RULES, settling=QUICK,
        )  # fmt: skip
        return await breaker.run(on, hours=GLASS_HOURS, apply=True)


async def _watch_all(one: Rollout, plan: Plan) -> None:
    async with one.directory() as (directory, _):
        note_ended(one.journal, plan.digest, await directory.now())
        watcher = Watcher(
            plan=plan, directory=directory, exchange=one.exchange(plan), journal=one.journal, policy=RULES.policy
        )
        await watcher.run(plan.pairings)
