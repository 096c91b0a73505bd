"""What surrounds credentials: hosts and their settings, roles, policies. No setting's value can be expressed here."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from inventory.ids import ClientId, IdentityClientId, PrincipalId


class SettingKind(enum.StrEnum):
    """What an app setting or environment variable is for, judged by its name and by what its value looks like."""

    CLIENT_ID = "client-id"
    TENANT_ID = "tenant-id"
    IDENTITY_CLIENT_ID = "identity-client-id"
    SECRET = "secret"  # noqa: S105 - the name of a kind, not a secret
    CERTIFICATE = "certificate"
    CONNECTION_STRING = "connection-string"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSetting:
    """One setting: its name, never its value."""

    name: str
    kind: SettingKind
    client_id: ClientId | None = None
    """The client id that the value is or carries, or that the platform uses this secret for; ids are no secrets."""
    reference: str | None = None
    """Where the value comes from instead: a Key Vault secret without its version, or a container app's secret name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An Azure resource that code runs on and that identities can be attached to."""

    resource_id: str
    """ARM id in lower case: the order of Azure's spellings is not stable."""
    type: str
    """Resource type in lower case, such as ``microsoft.web/sites``."""
    name: str
    subscription_id: str
    resource_group: str
    location: str | None
    tags: tuple[tuple[str, str], ...] = ()
    system_principal: PrincipalId | None = None
    identities: tuple[str, ...] = ()
    """ARM ids of attached user-assigned identities, in lower case, sorted."""
    addresses: tuple[str, ...] = ()
    """Outbound addresses, where the resource tells them."""
    settings: tuple[HostSetting, ...] | None = None
    """None where settings could not be read, or where the kind of host has none that can be read."""
    sign_in_client: ClientId | None = None
    """Client id that the platform itself signs users in with (App Service authentication): no code shows it."""
    issuer: str | None = None
    """Issuer of a cluster's service account tokens, as a federated credential must name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An Azure subscription that the account may read as a whole: what is in no such one may be there unseen."""

    id: str
    """In lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedIdentity:
    """A user-assigned identity as Azure Resource Manager tells it; Graph tells the same one as a ManagedIdentity."""

    resource_id: str
    """ARM id in lower case."""
    name: str
    principal_id: PrincipalId
    client_id: IdentityClientId
    subscription_id: str
    resource_group: str
    location: str | None
    tags: tuple[tuple[str, str], ...] = ()


class RoleKind(enum.StrEnum):
    """Where a role comes from."""

    APP_ROLE = "app-role"
    DIRECTORY_ROLE = "directory-role"


class Tier(enum.IntEnum):
    """How far a holder of a role can go; the smaller the number, the further."""

    CONTROL = 0
    """Can make itself or others administrator of the tenant."""
    MANAGEMENT = 1
    """Can change or read data of the whole tenant."""
    WORKLOAD = 2
    """Reaches what one workload needs."""
    UNKNOWN = 3
    """A role that this version does not know: not shown to be harmless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHeld:
    """An app role or directory role that a service principal or managed identity holds."""

    principal_id: str
    """Object id of the service principal, a managed identity's included."""
    kind: RoleKind
    role_id: str
    role: str
    """Value of the app role (``Directory.Read.All``) or name of the directory role; the id where neither is told."""
    resource: str
    """Display name of the resource that grants the app role; empty for a directory role."""
    scope: str
    """``/`` or the administrative unit or object of a directory role; empty for an app role."""
    tier: Tier
    reason: str
    """Why this tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """One restriction of an app management policy."""

    holder: str
    """``applications``, ``servicePrincipals`` or, in a policy of its own objects, empty."""
    credentials: str
    """``passwordCredentials`` or ``keyCredentials``."""
    type: str
    state: str | None
    longest: str | None
    """``maxLifetime``, an ISO 8601 duration."""
    for_apps_created_after: str | None
    excluded_actors: str | None = ""
    """``excludeActors`` as it was told, JSON: who may do it all the same; empty: nobody; None: not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An app management policy: the tenant's default, or one assigned to single objects, which replaces it whole."""

    id: str
    name: str
    is_default: bool
    enabled: bool
    restrictions: tuple[Restriction, ...]
    applies_to: tuple[str, ...] = ()
    """Object ids of the applications and service principals that it is assigned to."""
