"""What the services of this package need from the outside: a tenant to change, an exchange, a journal, a clock."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from inventory.model import ApplicationId, ClientId, Holder, KeyId, TenantId
from migrate.attachment import Attachment, IdentityUse, NewIdentity
from migrate.entry import Entry, Kind
from migrate.exchanged import ExchangeResult
from migrate.glass import Issue, NewSecret, Place
from migrate.model import FederatedSpec, Pairing

JsonObject = dict[str, Any]


class DirectoryWriter(Protocol):
    """Changes a tenant. Every method is safe to repeat and raises only WriteFailedError and inventory errors."""

    async def create_federated_credential(self, application: ApplicationId, spec: FederatedSpec) -> bool:
        """Create the federated credential where it is missing; say whether it was created."""
        ...

    async def delete_federated_credential(self, application: ApplicationId, federated_id: str) -> bool:
        """Delete the federated credential of this id; False where it was gone already."""
        ...

    async def remove_secret(self, holder: Holder, holder_id: str, key_id: KeyId) -> bool:
        """Remove a client secret; False where it was gone already. There is no way back."""
        ...

    async def remove_certificate(self, holder: Holder, holder_id: str, key_id: KeyId) -> bool:
        """Remove a certificate and keep every other one; False where it was gone already."""
        ...


class ActivationWriter(Protocol):
    """Switches applications off and on; raises only WriteFailedError and inventory errors."""

    async def is_disabled(self, application: ApplicationId) -> bool | None:
        """Return ``isDisabled`` as it is; None where it was never set, which means active."""
        ...

    async def set_disabled(self, application: ApplicationId, *, value: bool | None) -> None:
        """Deactivate an application, or activate it by setting what was there before."""
        ...


class SealWriter(Protocol):
    """Reads and changes what seals an application, as the JSON of Graph: nothing that it tells may get lost.

    Every method is safe to repeat and raises only WriteFailedError and inventory errors.
    """

    async def default_policy(self) -> JsonObject:
        """Return the tenant's default app management policy."""
        ...

    async def policies(self) -> tuple[JsonObject, ...]:
        """Return every app management policy that can be assigned to single objects."""
        ...

    async def policy(self, policy_id: str) -> JsonObject | None:
        """Return one of them; None where it does not exist."""
        ...

    async def assigned(self, application: ApplicationId) -> tuple[JsonObject, ...]:
        """Return the policies that are assigned to an application: one, or none."""
        ...

    async def create_policy(self, name: str, description: str, restrictions: JsonObject, version: str) -> str:
        """Create a policy that is switched on, with a version of Graph that knows its restrictions; return its id."""
        ...

    async def assign(self, application: ApplicationId, policy_id: str) -> bool:
        """Assign a policy; False where it was assigned already."""
        ...

    async def unassign(self, application: ApplicationId, policy_id: str) -> bool:
        """Take an assignment off; False where there was none."""
        ...

    async def lock(self, application: ApplicationId) -> JsonObject | None:
        """Return the lock on an application's service principals, None where it has none."""
        ...

    async def set_lock(self, application: ApplicationId, lock: JsonObject | None) -> None:
        """Replace the lock as a whole."""
        ...


class HostWriter(Protocol):
    """Changes Azure resources. Every method is safe to repeat; raises only WriteFailedError and inventory errors.

    Hosts and identities are named by their ARM ids, which compare without regard to case.
    """

    async def identity(self, resource_id: str) -> NewIdentity | None:
        """Return a user-assigned identity as it is now, or None where it does not exist."""
        ...

    async def create_identity(self, resource_id: str, location: str) -> None:
        """Create a user-assigned identity; one that is there already is left as it is."""
        ...

    async def delete_identity(self, resource_id: str) -> None:
        """Delete a user-assigned identity. One that is made again has another principal id."""
        ...

    async def identity_use(self, identity: NewIdentity) -> IdentityUse:
        """Return what of Azure uses an identity."""
        ...

    async def attachment(self, host: str) -> Attachment | None:
        """Return the identities of a host as they are now, or None where the host does not exist."""
        ...

    async def attach(self, host: str, identity: str) -> bool:
        """Attach an identity and keep every other one; False where it was attached already."""
        ...

    async def detach(self, host: str, identity: str) -> bool:
        """Detach an identity and keep every other one; False where it was not attached."""
        ...


class SecretIssuer(Protocol):
    """Makes secrets that go straight into a key vault; nobody else sees their text."""

    async def reach(self, place: Place) -> None:
        """Read the vault of a place, changing nothing; raises VaultFailedError."""
        ...

    async def check(self, place: Place) -> None:
        """Write something harmless into the vault of a place; raises VaultFailedError."""
        ...

    async def issue(self, wanted: NewSecret) -> Issue:
        """Make a secret and store it; raises WriteFailedError or an inventory error where none may have been made."""
        ...

    async def stored(self, place: Place, key_id: KeyId) -> str | None:
        """Return the version that holds the secret of a key id; raises VaultFailedError."""
        ...


class TokenExchange(Protocol):
    """Performs the exchange of one pairing once, with caches of its own."""

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        """Ask the managed identity endpoint for an assertion and Entra for a token of the application.

        The token is of ``tenant``, where a multi-tenant application signs in to another one than its own.
        """
        ...


class Lease(Protocol):
    """The right to act on one application, for a while."""

    @property
    def application(self) -> ClientId:
        """Whose lease it is."""
        ...

    @property
    def fence(self) -> int:
        """The fencing token: higher than that of every earlier lease of the application."""
        ...

    def renew(self) -> None:
        """Make it last its full time from now, as every entry does; raises LeaseLostError where it is another's."""
        ...


class Journal(Protocol):
    """Append-only record of what was meant, done and seen."""

    def record(self, entry: Entry) -> Entry:
        """Write one entry, make it durable, and return it as it was written.

        Raises:
            LeaseLostError: it is about an application whose lease is not held here (any more). Where it says what is
                meant, nothing may be changed then.
            JournalError: it could not be written.

        """
        ...

    def record_together(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """Write entries in one step, all of them or none; raises as ``record``."""
        ...

    def entries(
        self, *, kinds: tuple[Kind, ...] = (), application: ClientId | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """Return entries in the order they were written: of the given kinds or all, of one application or all.

        ``after`` is the number of an entry: only later ones.
        """
        ...

    def lease(self, application: ClientId) -> AbstractContextManager[Lease]:
        """Be the only one to act on an application for as long as the block lasts, and give it back however it ends.

        Raises LeaseHeldError on entry where somebody else acts on it, another task of this process included.
        """
        ...


class Clock(Protocol):
    """Local time, for waiting and for the stamp of journal entries; evidence uses the tenant's time."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
