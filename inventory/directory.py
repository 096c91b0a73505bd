"""What a reader of a tenant offers; ``inventory.graph`` is the one for Microsoft Graph."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    CredentialActivity,
    FederatedCredential,
    ManagedIdentity,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignInHistory,
    TenantId,
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Value]):
    """A part of a collection, and where to go on: an opaque text that outlives the process, None at the end."""

    entries: tuple[Value, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedOf:
    """The federated credentials of one application or managed identity, which a listing of their own tells."""

    holder_id: str
    """Object id of the application, or of the managed identity's service principal."""
    federated: tuple[FederatedCredential, ...]


class Directory(Protocol):
    """Reads a tenant; every method raises only errors of ``inventory.errors``.

    In a listing, an object that cannot be understood comes as a ScanNote in its place; asked for alone, it raises
    ReadFailedError.
    """

    async def tenant(self) -> TenantId:
        """Return the id of the tenant that answers."""
        ...

    async def now(self) -> datetime:
        """Return the tenant's own time, from the ``Date`` header of a fresh answer (UTC)."""
        ...

    def applications(self) -> AsyncIterator[tuple[Application | ScanNote, ...]]:
        """Yield all application registrations, a page at a time."""
        ...

    def service_principals(self) -> AsyncIterator[tuple[ServicePrincipal | ManagedIdentity | ScanNote, ...]]:
        """Yield all service principals, a page at a time; managed identities come as what they are."""
        ...

    def credential_activity(self) -> AsyncIterator[tuple[CredentialActivity | ScanNote, ...]]:
        """Yield the credential activity report, a page at a time; without AuditLog.Read.All: PermissionMissingError."""
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

    async def federated_credentials(self, object_id: ApplicationId) -> tuple[FederatedCredential, ...]:
        """Return the federated credentials of one application as they are now."""
        ...

    async def sign_ins(self, client_id: ClientId, since: datetime) -> SignInHistory:
        """Return the sign-ins of one application since a time, with what the log covers.

        A log that cannot be read is an answer (``missing``), not an exception: unknown is never unused.
        """
        ...
