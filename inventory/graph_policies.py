"""App management policies read through Microsoft Graph."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec

from inventory import convert_roles
from inventory.batches import Reply, read_each
from inventory.directory import Page
from inventory.errors import InventoryError
from inventory.estate import Policy
from inventory.graph import GraphConnection
from inventory.graph_paging import everything, listing
from inventory.model import ApplicationId, ScanNote
from inventory.refusals import brief

_DEFAULT = "/v1.0/policies/defaultAppManagementPolicy"
_POLICIES = "/v1.0/policies/appManagementPolicies"


async def policies(connection: GraphConnection, cursor: str | None) -> AsyncIterator[Page[Policy | ScanNote]]:
    """Yield the tenant's default, then the policies of single objects with the ids of those objects."""
    if cursor is None:
        yield Page(entries=(await _default(connection, low=True),), cursor=_POLICIES)
    async for page in listing(connection, _POLICIES, cursor, convert_roles.policies(default=False).page):
        found = [one for one in page.entries if isinstance(one, Policy)]
        urls = [f"/policies/appManagementPolicies/{quote(one.id, safe='')}/appliesTo?$select=id" for one in found]
        replies = dict(zip((one.id for one in found), await read_each(connection, "v1.0", urls), strict=True))
        entries = [
            await _assigned(connection, one, replies[one.id]) if isinstance(one, Policy) else (one,)
            for one in page.entries
        ]
        yield Page(entries=tuple(one for some in entries for one in some), cursor=page.cursor)


async def policies_of(connection: GraphConnection, object_id: ApplicationId) -> tuple[Policy | ScanNote, ...]:
    """Return the tenant's default, and what is assigned to one application ("List appManagementPolicies" of one)."""
    url = f"/v1.0/applications/{quote(object_id, safe='')}/appManagementPolicies"
    own = await everything(connection, url, convert_roles.policies(default=False).page)
    mine = (dataclasses.replace(one, applies_to=(object_id,)) if isinstance(one, Policy) else one for one in own)
    return await _default(connection, low=False), *mine


async def _default(connection: GraphConnection, *, low: bool) -> Policy | ScanNote:
    answer = await connection.get(_DEFAULT, msgspec.Raw, low=low)
    return convert_roles.policies(default=True).one(answer.value)


async def _assigned(connection: GraphConnection, policy: Policy, reply: Reply) -> tuple[Policy | ScanNote, ...]:
    reading = convert_roles.assigned()
    page = reply.understood(reading.page)
    if isinstance(page, InventoryError):
        text = f"the objects that it is assigned to could not be read: {brief(page)}"
        return policy, ScanNote(subject=f"app management policy {policy.id}", text=text)
    more = await everything(connection, page.next_link, reading.page) if page.next_link else []
    told = (*page.entries, *more)
    ids = tuple(one for one in told if isinstance(one, str))
    notes = (one for one in told if isinstance(one, ScanNote))
    return dataclasses.replace(policy, applies_to=ids), *notes
