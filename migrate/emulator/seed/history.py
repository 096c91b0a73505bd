"""The sign-ins of the weeks before the start."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from migrate.emulator.clouds import EXCHANGE_APP_ID, GRAPH_APP_ID
from migrate.emulator.ids import seeded_dice
from migrate.emulator.seed.names import SERVICES
from migrate.emulator.state.copies import copier
from migrate.emulator.state.past import PastWriter, Use
from migrate.emulator.state.records import Application, KeyCredential, PasswordCredential, ServicePrincipal
from migrate.emulator.state.signins import SignIn
from migrate.emulator.state.tenant import Tenant

DAYS: Final = 35
"""Longer than the longest retention, so that part of the history is out of sight."""
_IN_USE: Final = 0.6
_BUSY: Final = 0.75
_SECONDS: Final = 86_400
_LATEST, _EARLIEST, _BEFORE_THE_LOG = _SECONDS // 50, DAYS * _SECONDS, 31 * _SECONDS
"""Seconds before the start."""
_LATELY: Final = -129_600
"""A day and a half before the start."""
_EXCHANGE_TAKES: Final = 2
"""Seconds by which the sign-in of a managed identity precedes that of the application, by choice."""
_KEY_FIELDS: Final = (
    "app_id", "app_display_name", "service_principal_id", "key_id", "origin", "certificate",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Whose past is made up."""

    application: Application
    principal: ServicePrincipal


class _History:
    """Makes up one subject's past after the other."""

    def __init__(self, tenant: Tenant, writer: PastWriter, dice: Random) -> None:
        self._tenant = tenant
        self._writer = writer
        self._dice = dice
        self._federation_shown = False
        self._resources = {item.app_id: item for item in tenant.resources}
        by_key = {name: at for at, name in enumerate(_KEY_FIELDS)}
        use = Use(pattern=self._pattern(GRAPH_APP_ID), salt="")
        self._sign_ins = {
            kind: copier(self._pattern(GRAPH_APP_ID, credential_type=kind), by_key)
            for kind in ("clientSecret", "certificate")
        }
        self._use = copier(use, {"pattern": 0, "salt": 1, "ends": 2, "error_code": 3, "failure_reason": 4})

    def add(self, subject: _Subject) -> None:
        """Record the past of everything that a subject signs in with."""
        application, principal = subject.application, subject.principal
        # Keys that sign or encrypt never sign in.
        idle = {application.token_encryption_key_id, *(key.key_id for key in principal.keys if key.usage == "Sign")}
        self._use_each(subject, (*application.passwords, *application.keys), idle, "application")
        if principal.passwords:
            self._use_each(subject, principal.passwords, idle, "servicePrincipal")
        if application.federated:
            self._use_federation(subject)

    def _pattern(self, resource: str, **others: Any) -> SignIn:
        """Make what sign-ins to a resource have in common."""
        fields: dict[str, Any] = {
            "event": "servicePrincipal", "app_id": "", "app_display_name": "", "service_principal_id": "", **others,
        }  # fmt: skip
        return SignIn(
            id="",
            created=self._tenant.clock.start,
            owner_tenant=self._tenant.id,
            resource_id=resource,
            resource_display_name=self._resources[resource].display_name,
            ip_address="",
            correlation_id="",
            **fields,
        )

    def _moments(self) -> list[int]:
        """Choose when something was used, in seconds from the start."""
        random = self._dice.random
        if random() < _BUSY:
            span = _EARLIEST - _LATEST
            return [-int(_LATEST + span * random()) for _ in range(int(3 + 7 * random()))]
        return [-int(_BEFORE_THE_LOG + (_EARLIEST - _BEFORE_THE_LOG) * random())]  # last used before the log begins

    def _use_each(
        self,
        subject: _Subject,
        held: Iterable[PasswordCredential | KeyCredential],
        idle: set[str | None],
        origin: str,
    ) -> None:
        # The three services of the demo are always in use.
        always = subject.application.display_name in SERVICES
        for credential in held:
            is_used = always or self._dice.random() < _IN_USE
            if is_used and credential.key_id not in idle:
                use = self._writer.add_use(self._use_of(subject, credential, origin))
                self._writer.add_moments(use, self._moments())

    def _use_of(self, subject: _Subject, credential: PasswordCredential | KeyCredential, origin: str) -> Use:
        application = subject.application
        certificate = None if isinstance(credential, PasswordCredential) else credential.certificate
        kind, error = ("clientSecret", 7000222) if certificate is None else ("certificate", 700027)
        pattern = self._sign_ins[kind]((
            application.app_id, application.display_name, subject.principal.id, credential.key_id, origin, certificate,
        ))  # fmt: skip
        return self._use((pattern, application.app_id, credential.end, error, "The provided client keys are expired."))

    def _use_federation(self, subject: _Subject) -> None:
        tenant, application = self._tenant, subject.application
        for federated in application.federated:
            identity = tenant.identities.get(federated.subject)
            works = identity is not None and federated.audiences == (tenant.cloud.exchange_audience,)
            if identity is None or not works:
                continue
            # A tenant with federation that works shows some in its log, however small it is.
            first, self._federation_shown = not self._federation_shown, True
            if not first and self._dice.random() > _IN_USE:
                continue
            by_application = self._pattern(
                GRAPH_APP_ID,
                app_id=application.app_id,
                app_display_name=application.display_name,
                service_principal_id=subject.principal.id,
                credential_type="federatedIdentityCredential",
                federated_credential_id=federated.id,
                federated_token_issuer=tenant.cloud.issuer(tenant.id),
            )
            by_identity = self._pattern(
                EXCHANGE_APP_ID,
                event="managedIdentity",
                credential_type="managedIdentity",
                app_id=identity.client_id,
                app_display_name=identity.name,
                service_principal_id=identity.principal_id,
                identity_resource_id=identity.resource_id,
            )
            moments = [*self._moments(), _LATELY] if first else self._moments()
            for pattern, earlier in ((by_application, 0), (by_identity, _EXCHANGE_TAKES)):
                use = self._writer.add_use(Use(pattern=pattern, salt=application.app_id))
                self._writer.add_moments(use, [moment - earlier for moment in moments])


def add_history(tenant: Tenant, seed: int) -> None:
    """Record the past of every credential that was in use."""
    writer, dice = PastWriter(tenant.clock.start), seeded_dice(seed, "history")
    history = _History(tenant, writer, dice)
    for application in tenant.applications:
        principal = tenant.service_principals.with_app_id(application.app_id)
        if principal is not None:
            history.add(_Subject(application=application, principal=principal))
    writer.scatter(dice)
    tenant.sign_ins.begin_with(writer.finish())
