"""The tenant: tables, sign-in log and look-ups."""

import re
from collections.abc import Iterable
from datetime import timedelta
from threading import RLock
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from migrate.emulator.certificates import CertificateRecipe, pool_key
from migrate.emulator.clock import VirtualClock
from migrate.emulator.clouds import ARM_APP_ID, GRAPH_APP_ID, Cloud
from migrate.emulator.errors import NotInTenantError
from migrate.emulator.state.audits import Audit
from migrate.emulator.state.azure import Estate
from migrate.emulator.state.hooks import NoFaults
from migrate.emulator.state.policies import PolicyBook
from migrate.emulator.state.records import (
    Application,
    Host,
    KeyCredential,
    ManagedIdentity,
    PasswordCredential,
    Resource,
    ServicePrincipal,
    User,
    identifiers,
)
from migrate.emulator.state.shelf import Shelf
from migrate.emulator.state.signin_log import SignInLog
from migrate.emulator.state.table import Table

ROOT_HOST: Final = ""
"""Name of the operator's jump host: every user-assigned identity counts as attached to it."""
_OWN_ADDRESS: Final = re.compile(r"https://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?(?P<arm>/arm)?")
"""How a client calls Graph and Resource Manager that learnt both from ``/metadata/endpoints`` on loopback."""


class Tenant:
    """The state of one embedded tenant.

    Records are frozen. Whoever changes one holds ``lock`` from the reading to the ``save_...`` call; readers need no
    lock. Requests run on one event loop, so the lock matters for tests and the demo, which look in from other threads.
    """

    def __init__(self, *, tenant_id: str, cloud: Cloud, clock: VirtualClock, retention: timedelta) -> None:
        self.id = tenant_id
        self.cloud = cloud
        self.clock = clock
        self.retention = retention
        self.display_name = "Contoso"
        self.domain = "contoso.onmicrosoft.com"
        self.lock = RLock()
        self.applications: Table[Application] = Table()
        self.service_principals: Table[ServicePrincipal] = Table()
        self.deleted_applications: Table[Application] = Table()
        self.deleted_service_principals: Table[ServicePrincipal] = Table()
        self.users: dict[str, User] = {}
        self.identities: Shelf[ManagedIdentity] = Shelf()
        self.hosts: Shelf[Host] = Shelf()
        self.azure = Estate()
        self.resources: list[Resource] = []
        self.sign_ins = SignInLog()
        self.audits: list[Audit] = []
        """Changes of credentials, oldest first."""
        self.faults = NoFaults()
        self.policies = PolicyBook()
        self._secrets: dict[str, str] = {}
        self._certificates: dict[str, CertificateRecipe | bytes] = {}

    def answers_to(self, name: str) -> bool:
        """Whether a tenant segment of a URL means this tenant: its GUID or its domain."""
        return name.lower() in (self.id, self.domain)

    def save_application(self, record: Application) -> None:
        """Store an application and enter its credentials in the ledger."""
        with self.lock:
            self._enter(record.passwords, record.keys)
            self.applications.put(record)

    def save_service_principal(self, record: ServicePrincipal) -> None:
        """Store a service principal and enter its credentials in the ledger."""
        with self.lock:
            self._enter(record.passwords, record.keys)
            self.service_principals.put(record)

    def _enter(self, passwords: Iterable[PasswordCredential], keys: Iterable[KeyCredential]) -> None:
        for password in passwords:
            self._secrets[password.key_id] = password.secret
        for key in keys:
            self._certificates[key.key_id] = key.certificate

    def used_credentials(self) -> tuple[dict[str, str], dict[str, CertificateRecipe | bytes]]:
        """Give every secret and every certificate that there is or was, by key id."""
        with self.lock:
            return self._secrets.copy(), self._certificates.copy()

    def resume_credentials(self, secrets: dict[str, str], certificates: dict[str, CertificateRecipe | bytes]) -> None:
        """Enter the credentials of every record in the tables, and these beside them."""
        with self.lock:
            for table in (self.deleted_applications, self.deleted_service_principals, self.applications,
                          self.service_principals):  # fmt: skip
                for record in table:
                    self._enter(record.passwords, record.keys)
            self._secrets.update(secrets)
            self._certificates.update(certificates)

    def key_id_was_used(self, key_id: str) -> bool:
        """Whether a credential ever had this key id, removed ones included."""
        return key_id in self._secrets or key_id in self._certificates

    def secret_of(self, key_id: str) -> str:
        """Give the text of a secret, also after its removal, for tests and the demo; no endpoint gives it away."""
        try:
            return self._secrets[key_id]
        except KeyError:
            raise NotInTenantError(f"no secret has or had the key id {key_id}") from None

    def private_key_of(self, key_id: str) -> rsa.RSAPrivateKey:
        """Give the private key of a seeded certificate, also after its removal, for tests."""
        recipe = self._certificates.get(key_id)
        if not isinstance(recipe, CertificateRecipe):
            raise NotInTenantError(f"no seeded certificate has or had the key id {key_id}")
        return pool_key(recipe.pool)

    def application_named(self, display_name: str) -> Application:
        """Give the first application with this display name."""
        for record in self.applications:
            if record.display_name == display_name:
                return record
        raise NotInTenantError(f"no application is called {display_name!r}")

    def service_principal_of(self, application: Application) -> ServicePrincipal:
        """Give the service principal of an application."""
        record = self.service_principals.with_app_id(application.app_id)
        if record is None:
            raise NotInTenantError(f"application {application.app_id} has no service principal here")
        return record

    def identity_named(self, name: str) -> ManagedIdentity:
        """Give the first managed identity with this name."""
        for identity in self.identities.values():
            if identity.name == name:
                return identity
        raise NotInTenantError(f"no managed identity is called {name!r}")

    def live_secret_of(self, application: Application) -> PasswordCredential:
        """Give an application's first secret that is valid now."""
        now = self.clock.now()
        for password in application.passwords:
            if password.start <= now < password.end:
                return password
        raise NotInTenantError(
            f"application {application.display_name!r} has no live secret: be another one (--app), or give it one with "
            f"POST /v1.0/applications/{application.id}/addPassword as the operator"
        )

    def attached_to(self, host_name: str) -> tuple[ManagedIdentity, ...] | None:
        """Give the identities attached to a host, or None when there is no such host."""
        if host_name == ROOT_HOST:
            return tuple(identity for identity in self.identities.values() if identity.user_assigned)
        host = self.hosts.get(host_name)
        if host is None:
            return None
        return tuple(self.identities[principal] for principal in host.identities if principal in self.identities)

    def resource_named(self, name: str) -> Resource | None:
        """Find what tokens can be issued for: a Microsoft resource, or an application that is present here."""
        wanted = name.lower().rstrip("/")
        own = _OWN_ADDRESS.fullmatch(wanted)
        if own is not None:
            wanted = ARM_APP_ID if own["arm"] else GRAPH_APP_ID
        for resource in self.resources:
            if wanted in resource.names:
                return resource
        return self._application_resource(wanted)

    def _application_resource(self, wanted: str) -> Resource | None:
        """Find an application by its client id or one of its identifier URIs.

        ``api://`` and the client id are a name only where they are such a URI: without one the service knows no
        resource of that name (assumed).
        """
        record = self.applications.with_app_id(wanted)
        record = record or next((item for item in self.applications if wanted in identifiers(item)), None)
        if record is None or self.service_principals.with_app_id(record.app_id) is None:
            return None
        return Resource(
            names=(wanted,),
            audience=record.app_id,
            app_id=record.app_id,
            display_name=record.display_name,
            version="2.0",
        )
