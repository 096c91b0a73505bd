"""How large the collections of a tenant are, and what changed in them since a scan, as Microsoft Graph tells it.

Source: "Use delta query to track changes in Microsoft Graph data". A delta query tells which objects changed, and of
those not everything (owners and federated credentials never), so each is read again whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from inventory import convert, convert_roles, graph_flexible
from inventory.batches import Reply, read_each
from inventory.directory import UNREAD, Changed, Collection, Page, Removed
from inventory.errors import CursorExpiredError, InventoryError, ReadFailedError
from inventory.graph import GraphConnection
from inventory.graph_paging import pages
from inventory.model import FederatedCredential, ManagedIdentity, ScanNote
from inventory.refusals import brief
from inventory.trail import Trail
from inventory.wire import WirePage

OWNERS = "$expand=owners($select=id,displayName,accountEnabled)"
_PATHS = {Collection.APPLICATIONS: "applications", Collection.SERVICE_PRINCIPALS: "servicePrincipals"}
_ADVANCED = {"ConsistencyLevel": "eventual", "Accept": "text/plain, */*;q=0.1"}
_PAGE = 200
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_Value = TypeVar("_Value")


async def count(connection: GraphConnection, collection: Collection) -> int | None:
    """Return how many objects a collection has; None wherever Graph does not tell, for whatever reason.

    An advanced query ("Advanced query capabilities on Microsoft Entra ID objects"): a bare number, which may lag.
    """
    try:
        url = f"/v1.0/{_PATHS[collection]}/$count"
        return (await connection.read(url, _number, low=True, headers=_ADVANCED)).value
    except InventoryError:  # whoever reads the collection itself tells what is wrong
        return None


def _number(raw: bytes) -> int:
    return msgspec.json.decode(raw.removeprefix(_BYTE_ORDER_MARK), type=int)


async def delta_link(connection: GraphConnection, collection: Collection) -> str:
    """Return the link that tells what changes from now on (``$deltatoken=latest``)."""
    url = f"/v1.0/{_PATHS[collection]}/delta?$deltatoken=latest"
    link, trail = url, Trail()
    while link and not trail.meets(link):
        page, trail = (await connection.get(link, WirePage, low=True)).value, trail.after(link)
        if page.delta_link:
            return page.delta_link
        link = page.next_link or ""
    raise ReadFailedError(f"GET {url}: the answer holds no link for later changes")


async def changed(connection: GraphConnection, link: str) -> AsyncIterator[Page[Changed]]:
    """Yield what changed since a delta link; its pages can be resumed as those of any other listing."""
    path = urlsplit(link).path.casefold()
    if "/applications/" not in path and "/serviceprincipals/" not in path:
        raise CursorExpiredError("a delta link that is none: the collection has to be read from its beginning")
    read = _applications if "/applications/" in path else _principals
    async for answer in pages(connection, link, convert_roles.changes().page, low=True):
        rows = [one for one in answer.value.entries if not isinstance(one, ScanNote)]
        notes = [one for one in answer.value.entries if isinstance(one, ScanNote)]
        gone = [Removed(object_id=one.id) for one in rows if one.removed]
        there = await read(connection, [one.id for one in rows if not one.removed])
        yield Page(entries=(*notes, *gone, *there), cursor=answer.value.next_link)


async def objects(
    connection: GraphConnection, collection: Collection, ids: Sequence[str]
) -> AsyncIterator[Page[Changed]]:
    """Yield objects whole as they are now, a page of so many at a time; what is not there as ``Removed``."""
    read = _applications if collection is Collection.APPLICATIONS else _principals
    for start in range(0, len(ids), _PAGE):
        yield Page(entries=tuple(await read(connection, ids[start : start + _PAGE])), cursor=None)


async def _applications(connection: GraphConnection, ids: Sequence[str]) -> list[Changed]:
    urls = [f"/applications/{quote(one, safe='')}" for one in ids]
    replies = await read_each(connection, "v1.0", [f"{url}?{OWNERS}" for url in urls])
    trusts = await read_each(connection, "v1.0", [f"{url}/federatedIdentityCredentials" for url in urls])
    lists = {object_id: _federated(trusted) for object_id, trusted in zip(ids, trusts, strict=True)}
    known = await graph_flexible.told(
        connection, {one: trusted for one, trusted in lists.items() if trusted is not None}
    )
    reading = convert.applications()
    found: list[Changed] = []
    for object_id, reply in zip(ids, replies, strict=True):
        one = _read("application", object_id, reply, reading.one)
        if not isinstance(one, ScanNote | Removed):
            one = dataclasses.replace(one, federated=known.get(object_id))
        found.append(one)
    return found


async def _principals(connection: GraphConnection, ids: Sequence[str]) -> list[Changed]:
    urls = [f"/servicePrincipals/{quote(one, safe='')}" for one in ids]
    replies = await read_each(connection, "v1.0", [f"{url}?{OWNERS}" for url in urls])
    reading = convert.service_principals()
    found: list[Changed] = [
        _read("service principal", object_id, reply, reading.one) for object_id, reply in zip(ids, replies, strict=True)
    ]
    places = {at: urls[at] for at, one in enumerate(found) if isinstance(one, ManagedIdentity)}
    wanted = [f"{url}/federatedIdentityCredentials" for url in places.values()]
    for at, trusted in zip(places, await read_each(connection, "v1.0", wanted), strict=True):
        one = found[at]
        if isinstance(one, ManagedIdentity):
            found[at] = dataclasses.replace(one, federated=_federated(trusted))
    return found


def _read(what: str, object_id: str, reply: Reply, read: Callable[[bytes], _Value]) -> _Value | Removed | ScanNote:
    if reply.gone:  # since it was told
        return Removed(object_id=object_id)
    found = reply.understood(read)
    if isinstance(found, InventoryError):
        return ScanNote(subject=f"{what} {object_id}", text=f"unreadable: {UNREAD}: {brief(found)}")
    return found


def _federated(reply: Reply) -> tuple[FederatedCredential, ...] | None:
    """Read the federated credentials of one holder, at most twenty; None where that is not possible."""
    page = reply.understood(convert.federated_credentials().page)
    if isinstance(page, InventoryError):
        return None
    known = [one for one in page.entries if not isinstance(one, ScanNote)]
    return convert.in_order(known) if len(known) == len(page.entries) else None
