"""An application whose credentials were removed, in a tenant with key vaults, put back as often as a test likes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.keyvault.secrets._shared import http_challenge_cache

from migrate import planfile, planuse, rollout, vault_writer
from migrate.breakglass import Glass, GlassBreaker
from migrate.circumstances import BreakGlass, RetirePolicy
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert
from migrate.emulator.state.policies import (
    DEFAULT_POLICY,
    PASSWORD_ADDITION,
    PASSWORD_LIFETIME,
    Policy,
    Restriction,
    Restrictions,
)
from migrate.emulator.state.records import Application, PasswordCredential
from migrate.emulator.state.tenant import Tenant
from migrate.entry import Entry, Json, Kind
from migrate.model import Pairing, Plan
from migrate.retirement import Retired
from migrate.rollout import Standing
from migrate.vault_writer import vault_issuer
from tests.support.estate import QUICK, Estate
from tests.support.rollout import Rollout
from tests.support.rollout import rollout as started

VAULT_NAME = "kv-contoso-prod"
VAULT = f"https://{VAULT_NAME}.vault.azure.net"
POLICY = BreakGlass(vault=VAULT)
TOML = f'[break_glass]\nvault = "{VAULT}"\n'
LABEL = "unsecret break-glass"
ADD = "/v1.0/applications/*/addPassword"


@dataclass(kw_only=True)
class Broken(Estate):
    """``pairing`` lost its credentials and has nothing left but its federated credential."""

    pairing: Pairing

    @property
    def application(self) -> Application:
        found = self.tenant.applications.with_app_id(self.pairing.application.client_id)
        assert found is not None
        return found

    @property
    def ours(self) -> tuple[PasswordCredential, ...]:
        """The break-glass secrets that the application has."""
        return tuple(each for each in self.application.passwords if (each.display_name or "").startswith(LABEL))

    @property
    def place(self) -> str:
        return f"unsecret-{self.pairing.application.client_id}"

    @property
    def kept(self) -> list[str]:
        """The values that the vault holds for it, oldest first."""
        return [each.value for each in self.base.emulator.vaults.versions(VAULT_NAME, self.place)]

    @property
    def standing(self) -> Standing:
        what = rollout.course(self.pairing)
        return rollout.fold(what, self.base.journal.entries(application=what.client_id))

    def break_glass(
        self, *, hours: int = 4, apply: bool = True, policy: BreakGlass | None = POLICY, on: Pairing | None = None
    ) -> Glass:
        return asyncio.run(self._break(hours=hours, apply=apply, policy=policy, on=on or self.pairing))

    async def _break(self, *, hours: int, apply: bool, policy: BreakGlass | None, on: Pairing) -> Glass:
        async with self.base.directory() as (directory, writer):
            connection = writer._connection
            async with vault_issuer(connection, self.base.settings) as issuer:
                breaker = GlassBreaker(
                    plan=self.plan,
                    directory=directory,
                    writer=writer,
                    issuer=issuer,
                    journal=self.base.journal,
                    clock=self.base.clock,
                    rules=RetirePolicy(break_glass=policy),
                    settling=self.settling,
                )
                return await breaker.run(on, hours=hours, apply=apply)

    def failing(self, *faults: dict[str, Any]) -> AbstractContextManager[None]:
        """Let things go wrong in the tenant for as long as the block lasts."""
        return failing(self.tenant, *faults)

    def signs_in(self, secret: str) -> bool:
        """Whether the application signs in with a secret."""
        emulator = self.base.emulator
        form = {"grant_type": "client_credentials", "client_id": self.pairing.application.client_id,
                "client_secret": secret, "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
        url = f"{emulator.authority}/{emulator.tenant_id}/oauth2/v2.0/token"
        return httpx.post(url, data=form).status_code == 200


@contextmanager
def failing(tenant: Tenant, *faults: dict[str, Any]) -> Iterator[None]:
    """Let things go wrong in a tenant for as long as the block lasts."""
    install(tenant, convert({"seed": 1, "faults": list(faults)}))
    try:
        yield
    finally:
        remove(tenant)


def policy_with(rule: Restriction) -> Policy:
    """Return the default policy of a tenant with one rule about the secrets of applications."""
    return replace(DEFAULT_POLICY, enabled=True, restrictions=Restrictions(passwords=(rule,)))


FORBIDDING = policy_with(Restriction(type=PASSWORD_ADDITION))
THREE_HOURS = policy_with(Restriction(type=PASSWORD_LIFETIME, lifetime=timedelta(hours=3), lifetime_text="PT3H"))


async def _ready(base: Rollout) -> Plan:
    """Plan for two applications, and open every gate for the first one."""
    whole = await base.plan()
    first = next(each for each in whole.pairings if each.application.display_name == "orders-api")
    second = next(each for each in whole.pairings if each is not first)
    chosen = (replace(first, wave=1), replace(second, wave=2))
    plan = planfile.seal(replace(whole, pairings=chosen, digest=""))
    planuse.remember(plan, base.journal)
    await base.federate(plan)
    await base.verify(plan)
    data: dict[str, Json] = {"tenant": plan.tenant_id, "findings": [], "scanned": 1}
    base.journal.record(Entry(kind=Kind.CODE_SCANNED, plan=plan.digest, subject="/code", data=data))
    base.live(days=31)
    await base.verify(plan)
    return plan


@contextmanager
def broken(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Broken]:
    """Remove the credentials of the first application that may lose them."""
    http_challenge_cache.clear()  # of vaults of the same name in the tenants of other tests
    with started(folder, patch, apps=14) as base:
        patch.setenv("HTTPS_PROXY", base.emulator.proxy_endpoint)
        patch.setitem(vault_writer._OPTIONS, "retry_backoff_factor", 0.01)
        plan = asyncio.run(_ready(base))
        planfile.write(plan, folder / "plan.json")
        pairing = plan.pairings[0]
        (removed,) = asyncio.run(base.retire(plan, only=(pairing,)))
        assert isinstance(removed, Retired)
        made = Broken(base=base, plan=plan, settling=QUICK, pairing=pairing)
        assert made.standing.station is rollout.State.RETIRED
        yield made
