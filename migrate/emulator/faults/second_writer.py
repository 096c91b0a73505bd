"""Another administrator, who changes an application's credentials without a word."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from migrate.emulator.certificates import CertificateRecipe
from migrate.emulator.faults.lag import is_named
from migrate.emulator.faults.model import SecondWriter
from migrate.emulator.faults.triggers import Trigger
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.credentials import make_secret
from migrate.emulator.state.federation import LIMIT
from migrate.emulator.state.records import Application, FederatedCredential, KeyCredential, PasswordCredential
from migrate.emulator.state.tenant import Tenant

_NAME: Final = "second-writer"
_LIFE: Final = timedelta(days=365)
C = TypeVar("C")


class Intruder:
    """One fault: waits for reads of applications, or for the writes that follow them."""

    def __init__(self, fault: SecondWriter, salt: str) -> None:
        self.fault = fault
        self._trigger = Trigger(fault, salt)
        self._readers: set[tuple[str, str]] = set()

    @property
    def counts(self) -> tuple[int, int]:
        """How often there was a chance, and how often it was taken."""
        return self._trigger.seen, self._trigger.fired

    def after_read(self, tenant: Tenant, application: Application, reader: str) -> None:
        """Take note that a client (by its app id) has read an application."""
        if not is_named(application, self.fault.applications):
            return
        self._readers.add((application.id, reader))
        if self.fault.when == "after-read" and self._trigger.fires():
            self._change(tenant, application.id)

    def before_write(self, tenant: Tenant, application: Application, writer: str) -> None:
        """Be quicker than a client that has read an application and changes it now."""
        read = (application.id, writer) in self._readers
        self._readers.discard((application.id, writer))
        if read and self.fault.when == "before-write" and self._trigger.fires():
            self._change(tenant, application.id)

    def _change(self, tenant: Tenant, object_id: str) -> None:
        number = self._trigger.fired
        with tenant.lock:
            record = tenant.applications.get(object_id)
            if record is not None:
                tenant.save_application(self._changed(tenant, record, number))

    def _changed(self, tenant: Tenant, record: Application, number: int) -> Application:
        adds = self.fault.change == "add"
        now = tenant.clock.now().replace(microsecond=0)
        if self.fault.of == "passwordCredentials":
            added = PasswordCredential(
                key_id=fresh_guid(), secret=make_secret(), start=now, end=now + _LIFE, display_name=_NAME
            )
            return replace(record, passwords=(*record.passwords, added) if adds else _less(record.passwords))
        if self.fault.of == "federatedIdentityCredentials":
            trusted = FederatedCredential(
                id=fresh_guid(),
                name=f"{_NAME}-{number}-{fresh_guid()[:8]}",
                issuer="https://token.actions.githubusercontent.com",
                subject=f"repo:contoso/{fresh_guid()}:ref:refs/heads/main",
                audiences=(tenant.cloud.exchange_audience,),
            )
            # Another administrator cannot have more of them than anybody else.
            return replace(record, federated=(*record.federated, trusted)[:LIMIT] if adds else _less(record.federated))
        recipe = CertificateRecipe(
            common_name=_NAME,
            serial=int(fresh_guid().replace("-", ""), 16),
            start=now,
            end=now + _LIFE,
            pool=0,
        )
        key = KeyCredential(
            key_id=fresh_guid(),
            type="AsymmetricX509Cert",
            usage="Verify",
            start=recipe.start,
            end=recipe.end,
            certificate=recipe,
            display_name=f"CN={_NAME}",
        )
        return replace(record, keys=(*record.keys, key) if adds else _less(record.keys))


def _less(held: tuple[C, ...]) -> tuple[C, ...]:
    """Take the newest away."""
    return held[:-1]
