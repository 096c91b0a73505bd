"""Who holds which role, read through Microsoft Graph."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from inventory import convert_roles
from inventory.batches import Reply, read_each
from inventory.directory import Page, TierOf
from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError
from inventory.estate import RoleHeld
from inventory.graph import GraphConnection
from inventory.graph_paging import everything, listing, pages
from inventory.model import ScanNote
from inventory.refusals import brief
from inventory.rows import Reading
from inventory.wire import WireGrant, WireResource

_RESOURCES = "/v1.0/servicePrincipals?$top=999&$select=id,displayName,appRoles"
_DEFINITIONS = "/v1.0/roleManagement/directory/roleDefinitions?$select=id,displayName"
_ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments?$expand=principal"
_MOST = 80  # resources whose holders are read before a page is told

_Held = RoleHeld | ScanNote


async def roles(
    connection: GraphConnection, tier_of: TierOf, cursor: str | None
) -> AsyncIterator[Page[RoleHeld | ScanNote]]:
    """Yield directory roles, then the app roles of every resource that defines any.

    Roles that a service principal has as a member of a group, and directory roles that it may only activate, are not
    among them. The cursor of a page is the listing's page of resources that is being read.
    """
    if cursor is None:
        yield Page(entries=await _directory_roles(connection, tier_of), cursor=_RESOURCES)
    here = cursor or _RESOURCES
    async for page in listing(connection, _RESOURCES, cursor, convert_roles.resources().page):
        notes = [one for one in page.entries if isinstance(one, ScanNote)]
        defining = [one for one in page.entries if isinstance(one, WireResource) and one.app_roles]
        for start in range(0, len(defining), _MOST):
            async for entries in _holders(connection, defining[start : start + _MOST], tier_of):
                yield Page(entries=entries, cursor=here)
        yield Page(entries=tuple(notes), cursor=page.cursor)
        here = page.cursor or here


async def _directory_roles(connection: GraphConnection, tier_of: TierOf) -> tuple[_Held, ...]:
    """Read the directory roles that are held; a note where they cannot be read, which needs a permission of its own."""
    try:
        named = await everything(connection, _DEFINITIONS, convert_roles.role_definitions().page)
        names = {one.id.lower(): one.display_name or "" for one in named if not isinstance(one, ScanNote)}
        held = convert_roles.directory_roles_held(names, tier_of)
        found = await everything(connection, _ASSIGNMENTS, held.page)
    except (PermissionMissingError, ReadFailedError) as error:
        text = f"{brief(error)}: who holds directory roles is unknown"
        return (ScanNote(subject="directory roles", text=text),)
    return tuple(one for one in found if one is not None)


async def _holders(
    connection: GraphConnection, resources: Sequence[WireResource], tier_of: TierOf
) -> AsyncIterator[tuple[_Held, ...]]:
    urls = [f"/servicePrincipals/{quote(one.id, safe='')}/appRoleAssignedTo?$top=999" for one in resources]
    for resource, reply in zip(resources, await read_each(connection, "v1.0", urls), strict=True):
        reading = convert_roles.app_roles_held(resource, tier_of)
        async for entries in _assigned(connection, resource, reply, reading):
            yield entries


async def _assigned(
    connection: GraphConnection, resource: WireResource, reply: Reply, reading: Reading[WireGrant, RoleHeld | None]
) -> AsyncIterator[tuple[_Held, ...]]:
    """Yield the first page, which came in a batch, and those that follow it."""
    page = reply.understood(reading.page)
    if isinstance(page, InventoryError):
        text = f"who holds its app roles could not be read: {brief(page)}"
        yield () if reply.gone else (ScanNote(subject=f"service principal {resource.id}", text=text),)
        return
    yield tuple(one for one in page.entries if one is not None)
    if page.next_link:
        async for answer in pages(connection, page.next_link, reading.page, low=True):
            yield tuple(one for one in answer.value.entries if one is not None)
