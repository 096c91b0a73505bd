"""What a tenant holds, as values. No secret text can be expressed here: key id, hint and dates are enough."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from inventory.cloud import Cloud
from inventory.estate import Host, Policy, RoleHeld, Subscription
from inventory.ids import (
    ApplicationId,
    ClientId,
    IdentityClientId,
    KeyId,
    PrincipalId,
    ServicePrincipalId,
    TenantId,
)
from inventory.usage import Source, Use

__all__ = [
    "Application",
    "ApplicationId",
    "ClientId",
    "Credential",
    "CredentialKind",
    "FederatedCredential",
    "Holder",
    "IdentityClientId",
    "KeyId",
    "Lock",
    "ManagedIdentity",
    "Owner",
    "PrincipalId",
    "Purpose",
    "ScanNote",
    "ServicePrincipal",
    "ServicePrincipalId",
    "SignIn",
    "SignInHistory",
    "Snapshot",
    "TenantId",
]


class CredentialKind(enum.StrEnum):
    """What a credential is made of."""

    SECRET = "secret"  # noqa: S105 - the name of a kind, not a secret
    CERTIFICATE = "certificate"


class Purpose(enum.StrEnum):
    """What a credential is for; only AUTHENTICATION may ever be retired."""

    AUTHENTICATION = "authentication"
    SIGNING = "signing"
    ENCRYPTION = "encryption"
    UNKNOWN = "unknown"


class Holder(enum.StrEnum):
    """The kind of object that carries a credential."""

    APPLICATION = "application"
    SERVICE_PRINCIPAL = "servicePrincipal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A client secret or certificate as Graph lists it, with what it is for and why we say so."""

    key_id: KeyId
    kind: CredentialKind
    purpose: Purpose
    purpose_reason: str
    holder: Holder
    holder_id: str
    client_id: ClientId
    display_name: str | None
    hint: str | None
    thumbprint: str | None
    """Upper-case hex of a certificate's SHA-1 or SHA-256; a secret has one where it belongs to a signing key."""
    start: datetime | None
    end: datetime | None
    usage: str | None = None
    """``usage`` of a certificate as Graph spells it, values that this version does not know included."""
    type: str | None = None
    """``type`` of a certificate, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A person or service principal that owns an application or service principal."""

    object_id: str
    kind: str
    display_name: str | None
    enabled: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedCredential:
    """A trust of an application in an outside token: issuer, subject and audience must match to the letter."""

    id: str
    name: str
    issuer: str
    subject: str | None
    """None for a flexible one."""
    audiences: tuple[str, ...]
    expression: str | None = None
    """The claims matching expression of a flexible one, which only beta tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """``servicePrincipalLockConfiguration``: what of the application's service principals nobody may change."""

    enabled: bool
    everything: bool
    verify: bool
    sign: bool
    encryption: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application registration with everything that hangs on it."""

    id: ApplicationId
    client_id: ClientId
    display_name: str
    created: datetime | None
    sign_in_audience: str | None
    disabled: bool
    tags: tuple[str, ...]
    encryption_key: KeyId | None
    """``tokenEncryptionKeyId``: the key that tokens are encrypted with; may be a key of the service principal."""
    owners: tuple[Owner, ...] | None
    """None where the owners could not be read: unknown, not ownerless."""
    credentials: tuple[Credential, ...]
    federated: tuple[FederatedCredential, ...] | None
    """None where the federated credentials could not be read."""
    created_by: ClientId | None = None
    """``createdByAppId``: the application that registered this one."""
    management_reference: str | None = None
    """``serviceManagementReference``."""
    lock: Lock | None = None
    noted: tuple[str, ...] | None = None
    """Ids, ARM ids and addresses of repositories in ``notes``, of which nothing else is kept; None: not read."""
    unknown: str = ""
    """JSON object of the properties that this version does not know; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal:
    """An application's face in this tenant; may carry credentials of its own."""

    id: ServicePrincipalId
    client_id: ClientId
    display_name: str
    kind: str
    home_tenant: TenantId | None
    enabled: bool | None
    sign_on_mode: str | None
    encryption_key: KeyId | None
    """``tokenEncryptionKeyId``: the key that tokens are encrypted with; may be a key of the application."""
    owners: tuple[Owner, ...] | None
    credentials: tuple[Credential, ...]
    created: datetime | None = None
    tags: tuple[str, ...] = ()
    unknown: str = ""
    """As in ``Application``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """A managed identity as its service principal shows it."""

    principal_id: PrincipalId
    client_id: IdentityClientId
    name: str
    resource_id: str | None
    user_assigned: bool | None
    """None where ``alternativeNames`` does not say."""
    federated: tuple[FederatedCredential, ...] | None = None
    """None where the federated credentials could not be read."""
    owners: tuple[Owner, ...] | None = None
    """Of its service principal; None where they could not be read."""
    tags: tuple[tuple[str, str], ...] | None = None
    """Of its Azure resource; None where Azure did not tell the identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNow:
    """What the service principal of a managed identity says of it at this moment."""

    principal_id: PrincipalId
    client_id: IdentityClientId
    enabled: bool | None
    """None where the tenant does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One sign-in from the log, of a service principal or of a user with the application."""

    at: datetime
    client_id: ClientId
    key_id: KeyId | None
    """A GUID in lower case; None where the log names no credential."""
    thumbprint: str | None
    """Upper-case hex as in ``Credential.thumbprint``, or whatever else the log wrote, in upper case."""
    federated_credential_id: str | None
    credential_type: str | None
    address: str | None
    error_code: int | None
    token_id: str | None = None
    """``uniqueTokenIdentifier``, to the letter: the ``uti`` claim of the token that was issued."""

    @property
    def succeeded(self) -> bool:
        """Whether a token was issued; an unknown status is not a success."""
        return self.error_code == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInHistory:
    """Sign-ins of one application, and how much of the past the log that they were read from can show."""

    client_id: ClientId
    as_of: datetime
    """The tenant's own time when the log was read (the ``Date`` header)."""
    covers_since: datetime | None
    """From when on the log of the whole tenant has no gap, not sought much further back than the sign-ins were asked
    for; None: the log is empty or could not be read."""
    sign_ins: tuple[SignIn, ...]
    missing: str = ""
    """Why the log could not be read, in words; empty when it could."""
    gap: str = ""
    """The gap before ``covers_since``, in words; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialAdded:
    """A credential was added, as the tenant's audit log tells."""

    key_id: KeyId
    at: datetime
    by: str
    """A user with the address, or an application; empty where the log names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialLog:
    """Who added credentials of one application or service principal, as far as the audit log goes back."""

    added: tuple[CredentialAdded, ...]
    missing: str = ""
    """Why it could not be read, or not all of it, in words; empty when it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanNote:
    """Something the scan could not see, said instead of left out."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A tenant as one scan saw it, in a stable order."""

    tenant_id: TenantId
    cloud: Cloud
    taken_at: datetime
    digest: str
    applications: tuple[Application, ...]
    service_principals: tuple[ServicePrincipal, ...]
    identities: tuple[ManagedIdentity, ...]
    notes: tuple[ScanNote, ...]
    hosts: tuple[Host, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    """Those of which all hosts were seen."""
    roles: tuple[RoleHeld, ...] = ()
    policies: tuple[Policy, ...] = ()
    sources: tuple[Source, ...] = ()
    """The sources of evidence that were asked; empty: use is unknown."""
    uses: tuple[Use, ...] = ()
