"""Proving pairings: the exchange performed again and again, judged, and written to the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

import msgspec

from inventory.model import TenantId
from migrate import concurrency
from migrate.entry import Entry, Json, Kind
from migrate.errors import LeaseHeldError
from migrate.exchanged import ExchangeClaims, Exchanged, ExchangeRefused, ExchangeResult
from migrate.model import Pairing, Plan
from migrate.ports import Clock, Journal, TokenExchange

_AT_ONCE = 8
_LEASE_TRIES = 5
_LEASE_PAUSE = 2.0
_EXCHANGE_RESOURCES = frozenset(
    {
        "fb60f99c-7a34-4190-8149-302f77469936",
        "api://AzureADTokenExchange",
        "api://AzureADTokenExchangeUSGov",
        "api://AzureADTokenExchangeChina",
    }
)
"""Audiences of an assertion: tokens carry the GUID of the resource where the federated credential has its URI."""
ASSERTION_CLASS = "2"
"""``azpacr``/``appidacr`` of a token that was got by an assertion; "1" is a secret (access token claims reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Every try succeeded, in every tenant that the application signs in to."""

    pairing: Pairing
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProven:
    """A try failed; no more were made. It counts against the pairing only where there was an assertion to exchange."""

    pairing: Pairing
    code: int | None
    message: str
    hint: str
    asserted: bool
    unproven: tuple[TenantId, ...] = ()
    """Tenants in which the exchange failed, of an application that signs in to several."""


Verdict = Proven | NotProven
Results = Mapping[TenantId, ExchangeResult]
"""One try in each tenant, the application's own among them."""


def judge(pairing: Pairing, tenant: str, claims: ExchangeClaims) -> str:
    """Return what is wrong with a token that Entra issued, in words; empty when nothing is."""
    wanted = pairing.federated
    checks = (
        (claims.application == pairing.application.client_id, f"the token is for application {claims.application}"),
        (claims.tenant == tenant, f"the token is for tenant {claims.tenant}"),
        (claims.credential_class == ASSERTION_CLASS, "the token was not got by an assertion"),
        (claims.assertion_subject == wanted.subject, f"the assertion is of identity {claims.assertion_subject}"),
        (claims.assertion_issuer == wanted.issuer, f"the assertion was issued by {claims.assertion_issuer}"),
        (claims.assertion_audience in _EXCHANGE_RESOURCES, f"the assertion is for {claims.assertion_audience}"),
    )
    return next((wrong for right, wrong in checks if not right), "")


async def verify(
    plan: Plan,
    pairings: Iterable[Pairing],
    *,
    exchange: TokenExchange,
    journal: Journal,
    clock: Clock,
    tries: int,
    interval: float,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """Perform the exchange of each pairing several times, in rounds that lie ``interval`` seconds apart.

    An application that signs in to several tenants is proven where it is in each of them.

    Raises:
        ExchangeFailedError: no exchange could be tried here at all.
        JournalError: a proof could not be written down.

    """
    verdicts: dict[str, Verdict] = {}
    left = tuple(pairings)
    for number in range(1, tries + 1):
        progress(f"round {number} of {tries}: {len(left)} exchanges")
        rounds = await concurrency.each(left, partial(_in_every_tenant, plan, exchange), at_once=_AT_ONCE)
        for pairing, results in zip(left, rounds, strict=True):
            verdict = await _kept(plan, pairing, results, journal, clock)
            verdicts[pairing.application.client_id] = verdict or Proven(pairing=pairing, tries=number)
        left = tuple(each for each in left if isinstance(verdicts[each.application.client_id], Proven))
        if number < tries and left:
            await clock.sleep(interval)
    return tuple(verdicts.values())


async def _kept(plan: Plan, pairing: Pairing, results: Results, journal: Journal, clock: Clock) -> NotProven | None:
    """Record one try, waiting a little where somebody else acts on the application just now."""
    told = ""
    for _ in range(_LEASE_TRIES):
        try:
            with journal.lease(pairing.application.client_id):
                return record_all(plan, pairing, results, journal)
        except LeaseHeldError as error:
            told = str(error)
            await clock.sleep(_LEASE_PAUSE)
    return NotProven(pairing=pairing, code=None, message=told, hint="verify again when that has ended", asserted=False)


def tenants(plan: Plan, pairing: Pairing) -> tuple[TenantId, ...]:
    """Return the tenants in which the exchange is to be proven, the application's own first."""
    return tuple(dict.fromkeys((plan.tenant_id, *pairing.tenants)))


async def _in_every_tenant(plan: Plan, exchange: TokenExchange, pairing: Pairing) -> Results:
    return {tenant: await exchange.exchange(pairing, tenant) for tenant in tenants(plan, pairing)}


def record(plan: Plan, pairing: Pairing, result: ExchangeResult, journal: Journal) -> NotProven | None:
    """Write one try in the application's own tenant to the journal; see ``record_all``."""
    return record_all(plan, pairing, {plan.tenant_id: result}, journal)


def record_all(plan: Plan, pairing: Pairing, results: Results, journal: Journal) -> NotProven | None:
    """Write one try to the journal; return why it proves nothing, or None where it does. It needs the lease.

    It proves something only where the exchange succeeded in every tenant. A host without the identity learns nothing
    about the exchange, so that its failure is not written down: it would take back what the right host has proven.
    """
    verdict = _of_all(plan, pairing, results)
    if verdict is not None and not verdict.asserted:
        return verdict
    home = results[plan.tenant_id]
    data: dict[str, Json] = {}
    if verdict is not None:
        data = {"code": verdict.code, "message": verdict.message}
    elif isinstance(home, Exchanged):
        data = msgspec.to_builtins(home.claims)
        if len(results) > 1:
            data["tenants"] = list(results)
    journal.record(
        Entry(
            kind=Kind.PROVEN if verdict is None else Kind.PROOF_FAILED,
            plan=plan.digest,
            application=pairing.application.client_id,
            subject=pairing.identity.principal_id,
            data=data,
        )
    )
    return verdict


def _of_all(plan: Plan, pairing: Pairing, results: Results) -> NotProven | None:
    """Return the first failure, with the tenants of all: one that learnt something goes before one that did not."""
    failed = {tenant: one for tenant, result in results.items() if (one := _verdict(pairing, tenant, result))}
    if not failed:
        return None
    tenant, first = min(failed.items(), key=lambda each: not each[1].asserted)
    if len(results) == 1:
        return first
    where = "" if tenant == plan.tenant_id else f"in the tenant {tenant}: "
    return replace(first, message=f"{where}{first.message}", unproven=tuple(failed))


def _verdict(pairing: Pairing, tenant: TenantId, result: ExchangeResult) -> NotProven | None:
    match result:
        case Exchanged(claims=claims):
            wrong = judge(pairing, tenant, claims)
            hint = "compare the plan with the host that asked"
            return NotProven(pairing=pairing, code=None, message=wrong, hint=hint, asserted=True) if wrong else None
        case ExchangeRefused(code=code, message=message, hint=hint, asserted=asserted):
            return NotProven(pairing=pairing, code=code, message=message, hint=hint, asserted=asserted)
        case _:
            assert_never(result)
