"""Looks at each removal at the moment when the tenant carries it out, with nothing of the code that decided on it.

What it asks is asked of the tenant's own records and of the journal's rows, so that a gate that is wrong, or was not
asked, shows up as a removal that should not have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from migrate import gates
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.entry import Kind
from migrate.journal.store import SqlJournal
from migrate.model import Pairing, Plan, Road

WINDOW = timedelta(days=28)


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A credential that went, when, and what speaks against it."""

    key_id: str
    at: datetime
    wrong: tuple[str, ...]


@dataclass(kw_only=True)
class Audit:
    """Every removal of a plan's credentials while it is installed."""

    tenant: Tenant
    plan: Plan
    journal: SqlJournal
    """One of its own, on the same database."""
    removals: list[Removal] = field(default_factory=list)
    asleep: bool = False
    """Whether what goes is put back by a test, and not removed by a run."""

    @property
    def wrong(self) -> list[Removal]:
        return [each for each in self.removals if each.wrong]

    @contextmanager
    def installed(self) -> Iterator[Audit]:
        tenant: Any = self.tenant
        save = {name: getattr(tenant, name) for name in ("save_application", "save_service_principal")}
        tables = {"save_application": tenant.applications, "save_service_principal": tenant.service_principals}

        def watching(name: str) -> Any:
            def saved(record: Application | ServicePrincipal) -> Any:
                before = tables[name].get(record.id)
                if before is not None and not self.asleep:
                    for key_id in sorted(_keys(before) - _keys(record)):
                        self._gone(key_id)
                return save[name](record)

            return saved

        for name in save:
            setattr(tenant, name, watching(name))
        try:
            yield self
        finally:
            for name in save:
                delattr(tenant, name)

    def _gone(self, key_id: str) -> None:
        pairing = self._whose(key_id)
        wrong = ["no credential of the plan"] if pairing is None else [*self._against(pairing, key_id)]
        self.removals.append(Removal(key_id=key_id, at=self.tenant.clock.now(), wrong=tuple(wrong)))

    def _whose(self, key_id: str) -> Pairing | None:
        return next((each for each in self.plan.pairings if key_id in {one.key_id for one in each.credentials}), None)

    def _against(self, pairing: Pairing, key_id: str) -> Iterator[str]:
        application = self.tenant.applications.get(pairing.application.id)
        if application is None:
            yield "its application is gone"
            return
        if application.sign_in_audience != "AzureADMyOrg":
            yield "it serves other tenants"
        trust = (pairing.federated.issuer, pairing.federated.subject)
        if trust not in {(each.issuer, each.subject) for each in application.federated}:
            yield "its application trusts no identity"
        yield from self._used(key_id)
        yield from self._written(pairing, key_id)

    def _used(self, key_id: str) -> Iterator[str]:
        since = self.tenant.clock.now() - WINDOW
        for one in reversed(self.tenant.sign_ins.recorded):
            if one.created < since:
                return
            if one.key_id == key_id and not one.error_code:
                yield f"it was used at {one.created:%Y-%m-%d %H:%M}"
                return

    def _written(self, pairing: Pairing, key_id: str) -> Iterator[str]:
        kinds = (
            Kind.RETIRE_MEANT,
            Kind.RETIRED,
            Kind.PROVEN,
            Kind.PROOF_FAILED,
            Kind.WATCH_FAILED,
            Kind.WATCHED,
            Kind.GONE,
            Kind.HELD,
        )
        entries = self.journal.entries(kinds=kinds)
        meant = [each for each in entries if each.kind is Kind.RETIRE_MEANT and each.subject == key_id]
        if not meant:
            yield "nobody wrote down that it was meant"
            return
        settled = {each.subject for each in entries if each.kind in (Kind.RETIRED, Kind.GONE, Kind.HELD)}
        earlier = {each.key_id for one in self.plan.pairings if one.wave < pairing.wave for each in one.credentials}
        if earlier - settled:
            yield "an earlier wave is neither removed nor held"
        opened = meant[-1].data["gates"]
        if not isinstance(opened, dict) or set(opened) != set(gates.names(Road.FEDERATED)):
            yield "a gate was not told to be open"
        if any(each.kind is Kind.RETIRED and each.subject == key_id for each in entries):
            yield "it was written down as gone before"
        told = [each for each in entries if each.application == pairing.application.client_id]
        proofs = [each for each in told if each.kind in (Kind.PROVEN, Kind.PROOF_FAILED)]
        if not proofs or proofs[-1].kind is Kind.PROOF_FAILED:
            yield "the last exchange failed, or there is none"
        troubled: set[str] = set()
        for each in entries:
            if each.kind is Kind.WATCH_FAILED:
                troubled.add(each.application or "")
            elif each.kind is Kind.WATCHED:
                troubled.discard(each.application or "")
        if troubled:
            yield "a removal is in trouble"


def _keys(record: Application | ServicePrincipal) -> set[str]:
    return {one.key_id for one in record.passwords} | {one.key_id for one in record.keys}


def journal_of(base: Any) -> SqlJournal:
    """Open a second journal on the database of a rollout."""
    return SqlJournal(f"sqlite:///{base.folder / 'journal.db'}", base.clock)
