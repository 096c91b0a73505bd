"""Applications that were watched to the end, with what seals, unseals and guards them."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from inventory.directory import Directory
from inventory.graph import GraphConnection
from inventory.graph_directory import GraphDirectory
from migrate import planfile, planuse, rollout
from migrate.circumstances import Policy
from migrate.guard import Guard, Guarded, wards
from migrate.model import Pairing, Plan
from migrate.ports import SealWriter
from migrate.revert import Reversion
from migrate.rollout import State
from migrate.seal import Sealer, Sealing
from migrate.seal_writer import GraphSealWriter
from migrate.unseal import Unsealer
from migrate.watch import Watcher
from tests.support.estate import QUICK, Estate
from tests.support.rollout import AT_ONCE, Rollout
from tests.support.whole import Whole

_OPERATOR = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


@dataclass(kw_only=True)
class Seals:
    """A rollout at its end."""

    made: Estate
    watched: tuple[Pairing, ...]

    @property
    def base(self) -> Rollout:
        return self.made.base

    @property
    def plan(self) -> Plan:
        return self.made.plan

    @asynccontextmanager
    async def tenant(self) -> AsyncIterator[tuple[GraphDirectory, GraphSealWriter]]:
        async with GraphConnection(self.base.settings) as connection:
            yield GraphDirectory(connection), GraphSealWriter(connection)

    async def seal(
        self,
        *pairings: Pairing,
        apply: bool = True,
        through: Callable[[SealWriter], SealWriter] = lambda writer: writer,
        seen_by: Callable[[Directory], Directory] = lambda directory: directory,
    ) -> tuple[Sealing, ...]:
        async with self.tenant() as (directory, writer):
            sealer = Sealer(
                plan=self.plan, directory=seen_by(directory), writer=through(writer), journal=self.base.journal,
                clock=self.base.clock, settling=QUICK,
            )  # fmt: skip
            return await sealer.run(pairings or self.watched, apply=apply)

    async def unseal(
        self, pairing: Pairing, *, apply: bool = True,
        through: Callable[[SealWriter], SealWriter] = lambda writer: writer,
    ) -> Reversion:  # fmt: skip
        async with self.tenant() as (_, writer):
            unsealer = Unsealer(
                plan=self.plan, writer=through(writer), journal=self.base.journal, clock=self.base.clock, settling=QUICK
            )  # fmt: skip
            return await unsealer.run(rollout.course(pairing), apply=apply)

    async def guard(
        self, *pairings: Pairing, seen_by: Callable[[Directory], Directory] = lambda directory: directory,
        through: Callable[[SealWriter], SealWriter] = lambda writer: writer,
    ) -> tuple[Guarded, ...]:  # fmt: skip
        async with self.tenant() as (directory, writer):
            guard = Guard(directory=seen_by(directory), policies=through(writer))
            return await guard.run(wards(pairings or self.watched, self.base.journal.entries()))

    def state(self, pairing: Pairing) -> State:
        found = rollout.standings((pairing,), self.base.journal.entries())
        return found[pairing.application.client_id][1].state

    def graph(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask Graph as the operator, with nothing of ours in between."""
        return self._web.request(method, f"{self.base.emulator.graph_endpoint}/v1.0/{path}", json=body)

    @functools.cached_property
    def _web(self) -> httpx.Client:
        emulator = self.base.emulator
        tenant, client, secret = (emulator.environment()[name] for name in _OPERATOR)
        form = {
            "grant_type": "client_credentials", "client_id": client, "client_secret": secret,
            "scope": "https://graph.microsoft.com/.default",
        }  # fmt: skip
        web = httpx.Client(verify=ssl.create_default_context(cafile=emulator.ca_file), trust_env=False)
        token = web.post(f"{emulator.authority}/{tenant}/oauth2/v2.0/token", data=form).json()["access_token"]
        web.headers["Authorization"] = f"Bearer {token}"
        return web

    def close(self) -> None:
        self._web.close()

    def add_secret(self, path: str) -> httpx.Response:
        """Try to add a secret to ``applications/{id}`` or ``servicePrincipals/{id}``."""
        return self.graph("POST", f"{path}/addPassword", {"passwordCredential": {"displayName": "added later"}})

    def assigned(self, pairing: Pairing) -> list[dict[str, Any]]:
        found = self.graph("GET", f"applications/{pairing.application.id}/appManagementPolicies").json()
        return list(found["value"])

    def give_policy(self, pairing: Pairing, name: str, **told: Any) -> str:
        """Make a policy as an administrator would, and assign it to an application."""
        body = {"displayName": name, "description": "made by hand", "isEnabled": True, **told}
        made = str(self.graph("POST", "policies/appManagementPolicies", body).json()["id"])
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{made}"}
        answer = self.graph("POST", f"applications/{pairing.application.id}/appManagementPolicies/$ref", link)
        assert answer.status_code == 204
        return made

    def take_policy(self, pairing: Pairing) -> None:
        for each in self.assigned(pairing):
            path = f"applications/{pairing.application.id}/appManagementPolicies/{each['id']}/$ref"
            assert self.graph("DELETE", path).status_code == 204


def watched(base: Rollout) -> Seals:
    """Bring four applications to the end of a rollout, one that signs and three that do not; a fifth is not begun."""
    plan = _few(base, asyncio.run(base.plan()))
    made = Estate(base=base, plan=plan)
    some = plan.pairings[:-1]
    whole = Whole(made=made, pairings=some, rules=AT_ONCE)
    asyncio.run(base.federate(plan))
    whole.prove(some)
    base.journal.record(whole.scanned())
    whole.a_month()
    whole.prove(some)
    whole.retire(some)
    base.emulator.advance(timedelta(hours=3))
    whole.prove(some)
    asyncio.run(_watch(base, plan))
    states = rollout.states(plan.pairings, base.journal.entries())
    ready = tuple(each for each in plan.pairings if states[each.application.client_id] is State.WATCHED)
    return Seals(made=made, watched=ready)


def _few(base: Rollout, plan: Plan) -> Plan:
    """Keep some of a plan's pairings, in one wave: the fewer there are, the sooner a test begins."""
    tenant = base.emulator.tenant
    signing = {each.app_id for each in tenant.service_principals if any(key.usage == "Sign" for key in each.keys)}
    with_keys = {each.app_id for each in (*tenant.service_principals, *tenant.applications) if each.keys}
    single = {each.app_id for each in tenant.applications if each.sign_in_audience == "AzureADMyOrg"}
    ours = [replace(each, wave=1) for each in plan.pairings if each.application.client_id in single]
    one = [each for each in ours if each.application.client_id in signing][:1]
    plain = [each for each in ours if each.application.client_id not in with_keys][:4]
    few = planfile.seal(replace(plan, pairings=(*one, *plain)))
    planuse.remember(few, base.journal)
    return few


async def _watch(base: Rollout, plan: Plan) -> None:
    async with base.directory() as (directory, _):
        watcher = Watcher(
            plan=plan, directory=directory, exchange=base.exchange(plan), journal=base.journal, policy=Policy()
        )  # fmt: skip
        await watcher.run(plan.pairings)
