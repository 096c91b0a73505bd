"""Claims matching expressions of flexible federated credentials.

Source: "Flexible federated identity credentials (preview)": only beta tells them; v1.0 shows such a credential without
a subject. An application with one is therefore asked for once more, twenty in a request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from inventory import convert
from inventory.batches import read_each
from inventory.directory import FederatedOf, Page
from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError
from inventory.graph import GraphConnection
from inventory.model import ApplicationId, FederatedCredential, ScanNote

Federated = tuple[FederatedCredential, ...]


async def told(connection: GraphConnection, holders: dict[str, Federated]) -> dict[str, Federated]:
    """Return the federated credentials of applications (by object id), with the expressions of flexible ones.

    Where beta does not tell it, an expression stays None: unknown.
    """
    lacking = [holder for holder, federated in holders.items() if any(_lacks(one) for one in federated)]
    if not lacking:
        return holders
    known = await _expressions(connection, lacking)
    return {holder: tuple(_with(one, known) for one in federated) for holder, federated in holders.items()}


async def told_of(connection: GraphConnection, object_id: ApplicationId, federated: Federated) -> Federated:
    """Return those of one application, in the same way."""
    return (await told(connection, {object_id: federated}))[object_id]


async def completed(
    connection: GraphConnection, pages: AsyncIterator[Page[FederatedOf | ScanNote]]
) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
    """Yield the pages of a listing of applications, in the same way."""
    async for page in pages:
        holders = {one.holder_id: one.federated for one in page.entries if isinstance(one, FederatedOf)}
        whole = await told(connection, holders)
        yield Page(entries=tuple(_entry(one, whole) for one in page.entries), cursor=page.cursor)


def _entry(one: FederatedOf | ScanNote, whole: dict[str, Federated]) -> FederatedOf | ScanNote:
    return dataclasses.replace(one, federated=whole[one.holder_id]) if isinstance(one, FederatedOf) else one


async def _expressions(connection: GraphConnection, holders: Sequence[str]) -> dict[str, str]:
    """Return the expressions by the ids of their credentials."""
    urls = [f"/applications/{quote(one, safe='')}/federatedIdentityCredentials" for one in holders]
    try:
        replies = await read_each(connection, "beta", urls)
    except (PermissionMissingError, ReadFailedError):
        return {}
    pages = [reply.understood(convert.federated_credentials().page) for reply in replies]
    rows = [one for page in pages if not isinstance(page, InventoryError) for one in page.entries]
    return {one.id: one.expression for one in rows if isinstance(one, FederatedCredential) and one.expression}


def _lacks(one: FederatedCredential) -> bool:
    return one.subject is None and one.expression is None


def _with(one: FederatedCredential, known: dict[str, str]) -> FederatedCredential:
    return dataclasses.replace(one, expression=known.get(one.id)) if _lacks(one) else one
