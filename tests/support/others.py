"""Others at work in the tenant while a rollout runs, and providers that behave as no embedded one does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from migrate.arm_writer import ArmWriter
from migrate.attachment import Attachment
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state import managed
from migrate.emulator.state.records import Application, FederatedCredential, Host, ManagedIdentity
from migrate.model import Pairing, Refusal
from tests.support.estate import Estate, hosts_of


def application(made: Estate, what: Pairing | Refusal) -> Application:
    found = made.tenant.applications.get(what.application.id)
    assert found is not None
    return found


def other_identity(made: Estate) -> ManagedIdentity:
    return next(one for one in made.tenant.identities.values() if one.user_assigned and not hosts_of(made.tenant, one))


def hold(made: Estate, host: Host, *identities: ManagedIdentity, own: bool = False) -> None:
    made.tenant.hosts[host.name.lower()] = managed.set_attached(
        made.tenant, host, tuple(one.principal_id for one in identities), has_own=own
    )


def held(made: Estate, host: Host) -> set[str]:
    now = made.tenant.hosts[host.name.lower()]
    return {made.tenant.identities[one].name for one in now.identities if one in made.tenant.identities}


class Meanwhile(ArmWriter):
    """Somebody changes the host between our last read and our request."""

    def __init__(self, real: ArmWriter, change: Callable[[], None]) -> None:
        super().__init__(real._arm, real._clock)
        self._change = change

    async def _patched(self, host: str, before: Attachment, content: dict[str, object], what: str) -> bool:
        self._change()
        return await super()._patched(host, before, content, what)


class Replaces(ArmWriter):
    """A provider that takes the last identity it knew away when another one comes."""

    async def attach(self, host: str, identity: str) -> bool:
        done = await super().attach(host, identity)
        present = await self._present(host, "")
        await self.detach(host, next(one for one in present.identities if one.lower() != identity.lower()))
        return done


class Restless(ArmWriter):
    """A host whose identities are never twice the same."""

    async def attachment(self, host: str) -> Attachment | None:
        found = await super().attachment(host)
        return found and dataclasses.replace(found, etag=fresh_guid())


def trust(made: Estate, pairing: Pairing, **changes: Any) -> FederatedCredential:
    """Make a federated credential by hand."""
    wanted = pairing.federated
    values = {"name": wanted.name, "issuer": wanted.issuer, "subject": wanted.subject, "audiences": (wanted.audience,)}
    by_hand = FederatedCredential(id=fresh_guid(), **{**values, **changes})
    record = application(made, pairing)
    made.tenant.save_application(dataclasses.replace(record, federated=(*record.federated, by_hand)))
    return by_hand
