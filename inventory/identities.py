"""Managed identities as Microsoft Graph and Azure Resource Manager tell them together.

Graph tells every identity. Its ARM id stands in ``alternativeNames``, and its federated credentials in an ``$expand``
that not every cloud has; where either is missing, Azure Resource Manager is asked, which shows the identities of those
subscriptions that the account may read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

from inventory.decoded import Decoded
from inventory.directory import FederatedOf, Page
from inventory.errors import InventoryError, ReadFailedError
from inventory.estate import AssignedIdentity
from inventory.hosting import Hosting
from inventory.hosting_convert import by_any_id, joined
from inventory.model import ManagedIdentity, ScanNote, ServicePrincipal

Principals = Page[ServicePrincipal | ManagedIdentity | ScanNote]


class Identities:
    """What Azure Resource Manager adds; ``hosting`` makes the reader of it, which is asked at most once for a list."""

    def __init__(self, hosting: Callable[[], Hosting]) -> None:
        self._hosting = hosting
        self._listed: tuple[AssignedIdentity, ...] | None = None

    async def completed(self, pages: AsyncIterator[Principals]) -> AsyncIterator[Principals]:
        """Yield pages of a directory, with identities that lack an ARM id or a kind completed."""
        async for page in pages:
            if not any(isinstance(one, ManagedIdentity) and _is_incomplete(one) for one in _identities(page)):
                yield page
                continue
            notes = await self._list()
            index = by_any_id(self._listed or ())
            entries = (joined(one, index) if isinstance(one, ManagedIdentity) else one for one in page.entries)
            yield Page(entries=(*entries, *notes), cursor=page.cursor)

    async def federated(self, cursor: str | None = None) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        """Yield the federated credentials of the identities that Azure Resource Manager shows.

        Raises ReadFailedError where it shows none, and CursorExpiredError for a cursor of another listing.
        """
        notes = await self._list()
        if not self._listed:
            why = notes[0].text if notes else "no identity is visible in Azure, grant Reader on the subscriptions"
            raise ReadFailedError(why)
        async for page in self._hosting().federated(self._listed, cursor):
            yield page

    async def _list(self) -> tuple[ScanNote, ...]:
        """List the identities where that was not done yet; return what of them could not be seen."""
        if self._listed is not None:
            return ()
        try:
            found = [one async for page in self._hosting().identities() for one in page.entries]
        except InventoryError as error:
            found = [ScanNote(subject="identities", text=f"{error}: ARM ids are unknown")]
        self._listed = tuple(one for one in found if isinstance(one, AssignedIdentity))
        return tuple(one for one in found if isinstance(one, ScanNote))


def _identities(page: Principals) -> Iterable[ServicePrincipal | ManagedIdentity | ScanNote]:
    """Return all that may be managed identities, without making values of whatever else is on the page."""
    found = page.entries
    return (
        found.of(lambda wire: wire.service_principal_type == "ManagedIdentity") if isinstance(found, Decoded) else found
    )


def _is_incomplete(one: ManagedIdentity) -> bool:
    return one.resource_id is None or one.user_assigned is None
