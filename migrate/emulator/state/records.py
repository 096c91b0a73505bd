"""The objects of a tenant as frozen values; a change replaces the whole record, so that a reader never sees half."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from migrate.emulator.certificates import CertificateRecipe, thumbprint

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCredential:
    """A client secret (Graph type passwordCredential) with its text, which no endpoint gives away a second time."""

    key_id: str
    secret: str = field(repr=False)
    start: datetime
    end: datetime
    display_name: str | None = None
    custom_key_identifier: bytes | None = None
    signing_certificate: CertificateRecipe | bytes | None = None
    """The certificate of the signing triple that this password belongs to; its thumbprint is the identifier."""

    @property
    def identifier(self) -> bytes | None:
        """The customKeyIdentifier."""
        if self.custom_key_identifier is None and self.signing_certificate is not None:
            return thumbprint(self.signing_certificate)
        return self.custom_key_identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCredential:
    """A certificate (Graph type keyCredential)."""

    key_id: str
    type: str
    usage: str
    start: datetime
    end: datetime
    certificate: CertificateRecipe | bytes
    display_name: str | None = None
    custom_key_identifier: bytes | None = None

    @property
    def identifier(self) -> bytes:
        """The customKeyIdentifier, by default the certificate's thumbprint (reference page keyCredential)."""
        return thumbprint(self.certificate) if self.custom_key_identifier is None else self.custom_key_identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedCredential:
    """A federatedIdentityCredential: which outside token may stand in for a secret."""

    id: str
    name: str
    issuer: str
    subject: str
    """Empty when an expression takes its place."""
    audiences: tuple[str, ...]
    description: str | None = None
    expression: str | None = None
    """Value of a flexible credential's claimsMatchingExpression, whose language version is always 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application registration."""

    id: str
    app_id: str
    display_name: str
    created: datetime
    sign_in_audience: str = "AzureADMyOrg"
    passwords: tuple[PasswordCredential, ...] = ()
    keys: tuple[KeyCredential, ...] = ()
    federated: tuple[FederatedCredential, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_disabled: bool | None = None
    token_encryption_key_id: str | None = None
    deleted: datetime | None = None
    others: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """The remaining Graph properties that differ from an empty application's."""


def identifiers(application: Application) -> tuple[str, ...]:
    """Give the names under which tokens for an application can be asked for, in lower case: its identifierUris."""
    return tuple(uri.lower().rstrip("/") for uri in application.others.get("identifierUris") or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An app role that was granted while the tenant ran (Graph type appRoleAssignment); the principal holds it."""

    resource_id: str
    """Object id of the service principal that defines the role."""
    role_id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """A directory role that a principal holds (Graph type unifiedRoleAssignment)."""

    template_id: str
    scope: str = "/"
    """``/`` for the tenant, ``/administrativeUnits/{id}`` for one unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal:
    """A service principal: an application's, a foreign application's or a managed identity's presence here."""

    id: str
    app_id: str
    display_name: str
    created: datetime | None
    type: Literal["Application", "ManagedIdentity", "Legacy"] = "Application"
    owner_tenant: str | None = None
    account_enabled: bool = True
    alternative_names: tuple[str, ...] = ()
    passwords: tuple[PasswordCredential, ...] = ()
    keys: tuple[KeyCredential, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    """Names of the Microsoft Graph app roles granted to it."""
    grants: tuple[Grant, ...] = ()
    """Roles of other resources granted to it, and the dates of those Microsoft Graph roles that came later."""
    directory_roles: tuple[HeldRole, ...] = ()
    sso_mode: str | None = None
    signing_certificate: CertificateRecipe | bytes | None = None
    token_encryption_key_id: str | None = None
    deleted: datetime | None = None
    others: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def is_user_assigned_identity(self) -> bool:
        """Whether it stands for a user-assigned managed identity (``isExplicit=True`` among alternativeNames)."""
        return self.type == "ManagedIdentity" and "isExplicit=True" in self.alternative_names


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """A managed identity as Azure Resource Manager knows it; its service principal carries the principal id."""

    name: str
    resource_id: str
    client_id: str
    principal_id: str
    user_assigned: bool = True
    location: str = "westeurope"
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    federated: tuple[FederatedCredential, ...] = ()
    """Which outside tokens may be exchanged for one of this identity; only user-assigned identities have any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An app setting, environment variable or connection string of a host."""

    name: str
    value: str = field(default="", repr=False)
    secret_key_id: str = ""
    """Key id of the client secret whose text ends the value, so that the text stands in one place alone."""
    type: str = ""
    """Type of a connection string, such as ``SQLAzure``."""


HostKind = Literal["vm", "app-service", "slot", "container-app", "arc", "aks", "azure-ml"]

HOST_TYPES: Mapping[HostKind, str] = MappingProxyType({
    "vm": "Microsoft.Compute/virtualMachines",
    "app-service": "Microsoft.Web/sites",
    "slot": "Microsoft.Web/sites/slots",
    "container-app": "Microsoft.App/containerApps",
    "arc": "Microsoft.HybridCompute/machines",
    "aks": "Microsoft.ContainerService/managedClusters",
    "azure-ml": "Microsoft.MachineLearningServices/workspaces",
})  # fmt: skip
"""The resource type of each kind of host."""


def host_path(kind: HostKind, name: str) -> str:
    """Give what stands after ``/providers/`` in a host's ARM id: types and names in turn."""
    namespace, *types = HOST_TYPES[kind].split("/")
    pairs = zip(types, name.split("/"), strict=True)
    return "/".join((namespace, *(part for pair in pairs for part in pair)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine, site or cluster that can ask for tokens of the identities attached to it."""

    name: str
    """Unique in the tenant without case; a slot's is its site's, a slash and its own."""
    kind: HostKind
    identities: tuple[str, ...] = ()
    """Principal ids, at most one of them of a system-assigned identity."""
    subscription_id: str = ""
    group: str = ""
    location: str = "westeurope"
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    app_id: str = ""
    """Client id of the application whose code runs here, as far as the seed knows; no endpoint shows it."""
    settings: tuple[Setting, ...] = ()
    connection_strings: tuple[Setting, ...] = ()
    issuer_url: str = ""
    """Issuer of a cluster's service-account tokens, with a trailing slash (AKS only)."""
    others: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Resource properties that a client has set beyond those above."""

    @property
    def resource_id(self) -> str:
        """The ARM id."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"
        return f"{group}/providers/{host_path(self.kind, self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who owns applications."""

    id: str
    display_name: str
    user_principal_name: str
    account_enabled: bool = True
    job_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that tokens are issued for."""

    names: tuple[str, ...]
    """Every spelling under which clients ask for it, lower case, without a trailing slash."""
    audience: str
    app_id: str
    display_name: str
    version: Literal["1.0", "2.0"]
