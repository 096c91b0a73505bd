"""What people do by hand between two commands: nothing goes with a closed gate, a dry run tells the same as a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from inventory.directory import Directory
from inventory.model import ClientId, SignInHistory, TenantId
from migrate.emulator.state import credentials, deletion, managed
from migrate.emulator.state.policies import Policy, Restriction, Restrictions
from migrate.emulator.state.records import Application
from migrate.entry import Kind
from migrate.exchanged import ExchangeResult
from migrate.model import Pairing, Plan
from migrate.retirement import GoneAlready, Held, WouldRetire
from tests.support.rollout import Rollout, Seen, rollout

pytestmark = pytest.mark.slow

_POLICY = "0e1ed1ab-5ea1-4ed1-a5ea-11edab1e0002"
Change = Callable[[Rollout, Pairing], None]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rollout, Plan, list[Pairing]]]:
    """Give a rollout with every gate open, and applications to be changed, none of which shares its identity."""
    with pytest.MonkeyPatch.context() as patch, rollout(tmp_path_factory.mktemp("hand"), patch, apps=40) as tenant:
        plan = asyncio.run(tenant.ready())
        dry = asyncio.run(tenant.retire(plan, apply=False))
        free = [each.pairing for each in dry if isinstance(each, WouldRetire)]
        every = {each.identity.principal_id: each for each in free if isinstance(each, Pairing)}
        yield tenant, plan, list(every.values())


def of(tenant: Rollout, pairing: Pairing) -> Application:
    found = tenant.emulator.tenant.applications.get(pairing.application.id)
    assert found is not None
    return found


def edited(**what: Any) -> Change:
    """Change the federated credential in its place."""

    def change(tenant: Rollout, pairing: Pairing) -> None:
        old = of(tenant, pairing)
        trusts = tuple(replace(one, **what) for one in old.federated if one.subject == pairing.federated.subject)
        tenant.emulator.tenant.save_application(replace(old, federated=trusts))

    return change


def by_its_client_id(tenant: Rollout, pairing: Pairing) -> None:
    edited(subject=pairing.identity.client_id)(tenant, pairing)


def renewed(tenant: Rollout, pairing: Pairing) -> None:
    """Add a secret with the name of one that is there, or the name of none."""
    old = of(tenant, pairing)
    name = old.passwords[0].display_name if old.passwords else None
    credentials.add_password(tenant.emulator.tenant, old, name, None, None)


def identity_deleted(tenant: Rollout, pairing: Pairing) -> None:
    managed.delete(tenant.emulator.tenant, pairing.identity.principal_id)


def identity_made_anew(tenant: Rollout, pairing: Pairing) -> None:
    store = tenant.emulator.tenant
    old = store.identities[pairing.identity.principal_id]
    managed.delete(store, old.principal_id)
    managed.create(store, name=old.name, resource_id=old.resource_id, location="westeurope", user_assigned=True)


def identity_disabled(tenant: Rollout, pairing: Pairing) -> None:
    principal = tenant.emulator.tenant.service_principals.get(pairing.identity.principal_id)
    assert principal is not None
    tenant.emulator.tenant.save_service_principal(replace(principal, account_enabled=False))


def deleted(tenant: Rollout, pairing: Pairing) -> None:
    deletion.delete_application(tenant.emulator.tenant, pairing.application.id)


def restored(tenant: Rollout, pairing: Pairing) -> None:
    """Delete it and restore it: its service principal needs a restore of its own, and gets none."""
    deletion.delete_application(tenant.emulator.tenant, pairing.application.id)
    deletion.restore(tenant.emulator.tenant, pairing.application.id)


def disabled(tenant: Rollout, pairing: Pairing) -> None:
    principal = tenant.emulator.tenant.service_principal_of(of(tenant, pairing))
    tenant.emulator.tenant.save_service_principal(replace(principal, account_enabled=False))


def opened_to_all(tenant: Rollout, pairing: Pairing) -> None:
    tenant.emulator.tenant.save_application(replace(of(tenant, pairing), sign_in_audience="AzureADMultipleOrgs"))


def governed(tenant: Rollout, pairing: Pairing) -> None:
    rule = Restriction(type="passwordAddition")
    book = tenant.emulator.tenant.policies
    book.custom[_POLICY] = Policy(
        id=_POLICY, display_name="none", description="", enabled=True, restrictions=Restrictions(passwords=(rule,))
    )
    book.assigned[pairing.application.id] = _POLICY


CHANGES: tuple[tuple[Change, str], ...] = (
    (by_its_client_id, "federated-credential-correct"),
    (edited(audiences=("api://AzureADTokenExchangeUSGov",)), "federated-credential-correct"),
    (edited(issuer="https://login.microsoftonline.com/common/v2.0"), "federated-credential-correct"),
    (identity_deleted, "identity-exists"),
    (identity_made_anew, "identity-exists"),
    (identity_disabled, "identity-exists"),
    (renewed, "application-unchanged"),
    (deleted, "application-unchanged"),
    (restored, "application-unchanged"),
    (disabled, "application-unchanged"),
    (opened_to_all, "one-tenant"),
    (governed, "rollback-possible"),
)


class Meddled:
    """An exchange that works, and in whose time somebody changes the tenant."""

    def __init__(self, tenant: Rollout, plan: Plan, change: Change) -> None:
        self._tenant, self._real, self._change = tenant, tenant.exchange(plan), change

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        result = await self._real.exchange(pairing, tenant)
        self._change(self._tenant, pairing)
        return result


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        (by_its_client_id, "federated-credential-correct"),
        (identity_disabled, "identity-exists"),
        (renewed, "application-unchanged"),
        (disabled, "application-unchanged"),
        (opened_to_all, "one-tenant"),
        (governed, "rollback-possible"),
    ],
)
def test_what_is_changed_while_the_last_exchange_is_performed_holds(
    ready: tuple[Rollout, Plan, list[Pairing]], change: Change, gate: str
) -> None:
    tenant, plan, pairings = ready
    pairing, store = replace(pairings[-1], wave=1), tenant.emulator.tenant
    before, principal = of(tenant, pairing), store.service_principals.get(pairing.identity.principal_id)
    own = store.service_principal_of(before)
    assert principal is not None
    try:
        (held,) = asyncio.run(tenant.retire(plan, only=(pairing,), exchange=Meddled(tenant, plan, change)))
    finally:
        store.policies.assigned.clear()
        for one in (principal, own):
            store.save_service_principal(one)
        store.save_application(before)
    assert isinstance(held, Held)
    assert gate in dict(held.closed)
    assert Kind.RETIRE_MEANT not in tenant.kinds()


def test_a_machine_that_slept_while_the_log_was_read_removes_nothing(
    ready: tuple[Rollout, Plan, list[Pairing]],
) -> None:
    """What came after the first page is unknown: it is judged by the time of the removal, and not of the page."""
    tenant, plan, pairings = ready
    pairing = replace(pairings[-1], wave=1)

    def slept(real: Directory) -> Directory:
        async def sign_ins(client_id: ClientId, since: datetime) -> SignInHistory:
            history = await real.sign_ins(client_id, since)
            tenant.emulator.advance(timedelta(hours=8))
            return history

        return cast("Directory", Seen(real, sign_ins=sign_ins))

    (held,) = asyncio.run(tenant.retire(plan, only=(pairing,), seen_by=slept))
    assert isinstance(held, Held)
    assert [name for name, _ in held.closed] == ["secret-unused"]


def test_what_somebody_removed_by_hand_is_told_apart_from_what_this_journal_saw_go(
    ready: tuple[Rollout, Plan, list[Pairing]],
) -> None:
    """So is what a newer journal saw go, of which this one is an older copy."""
    tenant, plan, pairings = ready
    last = next(each for each in reversed(pairings) if of(tenant, each).passwords)
    tenant.emulator.tenant.save_application(replace(of(tenant, last), passwords=()))
    for apply in (False, True, True):
        found = asyncio.run(tenant.retire(plan, apply=apply, only=(last,)))
        assert {each.ours for each in found if isinstance(each, GoneAlready)} == {False}


def test_whatever_was_changed_by_hand_holds_and_a_dry_run_tells_it_as_a_run_does(
    ready: tuple[Rollout, Plan, list[Pairing]],
) -> None:
    tenant, plan, pairings = ready
    assert len(pairings) >= len(CHANGES)
    for (change, gate), pairing in zip(CHANGES, pairings, strict=False):
        change(tenant, pairing)
        before = tenant.keys_left()
        told = [
            {name for each in found if isinstance(each, Held) for name, _ in each.closed}
            for found in (asyncio.run(tenant.retire(plan, apply=apply, only=(pairing,))) for apply in (False, True))
        ]
        assert gate in told[0], (pairing.application.display_name, gate, told)
        assert told[0] == told[1], (pairing.application.display_name, gate)
        assert tenant.keys_left() == before
