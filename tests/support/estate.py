"""A tenant in which some applications lack an identity, put back as it was as often as a test likes."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from inventory import snapshot as snapshots
from inventory.arm import ArmConnection
from inventory.arm_settings import ArmSettings
from inventory.cloud import Cloud
from inventory.hosting import Hosting
from inventory.scan import Readers, scan
from migrate import planfile, planuse, rollout
from migrate.arm_writer import ArmWriter
from migrate.emulator.state import managed
from migrate.emulator.state.policies import Policy
from migrate.emulator.state.records import Application, Host, ManagedIdentity, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.federation import Federation, Federator
from migrate.model import Pairing, Plan, Refusal
from migrate.planning.plan import make_plan
from migrate.ports import HostWriter
from migrate.provision import Provision, Provisioner
from migrate.revert import Reversion, Reverter
from migrate.rollout import Course, State
from migrate.settling import Settling
from tests.support.rollout import Rollout

SAVED = ".saved"
QUICK = Settling(in_a_row=2, reads=10)


def take_identities(tenant: Tenant, share: int = 3) -> None:
    """Delete every so-manyth identity that a host has: its applications are left without one."""
    used = [one for one in list(tenant.identities.values()) if one.user_assigned and hosts_of(tenant, one)]
    for at, identity in enumerate(used):
        if at % share == 0 and identity.name != "id-orders-api":
            managed.delete(tenant, identity.principal_id)


def hosts_of(tenant: Tenant, identity: ManagedIdentity) -> list[Host]:
    return [host for host in tenant.hosts.values() if identity.principal_id in host.identities]


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What a tenant's applications, principals, identities and hosts were, and the journal's file."""

    tenant: Tenant
    applications: dict[str, Application]
    principals: dict[str, ServicePrincipal]
    identities: dict[str, ManagedIdentity]
    hosts: dict[str, Host]
    policies: tuple[Policy, dict[str, Policy], dict[str, str]]
    """The default, the others, and which object has which."""
    journal: Path

    def keep(self, suffix: str) -> None:
        """Keep the journal's copy under another name, as the next one to be saved takes its place."""
        shutil.copyfile(self.journal.with_suffix(SAVED), self.journal.with_suffix(suffix))

    def restore(self, suffix: str = SAVED) -> None:
        tenant = self.tenant
        with tenant.lock:
            for record in self.applications.values():
                if tenant.applications.get(record.id) != record:
                    tenant.save_application(record)
            for each in [one.id for one in tenant.service_principals if one.id not in self.principals]:
                tenant.service_principals.remove(each)
            for key, principal in self.principals.items():
                if tenant.service_principals.get(key) != principal:
                    tenant.save_service_principal(principal)
            _refill(tenant.identities, self.identities)
            _refill(tenant.hosts, self.hosts)
            book = tenant.policies
            book.default, book.custom, book.assigned = self.policies[0], dict(self.policies[1]), dict(self.policies[2])
        shutil.copyfile(self.journal.with_suffix(suffix), self.journal)


def _refill(shelf: Any, saved: dict[str, Any]) -> None:
    for key in [each for each in shelf if each not in saved]:
        shelf.remove(key)
    for key, value in saved.items():
        if shelf.get(key) != value:
            shelf[key] = value


@dataclass(kw_only=True)
class Estate:
    """A rollout with hosts."""

    base: Rollout
    plan: Plan
    settling: Settling = QUICK

    @property
    def tenant(self) -> Tenant:
        return self.base.emulator.tenant

    @property
    def stepped(self) -> tuple[Refusal, ...]:
        return tuple(each for each in self.plan.refusals if each.can_be_carried_out)

    def save(self) -> Saved:
        tenant, path = self.tenant, self.base.folder / "journal.db"
        shutil.copyfile(path, path.with_suffix(SAVED))
        return Saved(
            tenant=tenant,
            applications={one.id: one for one in tenant.applications},
            principals={one.id: one for one in tenant.service_principals},
            identities=dict(tenant.identities),
            hosts=dict(tenant.hosts),
            policies=(tenant.policies.default, dict(tenant.policies.custom), dict(tenant.policies.assigned)),
            journal=path,
        )

    @asynccontextmanager
    async def hosts(self) -> AsyncIterator[ArmWriter]:
        async with ArmConnection(ArmSettings(sign_in=self.base.settings)) as connection:
            yield ArmWriter(connection, self.base.clock)

    def _federator(self, directory: Any, writer: Any) -> Federator:
        return Federator(
            plan=self.plan,
            directory=directory,
            writer=writer,
            journal=self.base.journal,
            clock=self.base.clock,
            settling=self.settling,
        )

    async def federate(
        self,
        pairings: tuple[Pairing, ...] = (),
        refusals: tuple[Refusal, ...] = (),
        *,
        apply: bool = True,
        second_identity: bool = True,
        hosts: HostWriter | None = None,
    ) -> tuple[tuple[Federation, ...], tuple[Provision, ...]]:
        async with self.base.directory() as (directory, writer), self.hosts() as real:
            federator = self._federator(directory, writer)
            done = await federator.run(pairings, apply=apply)
            provisioner = Provisioner(
                plan=self.plan,
                hosts=hosts or real,
                federator=federator,
                journal=self.base.journal,
                clock=self.base.clock,
                settling=self.settling,
                second_identity=second_identity,
            )
            return done, await provisioner.run(refusals, apply=apply)

    async def revert(
        self, what: Course, to: State = State.PLANNED, *, apply: bool = True, unused: str = "made for a test"
    ) -> Reversion:
        async with self.base.directory() as (directory, writer), self.hosts() as real:

            async def hosts() -> HostWriter:
                return real

            reverter = Reverter(
                plan=self.plan,
                directory=directory,
                writer=writer,
                hosts=hosts,
                journal=self.base.journal,
                clock=self.base.clock,
                settling=self.settling,
                unused=unused,
            )
            return await reverter.run(what, to, apply=apply)

    def outcome(self) -> dict[str, Any]:
        """Return what tenant and journal hold, without ids that are made anew each time."""
        tenant = self.tenant
        names = {one.principal_id: one.resource_id.lower() for one in tenant.identities.values()}
        trusts = {
            one.app_id: sorted(
                (each.name, each.issuer, names.get(each.subject or "", "gone")) for each in one.federated
            )
            for one in tenant.applications
        }
        attached = {
            name: sorted(names[one] for one in host.identities if one in names) for name, host in tenant.hosts.items()
        }
        return {
            "trusts": trusts,
            "attached": attached,
            "identities": sorted(names.values()),
            "credentials": {
                one.app_id: sorted([*(each.key_id for each in one.passwords), *(each.key_id for each in one.keys)])
                for one in tenant.applications
            },
            "standings": self.standings(),
            "sealed": self.sealed(),
        }

    def sealed(self) -> dict[str, Any]:
        """Return which application has which policy and lock, and which policies there are."""
        book = self.tenant.policies
        return {
            "assigned": {holder: book.custom[policy].display_name for holder, policy in sorted(book.assigned.items())},
            "policies": sorted((each.display_name, repr(each.restrictions)) for each in book.custom.values()),
            "locks": {one.app_id: one.others.get("servicePrincipalLockConfiguration") for one in tenant_apps(self)},
        }

    def standings(self) -> dict[str, Any]:
        found = rollout.standings(self.plan.pairings, self.base.journal.entries(), self.stepped)
        return {
            key: (
                now.state,
                now.station,
                sorted(now.hosts),
                sorted(now.attached),
                sorted(now.created),
                (now.trust.name, now.trust.ours) if now.trust else None,
                sorted(now.begun),
            )
            for key, (_, now) in found.items()
        }


def tenant_apps(made: Estate) -> list[Application]:
    return list(made.tenant.applications)


async def estate(base: Rollout, *, settling: Settling = QUICK) -> Estate:
    """Scan a tenant with its hosts and plan."""
    path = base.folder / "snapshot.db"
    async with base.directory() as (directory, _), ArmConnection(ArmSettings(sign_in=base.settings)) as arm:
        readers = Readers(directory=directory, hosting=partial(Hosting, arm))
        await scan(readers, path, cloud=Cloud.PUBLIC, progress=lambda *_: None)
    plan = planfile.write(make_plan(snapshots.read(path)), base.folder / "plan.json")
    planuse.remember(plan, base.journal)
    return Estate(base=base, plan=plan, settling=settling)
