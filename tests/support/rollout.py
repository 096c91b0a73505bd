"""A rollout against an embedded tenant, with the real Graph adapters and the real exchange."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inventory import snapshot as snapshots
from inventory.cloud import Cloud
from inventory.directory import Directory
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.scan import Readers, scan
from migrate import planfile, planuse
from migrate.circumstances import Policy, RetirePolicy
from migrate.demo import callers
from migrate.emulator.server import Emulator
from migrate.entry import Entry, Kind
from migrate.exchange import Verdict, verify
from migrate.federation import Federation, Federator
from migrate.graph_writer import GraphWriter
from migrate.journal.store import SqlJournal
from migrate.model import Pairing, Plan
from migrate.planning.plan import make_plan
from migrate.ports import DirectoryWriter, TokenExchange
from migrate.retire import Retirer
from migrate.retirement import Retirement
from migrate.seal import Sealer, Sealing
from migrate.seal_writer import GraphSealWriter
from migrate.settling import Settling
from migrate.token_client import AzureTokenExchange

STEERING = ("AZURE_", "IDENTITY_", "MSI_", "IMDS_", "UNSECRET_")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
AT_ONCE = RetirePolicy(policy=Policy(watch_hours=0))
"""One wave right after the other."""


class PatientClock:
    """Waits no time at all, and remembers for how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Seen:
    """A directory that answers as another, but for what a test changes."""

    def __init__(self, real: Directory, **changed: Any) -> None:
        self._real, self._changed = real, changed

    def __getattr__(self, name: str) -> Any:
        return self._changed.get(name) or getattr(self._real, name)


@dataclass(kw_only=True)
class Rollout:
    """Everything a command would put together, kept in hand."""

    emulator: Emulator
    journal: SqlJournal
    folder: Path
    settings: GraphSettings
    clock: PatientClock = field(default_factory=PatientClock)

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[tuple[GraphDirectory, GraphWriter]]:
        async with GraphConnection(self.settings) as connection:
            yield GraphDirectory(connection), GraphWriter(connection)

    async def plan(self) -> Plan:
        path = self.folder / "snapshot.db"
        async with self.directory() as (directory, _):
            await scan(Readers(directory=directory), path, cloud=Cloud.PUBLIC, progress=lambda *_: None)
        plan = planfile.seal(make_plan(snapshots.read(path)))
        planuse.remember(plan, self.journal)
        return plan

    def exchange(self, plan: Plan) -> AzureTokenExchange:
        scope = "https://graph.microsoft.com/.default"
        return AzureTokenExchange(tenant_id=plan.tenant_id, authority=self.emulator.authority, scope=scope)

    async def federate(
        self, plan: Plan, *, apply: bool = True, writer: DirectoryWriter | None = None
    ) -> tuple[Federation, ...]:
        async with self.directory() as (directory, real):
            federator = Federator(
                plan=plan, directory=directory, writer=writer or real, journal=self.journal, clock=self.clock
            )
            return await federator.run(plan.pairings, apply=apply)

    async def verify(self, plan: Plan, *, tries: int = 2) -> tuple[Verdict, ...]:
        return await verify(
            plan,
            plan.pairings,
            exchange=self.exchange(plan),
            journal=self.journal,
            clock=self.clock,
            tries=tries,
            interval=0,
        )

    async def retire(
        self,
        plan: Plan,
        *,
        apply: bool = True,
        only: tuple[Pairing, ...] | None = None,
        writer: DirectoryWriter | None = None,
        exchange: TokenExchange | None = None,
        seen_by: Callable[[Directory], Directory] = lambda directory: directory,
        rules: RetirePolicy | None = None,
    ) -> tuple[Retirement, ...]:
        async with self.directory() as (directory, real):
            retirer = Retirer(
                plan=plan,
                directory=seen_by(directory),
                writer=writer or real,
                exchange=exchange or self.exchange(plan),
                journal=self.journal,
                clock=self.clock,
                rules=rules or AT_ONCE,
            )
            return await retirer.run(plan.pairings if only is None else only, apply=apply)

    async def seal(self, plan: Plan, *, only: tuple[Pairing, ...] | None = None) -> tuple[Sealing, ...]:
        async with GraphConnection(self.settings) as connection:
            sealer = Sealer(
                plan=plan,
                directory=GraphDirectory(connection),
                writer=GraphSealWriter(connection),
                journal=self.journal,
                clock=self.clock,
                settling=Settling(in_a_row=2, reads=20),
            )
            return await sealer.run(plan.pairings if only is None else only, apply=True)

    async def ready(self) -> Plan:
        """Return a plan with every gate open: federated, proven, in use, scanned, and a month without secrets."""
        plan = await self.plan()
        await self.federate(plan)
        await self.verify(plan)
        self.journal.record(
            Entry(
                kind=Kind.CODE_SCANNED,
                plan=plan.digest,
                subject="/code",
                data={"tenant": plan.tenant_id, "findings": [], "scanned": 1},
            )
        )
        self.live(days=31)
        callers.moved(self.emulator, plan.pairings)
        await self.verify(plan)
        return plan

    def live(self, *, days: int) -> None:
        """Let days pass, with one application of somebody else signing in, so that the log goes on."""
        callers.live_on(self.emulator, (callers.neighbour(self.emulator),), days)

    def keys_left(self) -> set[str]:
        """Return the key ids of everything that is in the tenant."""
        tenant = self.emulator.tenant
        holders = [*tenant.applications, *tenant.service_principals]
        return {each.key_id for holder in holders for each in (*holder.passwords, *holder.keys)}

    def kinds(self) -> list[Kind]:
        return [entry.kind for entry in self.journal.entries()]


@contextmanager
def rollout(folder: Path, monkeypatch: pytest.MonkeyPatch, *, apps: int = 20, seed: int = 1) -> Iterator[Rollout]:
    """Start a tenant and point this process at it, and at nothing else."""
    with Emulator(apps=apps, seed=seed) as emulator:
        isolate(monkeypatch)
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        clock = PatientClock()
        journal = SqlJournal(f"sqlite:///{folder / 'journal.db'}", clock)
        settings = GraphSettings(tenant_id=emulator.tenant_id, graph_endpoint=emulator.graph_endpoint)
        try:
            yield Rollout(emulator=emulator, journal=journal, folder=folder, settings=settings, clock=clock)
        finally:
            journal.close()


@contextmanager
def elsewhere(base: Rollout, folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[Rollout]:
    """Go on in the same tenant, in a folder of the test's own with copies of these of the base's files.

    For tests that change nothing in the tenant: to start, scan and plan one takes more than most of them.
    """
    isolate(monkeypatch)
    for name, value in base.emulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    for name in names:
        if (base.folder / name).exists():  # a journal in which nothing stands is no file yet
            shutil.copyfile(base.folder / name, folder / name)
    journal = SqlJournal(f"sqlite:///{folder / 'journal.db'}", base.clock)
    try:
        yield replace(base, journal=journal, folder=folder)
    finally:
        journal.close()


def isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove what would steer a sign-in; a metadata service is named always, so that none is looked for outside."""
    for name in os.environ:
        if name.startswith(STEERING) or name in PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")
