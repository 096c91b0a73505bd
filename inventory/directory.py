"""What a reader of a tenant offers; ``inventory.graph_directory`` is the one for Microsoft Graph."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from inventory.estate import Policy, RoleHeld, RoleKind, Tier
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    CredentialLog,
    FederatedCredential,
    IdentityNow,
    ManagedIdentity,
    PrincipalId,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignInHistory,
    TenantId,
)

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Value_co]):
    """A part of a collection, and where to go on: an opaque text that outlives the process, None at the end."""

    entries: Sequence[Value_co]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedOf:
    """The federated credentials of one application or managed identity, which a listing of their own tells."""

    holder_id: str
    """Object id of the application, or of the managed identity's service principal."""
    federated: tuple[FederatedCredential, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """An object that a delta query says is gone."""

    object_id: str


UNREAD = "it changed, and could not be read"
"""Begins the reason why an object that a delta query told is unreadable, where that may pass."""


class Collection(enum.StrEnum):
    """The large collections, which can be counted and of which a delta query can be asked."""

    APPLICATIONS = "applications"
    SERVICE_PRINCIPALS = "service-principals"


Changed = Application | ServicePrincipal | ManagedIdentity | Removed | ScanNote
TierOf = Callable[[RoleKind, str, str, str], tuple[Tier, str]]
"""From kind, name and id of a role, and the display name of its resource, to its tier and the reason for it."""


class Directory(Protocol):
    """Reads a tenant; every method raises only errors of ``inventory.errors``.

    In a listing, an object that cannot be understood comes as a ScanNote in its place; asked for alone, it raises
    ReadFailedError.

    Listings come in pages. A listing is resumed by the cursor of the last page that was kept; it may then tell some
    objects again. CursorExpiredError: begin it anew. All listings are of low priority and may be read at the same time.
    """

    async def tenant(self) -> TenantId:
        """Return the id of the tenant that answers."""
        ...

    async def now(self) -> datetime:
        """Return the tenant's own time, from the ``Date`` header of a fresh answer (UTC)."""
        ...

    def applications(self, cursor: str | None = None) -> AsyncIterator[Page[Application | ScanNote]]:
        """Yield all application registrations without their federated credentials (``federated`` is None)."""
        ...

    def federated(self, cursor: str | None = None) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        """Yield the federated credentials of every application, also of those that have none."""
        ...

    def service_principals(
        self, cursor: str | None = None
    ) -> AsyncIterator[Page[ServicePrincipal | ManagedIdentity | ScanNote]]:
        """Yield all service principals; managed identities come as what they are."""
        ...

    def identity_federated(self, cursor: str | None = None) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        """Yield the federated credentials of every managed identity, also of those that have none."""
        ...

    def roles(self, cursor: str | None = None) -> AsyncIterator[Page[RoleHeld | ScanNote]]:
        """Yield the directory roles and app roles that service principals hold."""
        ...

    def policies(self, cursor: str | None = None) -> AsyncIterator[Page[Policy | ScanNote]]:
        """Yield the app management policies; without Policy.Read.All: PermissionMissingError."""
        ...

    async def policies_of(self, object_id: ApplicationId) -> tuple[Policy | ScanNote, ...]:
        """Return the policies that one application is under now: the tenant's default, and its own where it has one.

        PermissionMissingError without Policy.Read.All.
        """
        ...

    async def count(self, collection: Collection) -> int | None:
        """Return how many objects a collection has, a number that may lag; None: not told."""
        ...

    async def delta_link(self, collection: Collection) -> str:
        """Return a link that tells what changes in a collection from now on."""
        ...

    def changed(self, link: str) -> AsyncIterator[Page[Changed]]:
        """Yield what changed since a delta link, each object whole as it is now, federated credentials included.

        For the next round take a new link *before* reading: what changes meanwhile is then told twice, never missed.
        """
        ...

    def objects(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page[Changed]]:
        """Yield objects of a collection, by their object ids, as ``changed`` does; what is not there as ``Removed``."""
        ...

    async def application(self, object_id: ApplicationId, *, federated: bool = True) -> Application | None:
        """Return one application as it is now, or None where it does not exist; on request without ``federated``."""
        ...

    async def service_principal(self, object_id: ServicePrincipalId) -> ServicePrincipal | None:
        """Return one service principal as it is now, or None where it does not exist."""
        ...

    async def principal_of(self, client_id: ClientId) -> ServicePrincipal | None:
        """Return the service principal of an application in this tenant as it is now, or None where it has none."""
        ...

    async def identity(self, principal_id: PrincipalId) -> IdentityNow | None:
        """Return what a managed identity is now, or None where there is none with this principal id (any more)."""
        ...

    async def federated_credentials(self, object_id: ApplicationId) -> tuple[FederatedCredential, ...]:
        """Return the federated credentials of one application as they are now."""
        ...

    async def sign_ins(self, client_id: ClientId, since: datetime) -> SignInHistory:
        """Return the sign-ins of one application since a time, with what the log covers.

        A log that cannot be read is an answer (``missing``), not an exception: unknown is never unused.
        """
        ...

    async def credential_log(self, object_id: ApplicationId | ServicePrincipalId) -> CredentialLog:
        """Return who added credentials of one object, as the audit log tells.

        A log that cannot be read is an answer (``missing``), not an exception.
        """
        ...

    async def log_until(self) -> datetime | None:
        """Return the newest record of the tenant's sign-in log; None where it is empty or cannot be read."""
        ...
