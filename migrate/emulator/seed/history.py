"""The sign-ins of the last weeks, recorded through the same log as the real ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Final

from migrate.emulator.clouds import EXCHANGE_APP_ID, GRAPH_APP_ID
from migrate.emulator.ids import seeded_dice, seeded_guid
from migrate.emulator.seed.names import SERVICES
from migrate.emulator.state.records import Application, KeyCredential, PasswordCredential, Resource, ServicePrincipal
from migrate.emulator.state.signins import SignIn
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import random_looking

DAYS: Final = 35
"""Longer than the longest retention, so that part of the history is out of sight."""
_IN_USE: Final = 0.6
_BUSY: Final = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Whose past is made up."""

    tenant: Tenant
    dice: Random
    application: Application
    principal: ServicePrincipal

    def resource(self, app_id: str) -> Resource:
        return next(item for item in self.tenant.resources if item.app_id == app_id)

    def ages(self) -> list[timedelta]:
        if self.dice.random() < _BUSY:
            return [timedelta(days=self.dice.uniform(0.02, DAYS)) for _ in range(self.dice.randrange(3, 10))]
        return [timedelta(days=self.dice.uniform(31, DAYS))]  # last used before the log begins

    def sign_in(self, age: timedelta, resource_app_id: str) -> SignIn:
        entry_id = seeded_guid(self.dice.random(), self.application.app_id)
        resource = self.resource(resource_app_id)
        return SignIn(
            id=entry_id,
            created=(self.tenant.clock.start - age).replace(microsecond=0),
            event="servicePrincipal",
            app_id=self.application.app_id,
            app_display_name=self.application.display_name,
            service_principal_id=self.principal.id,
            owner_tenant=self.tenant.id,
            resource_id=resource.app_id,
            resource_display_name=resource.display_name,
            ip_address=f"203.0.113.{self.dice.randrange(1, 250)}",  # a documentation network (RFC 5737)
            correlation_id=seeded_guid(entry_id, "correlation"),
            token_id=random_looking(entry_id),
        )


def add_history(tenant: Tenant, seed: int) -> None:
    """Record the past of every credential that was in use."""
    entries: list[SignIn] = []
    for application in tenant.applications:
        principal = tenant.service_principals.with_app_id(application.app_id)
        if principal is not None:
            dice = seeded_dice(seed, "history", application.app_id)
            subject = _Subject(tenant=tenant, dice=dice, application=application, principal=principal)
            entries += _by_credentials(subject)
            entries += _by_exchanges(subject)
    for entry in sorted(entries, key=lambda item: (item.created, item.id)):
        tenant.sign_ins.record(entry)


def _by_credentials(subject: _Subject) -> Iterator[SignIn]:
    application, principal = subject.application, subject.principal
    signing = {key.key_id for key in principal.keys if key.usage == "Sign"}
    held: list[PasswordCredential | KeyCredential] = [*application.passwords, *application.keys, *principal.passwords]
    for credential in held:
        # The three services of the demo are always in use; keys that sign or encrypt never sign in.
        is_used = application.display_name in SERVICES or subject.dice.random() < _IN_USE
        if is_used and credential.key_id not in (application.token_encryption_key_id, *signing):
            for age in subject.ages():
                yield _by_credential(subject, credential, age)


def _by_credential(subject: _Subject, credential: PasswordCredential | KeyCredential, age: timedelta) -> SignIn:
    is_secret = isinstance(credential, PasswordCredential)
    entry = replace(
        subject.sign_in(age, GRAPH_APP_ID),
        credential_type="clientSecret" if is_secret else "certificate",
        key_id=credential.key_id,
        origin="servicePrincipal" if credential in subject.principal.passwords else "application",
    )
    if isinstance(credential, KeyCredential):
        entry = replace(entry, certificate=credential.certificate)
    if entry.created < credential.end:
        return entry
    code = 7000222 if is_secret else 700027
    return replace(entry, error_code=code, failure_reason="The provided client keys are expired.", token_id="")


def _by_exchanges(subject: _Subject) -> Iterator[SignIn]:
    tenant = subject.tenant
    for federated in subject.application.federated:
        identity = tenant.identities.get(federated.subject)
        works = identity is not None and federated.audiences == (tenant.cloud.exchange_audience,)
        if identity is None or not works or subject.dice.random() > _IN_USE:
            continue
        for age in subject.ages():
            yield replace(
                subject.sign_in(age, GRAPH_APP_ID),
                credential_type="federatedIdentityCredential",
                federated_credential_id=federated.id,
                federated_token_issuer=tenant.cloud.issuer(tenant.id),
            )
            yield replace(
                subject.sign_in(age + timedelta(seconds=2), EXCHANGE_APP_ID),
                event="managedIdentity",
                credential_type="managedIdentity",
                app_id=identity.client_id,
                app_display_name=identity.name,
                service_principal_id=identity.principal_id,
                identity_resource_id=identity.resource_id,
            )
