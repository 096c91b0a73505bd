"""The sign-ins of the weeks before the start."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor
from random import Random
from typing import Any, Final

from migrate.emulator.clouds import EXCHANGE_APP_ID, GRAPH_APP_ID
from migrate.emulator.ids import seeded_dice
from migrate.emulator.seed.names import SERVICES
from migrate.emulator.state.past import PastWriter, Use
from migrate.emulator.state.records import Application, KeyCredential, PasswordCredential, Resource, ServicePrincipal
from migrate.emulator.state.signins import SignIn
from migrate.emulator.state.tenant import Tenant

DAYS: Final = 35
"""Longer than the longest retention, so that part of the history is out of sight."""
_IN_USE: Final = 0.6
_BUSY: Final = 0.75
_SECONDS: Final = 86_400
_OCTETS: Final = 249
_EXCHANGE_TAKES: Final = 2
"""Seconds by which the sign-in of a managed identity precedes that of the application, by choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Whose past is made up."""

    tenant: Tenant
    writer: PastWriter
    dice: Random
    application: Application
    principal: ServicePrincipal
    graph: Resource
    exchange: Resource

    def ages(self) -> list[float]:
        """Choose when something was used, in days before the start."""
        dice = self.dice
        if dice.random() < _BUSY:
            number = dice.randrange(3, 10)
            return [0.02 + (DAYS - 0.02) * dice.random() for _ in range(number)]
        return [dice.uniform(31, DAYS)]  # last used before the log begins

    def add(self, use: int, age: float, earlier: int = 0) -> None:
        """Enter a sign-in."""
        chance, bits = self.dice.random(), self.dice.getrandbits
        octet = bits(8)
        while octet >= _OCTETS:
            octet = bits(8)
        self.writer.add(use, floor(-age * _SECONDS) - earlier, chance, octet + 1)

    def pattern(self, resource: Resource, **others: Any) -> SignIn:
        """Make what sign-ins to a resource have in common."""
        fields: dict[str, Any] = {
            "event": "servicePrincipal",
            "app_id": self.application.app_id,
            "app_display_name": self.application.display_name,
            "service_principal_id": self.principal.id,
            **others,
        }
        return SignIn(
            id="",
            created=self.tenant.clock.start,
            owner_tenant=self.tenant.id,
            resource_id=resource.app_id,
            resource_display_name=resource.display_name,
            ip_address="",
            correlation_id="",
            **fields,
        )


def add_history(tenant: Tenant, seed: int) -> None:
    """Record the past of every credential that was in use."""
    writer = PastWriter(tenant.clock.start)
    resources = {item.app_id: item for item in tenant.resources}
    for application in tenant.applications:
        principal = tenant.service_principals.with_app_id(application.app_id)
        if principal is not None:
            subject = _Subject(
                tenant=tenant,
                writer=writer,
                dice=seeded_dice(seed, "history", application.app_id),
                application=application,
                principal=principal,
                graph=resources[GRAPH_APP_ID],
                exchange=resources[EXCHANGE_APP_ID],
            )
            _use_credentials(subject)
            _use_federation(subject)
    tenant.sign_ins.begin_with(writer.finish())


def _use_credentials(subject: _Subject) -> None:
    application, principal = subject.application, subject.principal
    # Keys that sign or encrypt never sign in.
    idle = {application.token_encryption_key_id, *(key.key_id for key in principal.keys if key.usage == "Sign")}
    _use_each(subject, (*application.passwords, *application.keys), idle, "application")
    _use_each(subject, principal.passwords, idle, "servicePrincipal")


def _use_each(
    subject: _Subject, held: Iterable[PasswordCredential | KeyCredential], idle: set[str | None], origin: str
) -> None:
    for credential in held:
        # The three services of the demo are always in use.
        is_used = subject.application.display_name in SERVICES or subject.dice.random() < _IN_USE
        if is_used and credential.key_id not in idle:
            use = subject.writer.add_use(_use_of(subject, credential, origin))
            for age in subject.ages():
                subject.add(use, age)


def _use_of(subject: _Subject, credential: PasswordCredential | KeyCredential, origin: str) -> Use:
    is_secret = isinstance(credential, PasswordCredential)
    pattern = subject.pattern(
        subject.graph,
        credential_type="clientSecret" if is_secret else "certificate",
        key_id=credential.key_id,
        origin=origin,
        certificate=None if isinstance(credential, PasswordCredential) else credential.certificate,
    )
    return Use(
        pattern=pattern,
        salt=subject.application.app_id,
        ends=credential.end,
        error_code=7000222 if is_secret else 700027,
        failure_reason="The provided client keys are expired.",
    )


def _use_federation(subject: _Subject) -> None:
    tenant = subject.tenant
    for federated in subject.application.federated:
        identity = tenant.identities.get(federated.subject)
        works = identity is not None and federated.audiences == (tenant.cloud.exchange_audience,)
        if identity is None or not works or subject.dice.random() > _IN_USE:
            continue
        by_application = subject.pattern(
            subject.graph,
            credential_type="federatedIdentityCredential",
            federated_credential_id=federated.id,
            federated_token_issuer=tenant.cloud.issuer(tenant.id),
        )
        by_identity = subject.pattern(
            subject.exchange,
            event="managedIdentity",
            credential_type="managedIdentity",
            app_id=identity.client_id,
            app_display_name=identity.name,
            service_principal_id=identity.principal_id,
            identity_resource_id=identity.resource_id,
        )
        uses = [
            subject.writer.add_use(Use(pattern=pattern, salt=subject.application.app_id))
            for pattern in (by_application, by_identity)
        ]
        for age in subject.ages():
            subject.add(uses[0], age)
            subject.add(uses[1], age, earlier=_EXCHANGE_TAKES)
