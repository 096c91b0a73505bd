"""Proving an application that signs in to several tenants: in each of them, or it is not proven."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from inventory.model import TenantId
from migrate.entry import Entry, Kind
from migrate.exchange import NotProven, Proven, Verdict, tenants, verify
from migrate.exchanged import Exchanged, ExchangeRefused, ExchangeResult
from migrate.journal.store import SqlJournal
from migrate.model import Pairing
from migrate.planning.plan import make_plan
from migrate.rollout import proofs
from tests.support.questions import APPLICATION, IDENTITY, PAIRING, claims
from tests.support.rollout import PatientClock, rollout
from tests.support.tenants import TENANT, snapshot

GUEST, OTHER = TenantId("22222222-2222-4222-8222-222222222222"), TenantId("33333333-3333-4333-8333-333333333333")
SEVERAL = dataclasses.replace(PAIRING, tenants=(TENANT, GUEST, OTHER))
PLAN = make_plan(snapshot(APPLICATION, identities=(IDENTITY,)))
REFUSED = ExchangeRefused(code=7000229, message="AADSTS7000229: no principal", hint="create it", asserted=True)
NOT_HERE = ExchangeRefused(code=None, message="no identity", hint="attach it", asserted=False)


class Tenants:
    """Answers for each tenant; where nothing is said, the exchange succeeds there."""

    def __init__(self, answers: Mapping[TenantId, ExchangeResult]) -> None:
        self.answers = answers
        self.asked: list[TenantId | None] = []

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        self.asked.append(tenant)
        right = Exchanged(claims=claims(pairing, tenant=tenant))
        return self.answers.get(tenant, right) if tenant else right


def verified(folder: Path, answers: Mapping[TenantId, ExchangeResult]) -> tuple[Verdict, tuple[Entry, ...], Tenants]:
    clock, exchange = PatientClock(), Tenants(answers)
    journal = SqlJournal(f"sqlite:///{folder / 'journal.db'}", clock)
    try:
        (verdict,) = asyncio.run(
            verify(PLAN, (SEVERAL,), exchange=exchange, journal=journal, clock=clock, tries=2, interval=0)
        )
        return verdict, journal.entries(), exchange
    finally:
        journal.close()


def test_each_tenant_is_asked_in_each_round_and_one_proof_is_kept_of_a_round(tmp_path: Path) -> None:
    verdict, entries, exchange = verified(tmp_path, {})
    assert isinstance(verdict, Proven)
    assert exchange.asked == [TENANT, GUEST, OTHER] * 2
    assert [entry.kind for entry in entries] == [Kind.PROVEN] * 2
    assert entries[0].data["tenants"] == [TENANT, GUEST, OTHER]
    assert {proof.tenant for proof in proofs(SEVERAL, entries)} == {TENANT}


def test_one_tenant_that_refuses_is_named_and_takes_the_proof_back(tmp_path: Path) -> None:
    verdict, entries, exchange = verified(tmp_path, {GUEST: REFUSED})
    assert isinstance(verdict, NotProven)
    assert verdict.unproven == (GUEST,)
    assert verdict.message == f"in the tenant {GUEST}: AADSTS7000229: no principal"
    assert verdict.hint == "create it"
    assert exchange.asked == [TENANT, GUEST, OTHER]
    assert [entry.kind for entry in entries] == [Kind.PROOF_FAILED]


def test_a_token_of_the_wrong_tenant_proves_nothing(tmp_path: Path) -> None:
    verdict, _, _ = verified(tmp_path, {OTHER: Exchanged(claims=claims(SEVERAL, tenant=TENANT))})
    assert isinstance(verdict, NotProven)
    assert (verdict.unproven, verdict.message) == (
        (OTHER,),
        f"in the tenant {OTHER}: the token is for tenant {TENANT}",
    )


def test_a_host_without_the_identity_learns_nothing_in_any_tenant(tmp_path: Path) -> None:
    verdict, entries, _ = verified(tmp_path, dict.fromkeys((TENANT, GUEST, OTHER), NOT_HERE))
    assert isinstance(verdict, NotProven)
    assert not verdict.asserted
    assert entries == ()


@pytest.mark.parametrize("told", [(), (TENANT,), (GUEST, OTHER)])
def test_the_own_tenant_is_always_asked_first(told: tuple[TenantId, ...]) -> None:
    pairing = dataclasses.replace(PAIRING, tenants=told)
    assert tenants(PLAN, pairing)[0] == TENANT
    assert len(tenants(PLAN, pairing)) == len({TENANT, *told})


def test_a_resource_tenant_that_nobody_knows_is_unproven_and_the_home_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        plan = await tenant.plan()
        await tenant.federate(plan)
        strange = TenantId("99999999-9999-4999-8999-999999999999")
        pairing = dataclasses.replace(plan.pairings[0], tenants=(plan.tenant_id, strange))
        (verdict,) = await verify(
            plan,
            (pairing,),
            exchange=tenant.exchange(plan),
            journal=tenant.journal,
            clock=tenant.clock,
            tries=1,
            interval=0,
        )
        assert isinstance(verdict, NotProven)
        assert (verdict.code, verdict.unproven) == (90002, (strange,))

    with rollout(tmp_path, monkeypatch, apps=10) as tenant:
        asyncio.run(story())
