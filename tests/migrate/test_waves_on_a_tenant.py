"""Waves, soak, watch and trouble on an embedded tenant, in the order in which an operator meets them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from inventory.model import TenantId
from migrate import planfile
from migrate.circumstances import OptOut, Policy, RetirePolicy
from migrate.demo import callers
from migrate.entry import Entry, Json, Kind
from migrate.errors import WriteFailedError
from migrate.exchanged import ExchangeResult
from migrate.model import Pairing, Plan, SeenUse
from migrate.retirement import Held, NotRemoved, Retired, Retirement, Scheduled, WouldRetire
from migrate.watch import Broken, Look, Quiet, Watcher, Watching
from tests.support.audit import journal_of
from tests.support.rollout import AT_ONCE, Rollout, rollout

WATCHED = RetirePolicy(policy=Policy())
SOAKED = RetirePolicy(policy=Policy(soak_hours=4))


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    with rollout(tmp_path, monkeypatch, apps=40) as ready:  # something is left to hold after the first removals
        yield ready


async def watch(tenant: Rollout, plan: Plan) -> tuple[Look, ...]:
    async with tenant.directory() as (directory, _):
        watcher = Watcher(
            plan=plan,
            directory=directory,
            exchange=tenant.exchange(plan),
            journal=tenant.journal,
            policy=Policy(),
        )
        return await watcher.run(plan.pairings)


def kinds(results: tuple[Retirement, ...] | tuple[Look, ...]) -> Counter[type]:
    return Counter(type(each) for each in results)


def gates(results: tuple[Retirement, ...]) -> set[str]:
    return {name for each in results if isinstance(each, Held) for name, _ in each.closed}


def of_wave(plan: Plan, wave: int) -> tuple[Pairing, ...]:
    return tuple(each for each in plan.pairings if each.wave == wave)


def test_a_wave_waits_for_the_one_before_and_for_its_watch(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        waves = sorted({each.wave for each in plan.pairings})
        assert len(waves) > 1
        second = of_wave(plan, waves[1])
        assert gates(await tenant.retire(plan, only=second, rules=WATCHED)) >= {"wave-order"}
        # A dry run over everything takes the earlier wave for settled, and says what this policy would let pass.
        assert kinds(await tenant.retire(plan, apply=False, rules=WATCHED))[WouldRetire] > 0
        everything = await tenant.retire(plan, rules=WATCHED)
        removed = {each.pairing.wave for each in everything if isinstance(each, Retired)}
        assert len(removed) == 1
        tenant.emulator.advance(timedelta(hours=2, minutes=1))
        await tenant.verify(plan)
        later = await tenant.retire(plan, rules=WATCHED)
        assert {each.pairing.wave for each in later if isinstance(each, Retired)}.isdisjoint(removed)
        assert kinds(later)[Retired] > 0

    asyncio.run(story())


@pytest.mark.slow
def test_a_job_of_every_quarter_that_only_the_scan_saw_keeps_its_secret(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        would = await tenant.retire(plan, apply=False)
        pairing, credential = next((each.pairing, each.credential) for each in would if isinstance(each, WouldRetire))
        used = SeenUse(
            client_id=pairing.application.client_id, holder=credential.holder, key_id=credential.key_id,
            address="192.0.2.77", last=plan.snapshot_taken_at - timedelta(days=50),
        )  # fmt: skip
        seen = planfile.seal(dataclasses.replace(plan, seen=(used,)))
        found = next(each for each in await tenant.retire(seen) if each.credential == credential)
        assert isinstance(found, Held)
        assert [name for name, _ in found.closed] == ["all-callers-moved"]
        # The next scan may not see it any more: by then the journal knows.
        again = next(each for each in await tenant.retire(plan, apply=False) if each.credential == credential)
        assert isinstance(again, Held)
        assert "192.0.2.77" in again.closed[0][1].because

    asyncio.run(story())


@pytest.mark.slow
def test_one_application_goes_first_where_every_canary_is_held(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        first = min(each.wave for each in plan.pairings)
        outs = tuple(
            OptOut(application=each.application.client_id, reason="later", until=date(2100, 1, 1))
            for each in of_wave(plan, first)
        )
        rules = dataclasses.replace(WATCHED, opt_outs=outs)
        found = await tenant.retire(plan, rules=rules)
        assert len({each.pairing.application.id for each in found if isinstance(each, Retired)}) == 1
        waiting = [
            each for each in found if isinstance(each, Held) and {name for name, _ in each.closed} == {"wave-order"}
        ]
        assert any("went first" in why.because for each in waiting for _, why in each.closed)
        again = await tenant.retire(plan, rules=rules)
        assert Retired not in kinds(again)
        tenant.emulator.advance(timedelta(hours=2, minutes=1))
        await tenant.verify(plan)
        assert kinds(await tenant.retire(plan, rules=rules))[Retired] > 1

    asyncio.run(story())


@pytest.mark.slow
def test_a_soak_is_a_schedule_that_a_closed_gate_calls_off(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        before = tenant.keys_left()
        found = await tenant.retire(plan, rules=SOAKED)
        scheduled = [each for each in found if isinstance(each, Scheduled)]
        assert scheduled
        assert tenant.keys_left() == before
        again = [each for each in await tenant.retire(plan, rules=SOAKED) if isinstance(each, Scheduled)]
        assert [each.until for each in again] == [each.until for each in scheduled]
        victim = next(each for each in scheduled if each.credential.kind.value == "secret")
        secret = tenant.emulator.tenant.secret_of(victim.credential.key_id)
        caller = callers.Caller(client_id=victim.pairing.application.client_id, secret=secret)
        tenant.emulator.advance(timedelta(hours=4, minutes=1))
        assert callers.sign_in(tenant.emulator, caller)
        await tenant.verify(plan)
        after = await tenant.retire(plan, rules=SOAKED)
        retired = {each.credential.key_id for each in after if isinstance(each, Retired)}
        assert retired
        assert victim.credential.key_id not in retired
        assert retired <= {each.credential.key_id for each in scheduled}
        assert victim.credential.key_id in tenant.keys_left()
        assert {Kind.SCHEDULED, Kind.UNSCHEDULED, Kind.SOAKED} <= set(tenant.kinds())

    asyncio.run(story())


@pytest.mark.slow
def test_a_caller_that_still_knocks_stops_every_removal_until_it_is_quiet(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        first = next(
            each
            for each in plan.pairings
            if each.application.display_name == "orders-api" and each.credentials[0].kind.value == "secret"
        )
        secret = tenant.emulator.tenant.secret_of(first.credentials[0].key_id)
        caller = callers.Caller(client_id=first.application.client_id, secret=secret)
        await tenant.retire(plan, rules=AT_ONCE)
        assert first.credentials[0].key_id not in tenant.keys_left()
        assert kinds(await watch(tenant, plan)) == {Watching: len({*_retired(tenant)})}
        assert not callers.sign_in(tenant.emulator, caller)
        broken = [each for each in await watch(tenant, plan) if isinstance(each, Broken)]
        assert [each.pairing.application.client_id for each in broken] == [first.application.client_id]
        assert broken[0].callers == ("127.0.0.1",)
        assert "7000215" in broken[0].message
        assert gates(await tenant.retire(plan, apply=False, rules=AT_ONCE)) >= {"wave-order"}
        tenant.emulator.advance(timedelta(hours=2, minutes=1))
        await tenant.verify(plan)
        assert set(kinds(await watch(tenant, plan))) == {Quiet}
        assert await watch(tenant, plan) == ()
        assert "wave-order" not in gates(await tenant.retire(plan, apply=False, rules=AT_ONCE))

    asyncio.run(story())


@pytest.mark.slow
def test_a_caller_that_knocked_once_long_before_the_first_look_is_told(tenant: Rollout) -> None:
    """A job that runs once a day: in the hours before the look it did not run."""

    async def story() -> None:
        plan = await tenant.ready()
        first = next(each for each in plan.pairings if each.application.display_name == "orders-api")
        secret = tenant.emulator.tenant.secret_of(first.credentials[0].key_id)
        await tenant.retire(plan, only=(dataclasses.replace(first, wave=1),), rules=AT_ONCE)
        assert not callers.sign_in(
            tenant.emulator, callers.Caller(client_id=first.application.client_id, secret=secret)
        )
        tenant.emulator.advance(timedelta(hours=5))
        await tenant.verify(plan)
        (told,) = await watch(tenant, plan)
        assert isinstance(told, Broken)
        assert told.callers == ("127.0.0.1",)
        assert kinds(await watch(tenant, plan)) == {Quiet: 1}

    asyncio.run(story())


class MeanwhileBroken:
    """Right before the first removal of a run, another operator's look finds an application in trouble."""

    def __init__(self, tenant: Rollout, plan: Plan) -> None:
        self._real, self._tenant, self._plan, self._told = tenant.exchange(plan), tenant, plan, False

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        if not self._told:
            self._told = True
            client_id = self._plan.pairings[-1].application.client_id
            assert client_id != pairing.application.client_id
            data: dict[str, Json] = {"message": "somebody still needs it", "callers": []}
            with closing(journal_of(self._tenant)) as theirs, theirs.lease(client_id):
                entry = Entry(kind=Kind.WATCH_FAILED, plan="p", application=client_id, subject=client_id, data=data)
                theirs.record(entry)
        return await self._real.exchange(pairing, tenant)


@pytest.mark.slow
def test_trouble_that_another_operator_finds_stops_a_run_that_is_on_its_way(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        found = await tenant.retire(plan, rules=AT_ONCE, exchange=MeanwhileBroken(tenant, plan))
        assert kinds(found)[Retired] == 0
        assert "wave-order" in gates(found)

    asyncio.run(story())


class Refusing:
    """Graph refuses every removal."""

    async def remove_secret(self, *_: object) -> bool:
        raise WriteFailedError("refused")

    remove_certificate = remove_secret


@pytest.mark.slow
def test_a_removal_that_fails_keeps_later_waves_waiting(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        found = await tenant.retire(plan, rules=AT_ONCE, writer=cast("Any", Refusing()))
        failed = {each.pairing.wave for each in found if isinstance(each, NotRemoved)}
        assert failed == {min(each.wave for each in plan.pairings)}
        assert "wave-order" in gates(found)

    asyncio.run(story())


def _retired(tenant: Rollout) -> set[str | None]:
    return {entry.application for entry in tenant.journal.entries(kinds=(Kind.RETIRED,))}
