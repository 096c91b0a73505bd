"""The services against an embedded tenant, undisturbed and with every kind of interruption that issue a change has."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from inventory.directory import Directory
from inventory.errors import TenantUnreachableError
from inventory.model import ApplicationId, ClientId, CredentialKind, Holder, KeyId, SignInHistory, TenantId
from migrate import rollout as rules
from migrate.demo import callers
from migrate.entry import Kind
from migrate.errors import RetirementStoppedError, WriteFailedError
from migrate.exchange import NotProven, Proven
from migrate.exchanged import ExchangeRefused, ExchangeResult
from migrate.federation import Created, NotCreated, Present, WouldCreate
from migrate.model import FederatedSpec, Pairing, Plan
from migrate.retirement import GoneAlready, Held, NotRemoved, Retired, WouldRetire
from tests.support.rollout import Rollout, Seen, rollout


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    with rollout(tmp_path, monkeypatch) as ready:
        yield ready


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    """Give a tenant that is large enough for an application of several tenants that is paired."""
    with rollout(tmp_path, monkeypatch, apps=40) as ready:
        yield ready


def federated_subjects(tenant: Rollout, client_id: str) -> list[str | None]:
    application = tenant.emulator.tenant.applications.with_app_id(client_id)
    assert application is not None
    return [each.subject for each in application.federated]


def test_federate_creates_what_is_missing_once(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.plan()
        missing = [each for each in plan.pairings if not each.federated.exists]
        dry = await tenant.federate(plan, apply=False)
        assert Counter(type(each) for each in dry)[WouldCreate] == len(missing) > 5
        assert all(
            each.federated.subject not in federated_subjects(tenant, each.application.client_id) for each in missing
        )
        assert tenant.kinds() == [Kind.PLAN]
        first, second = await tenant.federate(plan), await tenant.federate(plan)
        there = len(plan.pairings) - len(missing)
        assert Counter(type(each) for each in first) == Counter([Created] * len(missing) + [Present] * there)
        assert {type(each) for each in second} == {Present}
        for pairing in plan.pairings:
            assert federated_subjects(tenant, pairing.application.client_id).count(pairing.federated.subject) == 1
        assert all(isinstance(each, Proven) for each in await tenant.verify(plan))

    asyncio.run(story())


class LostAnswer:
    """Creates, and then the connection breaks before the answer arrives."""

    def __init__(self, real: Rollout) -> None:
        self._real = real

    async def create_federated_credential(self, application: ApplicationId, spec: FederatedSpec) -> bool:
        async with self._real.directory() as (_, writer):
            await writer.create_federated_credential(application, spec)
        raise TenantUnreachableError("the answer was lost")

    async def delete_federated_credential(self, application: ApplicationId, federated_id: str) -> bool:
        raise AssertionError((application, federated_id))

    async def remove_secret(self, holder: Holder, holder_id: str, key_id: KeyId) -> bool:
        async with self._real.directory() as (_, writer):
            await writer.remove_secret(holder, holder_id, key_id)
        raise TenantUnreachableError("the answer was lost")

    remove_certificate = remove_secret


def test_a_federated_credential_whose_answer_was_lost_is_found_by_the_next_run(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.plan()
        with pytest.raises(TenantUnreachableError):
            await tenant.federate(plan, writer=LostAnswer(tenant))
        meant = rules.unfinished(tenant.journal.entries(), Kind.FEDERATE_MEANT, Kind.FEDERATED)
        assert meant
        results = await tenant.federate(plan)
        assert not any(isinstance(each, NotCreated) for each in results)
        assert rules.unfinished(tenant.journal.entries(), Kind.FEDERATE_MEANT, Kind.FEDERATED) == frozenset()

    asyncio.run(story())


def test_verify_says_which_pairing_fails_and_goes_on(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.plan()
        verdicts = await tenant.verify(plan)
        failed = [each for each in verdicts if isinstance(each, NotProven)]
        assert {each.code for each in failed} <= {70025, 700213, 7002138}
        assert len(failed) == sum(not pairing.federated.exists for pairing in plan.pairings)
        assert all(each.hint for each in failed)
        assert "eyJ" not in (tenant.folder / "journal.db").read_bytes().decode("latin-1")

    asyncio.run(story())


def test_retire_removes_what_every_gate_lets_pass_and_nothing_else(large: Rollout) -> None:
    tenant = large

    async def story() -> None:
        before = tenant.keys_left()
        plan = await tenant.ready()
        single = {
            each.app_id for each in tenant.emulator.tenant.applications if each.sign_in_audience == "AzureADMyOrg"
        }
        mine = [pairing for pairing in plan.pairings if pairing.application.client_id in single]
        planned = {each.key_id for pairing in mine for each in pairing.credentials}
        dry = await tenant.retire(plan, apply=False)
        assert {type(each) for each in dry} == {WouldRetire, Held}
        assert tenant.keys_left() == before
        results = await tenant.retire(plan)
        held = [each for each in results if isinstance(each, Held)]
        assert {name for each in held for name, _ in each.closed} == {"one-tenant"}
        assert {each.credential.key_id for each in results if isinstance(each, Retired)} == planned
        assert tenant.keys_left() == before - planned
        assert removed_keys(tenant) == planned
        again = await tenant.retire(plan, only=tuple(mine))
        assert {(type(each), isinstance(each, GoneAlready) and each.ours) for each in again} == {(GoneAlready, True)}
        assert all(isinstance(each, Proven) for each in await tenant.verify(plan))

    asyncio.run(story())


class Suspended:
    """An exchange on a machine that sleeps before the answer is taken."""

    def __init__(self, real: Rollout, plan: Plan, hours: int) -> None:
        self._real, self._exchange, self._hours = real, real.exchange(plan), hours

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        result = await self._exchange.exchange(pairing, tenant)
        woken = self._real.clock.now() + timedelta(hours=self._hours)
        self._real.clock.now = lambda: woken  # type: ignore[method-assign]
        return result


@pytest.mark.parametrize("hours", [3, -3])
@pytest.mark.slow
def test_a_machine_that_slept_after_the_gates_were_asked_removes_nothing(tenant: Rollout, hours: int) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        found = next(each for each in plan.pairings if each.application.display_name == "orders-api")
        only = (dataclasses.replace(found, wave=1),)
        before = tenant.keys_left()
        (slept,) = await tenant.retire(plan, only=only, exchange=Suspended(tenant, plan, hours))
        assert isinstance(slept, NotRemoved)
        assert "run it again" in slept.message
        assert tenant.keys_left() == before
        assert Kind.RETIRE_MEANT not in tenant.kinds()
        (done,) = await tenant.retire(plan, only=only)
        assert isinstance(done, Retired)

    asyncio.run(story())


def test_a_sign_in_between_the_dry_run_and_the_removal_holds(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        found = next(each for each in plan.pairings if each.application.display_name == "orders-api")
        pairing = dataclasses.replace(found, wave=1)
        (credential,) = pairing.credentials
        assert [type(each) for each in await tenant.retire(plan, apply=False, only=(pairing,))] == [WouldRetire]
        secret = tenant.emulator.tenant.secret_of(credential.key_id)
        assert callers.sign_in(tenant.emulator, callers.Caller(client_id=pairing.application.client_id, secret=secret))
        (held,) = await tenant.retire(plan, only=(pairing,))
        assert isinstance(held, Held)
        assert [name for name, _ in held.closed] == ["all-callers-moved", "secret-unused"]
        assert credential.key_id in tenant.keys_left()

    asyncio.run(story())


def test_a_removal_whose_answer_was_lost_is_resolved_by_reading(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        pairing = plan.pairings[0]
        with pytest.raises(TenantUnreachableError):
            await tenant.retire(plan, only=(pairing,), writer=LostAnswer(tenant))
        key = pairing.credentials[0].key_id
        assert key not in tenant.keys_left()
        assert key not in removed_keys(tenant)
        results = await tenant.retire(plan, only=(pairing,))
        assert isinstance(results[0], Retired)
        assert key in removed_keys(tenant)

    asyncio.run(story())


def removed_keys(tenant: Rollout) -> set[KeyId]:
    return {key for _, (_, key) in rules.removed(tenant.journal.entries())}


class BreaksBefore(LostAnswer):
    """The connection breaks before anything was removed."""

    async def remove_secret(self, holder: Holder, holder_id: str, key_id: KeyId) -> bool:
        raise TenantUnreachableError(f"no answer to the removal of {key_id} from {holder} {holder_id}")

    remove_certificate = remove_secret


def test_a_holder_that_is_not_found_is_no_removal(tenant: Rollout) -> None:
    async def nothing(_object_id: str, *, federated: bool = True) -> None:
        assert federated in {True, False}

    async def story() -> None:
        plan = await tenant.ready()
        only = plan.pairings[:1]
        with pytest.raises(TenantUnreachableError):
            await tenant.retire(plan, only=only, writer=BreaksBefore(tenant))
        (result,) = await tenant.retire(
            plan, only=only, seen_by=lambda real: cast("Directory", Seen(real, application=nothing))
        )
        assert isinstance(result, Held)
        assert "application-unchanged" in dict(result.closed)
        assert removed_keys(tenant) == set()
        assert only[0].credentials[0].key_id in tenant.keys_left()

    asyncio.run(story())


@pytest.mark.slow
def test_a_log_that_is_hours_behind_holds(tenant: Rollout) -> None:
    def behind(real: Directory) -> Directory:
        async def sign_ins(client_id: ClientId, since: datetime) -> SignInHistory:
            history = await real.sign_ins(client_id, since)
            arrived = tuple(each for each in history.sign_ins if each.at < history.as_of - timedelta(hours=6))
            return dataclasses.replace(history, sign_ins=arrived)

        return cast("Directory", Seen(real, sign_ins=sign_ins))

    async def story() -> None:
        plan = await tenant.ready()
        (result,) = await tenant.retire(plan, only=plan.pairings[:1], seen_by=behind)
        assert isinstance(result, Held)
        assert "does not show our own exchanges" in dict(result.closed)["secret-unused"].because

    asyncio.run(story())


class FailsAfter:
    """An exchange that works a number of times."""

    def __init__(self, real: Rollout, plan: Plan, times: int) -> None:
        self._exchange, self._left = real.exchange(plan), times

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        self._left -= 1
        if self._left < 0:
            return ExchangeRefused(
                code=70025, message="AADSTS70025: no configured credentials", hint="wait", asserted=True
            )
        return await self._exchange.exchange(pairing, tenant)


def test_an_exchange_that_fails_before_the_removal_holds(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        (held,) = await tenant.retire(plan, only=plan.pairings[:1], exchange=FailsAfter(tenant, plan, 0))
        assert isinstance(held, Held)
        assert plan.pairings[0].credentials[0].key_id in tenant.keys_left()

    asyncio.run(story())


def test_an_exchange_that_fails_after_a_removal_stops_the_run(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        with pytest.raises(
            RetirementStoppedError, match=r"nothing more was removed.*: unsecret break-glass PLAN --app "
        ):
            await tenant.retire(plan, exchange=FailsAfter(tenant, plan, 1))
        left = [each.key_id for pairing in plan.pairings for each in pairing.credentials]
        assert sum(key in tenant.keys_left() for key in left) == len(left) - 1

    asyncio.run(story())


class Pretender:
    """Says that it removed, and does not."""

    async def create_federated_credential(self, application: ApplicationId, spec: FederatedSpec) -> bool:
        raise AssertionError((application, spec))

    async def delete_federated_credential(self, application: ApplicationId, federated_id: str) -> bool:
        raise AssertionError((application, federated_id))

    async def remove_secret(self, _holder: Holder, _holder_id: str, _key_id: KeyId) -> bool:
        return True

    remove_certificate = remove_secret


def test_a_removal_that_does_not_show_up_is_never_called_done(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        (result,) = await tenant.retire(plan, only=plan.pairings[:1], writer=Pretender())
        assert isinstance(result, NotRemoved)
        assert removed_keys(tenant) == set()

    asyncio.run(story())


def test_a_certificate_goes_and_the_others_stay_as_they_were(tenant: Rollout) -> None:
    store = tenant.emulator.tenant
    holder = next(each for each in store.applications if each.keys)
    going, *staying = holder.keys

    async def story() -> None:
        async with tenant.directory() as (_, writer):
            assert await writer.remove_certificate(Holder.APPLICATION, holder.id, KeyId(going.key_id))
            assert not await writer.remove_certificate(Holder.APPLICATION, holder.id, KeyId(going.key_id))
            assert not await writer.remove_secret(Holder.APPLICATION, holder.id, KeyId(going.key_id))
            with pytest.raises(WriteFailedError, match="cannot remove secret"):
                await writer.remove_secret(Holder.APPLICATION, going.key_id, KeyId(going.key_id))

    asyncio.run(story())
    after = store.applications.with_app_id(holder.app_id)
    assert after is not None
    assert list(after.keys) == staying


@pytest.mark.slow
def test_certificates_are_retired_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(tenant: Rollout) -> None:
        plan = await tenant.ready()
        with_certificate = tuple(
            dataclasses.replace(pairing, wave=1)
            for pairing in plan.pairings
            if any(each.kind is CredentialKind.CERTIFICATE for each in pairing.credentials)
        )
        assert with_certificate
        results = await tenant.retire(plan, only=with_certificate)
        assert {type(each) for each in results} == {Retired}

    with rollout(tmp_path, monkeypatch, apps=50, seed=3) as tenant:
        asyncio.run(story(tenant))
