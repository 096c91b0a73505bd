"""Changes of Azure resources through Azure Resource Manager: identities, and the hosts that they are attached to.

Sources: REST references of Microsoft.ManagedIdentity, Microsoft.Compute, Microsoft.Web, Microsoft.App and
Microsoft.Authorization; "View associated resources for a user-assigned managed identity".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from inventory.arm import ArmConnection
from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.hosting_wire import WireAttached
from inventory.trail import Trail
from inventory.wire import WireObject
from migrate import attachment
from migrate.attachment import Attachment, IdentityUse, NewIdentity
from migrate.errors import WriteFailedError
from migrate.ports import Clock

_IDENTITY: Final = "2023-01-31"
_ASSOCIATED: Final = "2021-09-30-preview"
_ROLES: Final = "2022-04-01"
_SUBSCRIPTIONS: Final = "/subscriptions?api-version=2022-12-01"
_VERSIONS: Final = {
    "microsoft.app/containerapps": "2024-03-01",
    "microsoft.app/jobs": "2024-03-01",
    "microsoft.compute/virtualmachines": "2024-07-01",
    "microsoft.compute/virtualmachinescalesets": "2024-07-01",
    "microsoft.web/sites": "2023-12-01",
    "microsoft.web/sites/slots": "2023-12-01",
}
"""Hosts whose identities a PATCH changes. That of a container group changes tags alone; a cluster has other means."""
_ATTEMPTS: Final = 6
_PAUSE: Final = 1.0
_AGAIN: Final = frozenset({409, 412, 429, 503})
"""Another operation is under way, somebody else was faster, or not now: nothing was done."""
_BAD_REQUEST, _NOT_FOUND = 400, 404


class _IdentityProperties(WireObject, frozen=True, gc=False):
    principal_id: str
    client_id: str


class _Identity(WireObject, frozen=True, gc=False):
    properties: _IdentityProperties


class _Host(WireObject, frozen=True, gc=False):
    identity: WireAttached | None = None
    etag: str | None = None


class _Named(WireObject, frozen=True, gc=False):
    id: str = ""
    name: str = ""


class _Scoped(WireObject, frozen=True, gc=False):
    scope: str


class _Assignment(WireObject, frozen=True, gc=False):
    properties: _Scoped


class ArmWriter:
    """Implements ``migrate.ports.HostWriter`` on a signed-in connection to Azure Resource Manager."""

    def __init__(self, connection: ArmConnection, clock: Clock) -> None:
        self._arm = connection
        self._clock = clock

    # --- identities --------------------------------------------------------------------------------------------------

    async def identity(self, resource_id: str) -> NewIdentity | None:
        """Read an identity; None where Azure Resource Manager answers 404, for its resource group too."""
        try:
            found = await self._arm.get(_path(resource_id, _IDENTITY), _Identity)
        except ReadFailedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        told = found.properties
        return NewIdentity(
            resource_id=resource_id, principal_id=told.principal_id.lower(), client_id=told.client_id.lower()
        )

    async def create_identity(self, resource_id: str, location: str) -> None:
        """PUT an identity; the caller has seen that there is none, as a PUT would replace its tags."""
        try:
            await self._arm.send("PUT", _path(resource_id, _IDENTITY), {"location": location})
        except ReadFailedError as error:
            raise WriteFailedError(f"cannot create the identity {_name(resource_id)}: {error}") from error

    async def delete_identity(self, resource_id: str) -> None:
        """DELETE an identity; one that is gone answers 204."""
        try:
            await self._arm.send("DELETE", _path(resource_id, _IDENTITY))
        except ReadFailedError as error:
            if error.status != _NOT_FOUND:
                raise WriteFailedError(f"cannot delete the identity {_name(resource_id)}: {error}") from error

    async def identity_use(self, identity: NewIdentity) -> IdentityUse:
        """Ask for hosts, federated credentials and role assignments in every subscription that the account sees."""
        resource_id = identity.resource_id
        hosts = await self._associated(resource_id)
        federated = await self._listed(f"{quote(resource_id)}/federatedIdentityCredentials?api-version={_IDENTITY}")
        subscriptions = [_decoded(row, _Named).id async for page in self._arm.pages(_SUBSCRIPTIONS) for row in page]
        roles = [scope for one in subscriptions for scope in await self._assigned(one, identity.principal_id)]
        return IdentityUse(
            hosts=tuple(hosts), federated=tuple(_decoded(row, _Named).name for row in federated), roles=tuple(roles)
        )

    async def _associated(self, resource_id: str) -> list[str]:
        """List associated resources, those that the account cannot see otherwise included; a POST that reads."""
        url, trail = _path(f"{resource_id}/listAssociatedResources", _ASSOCIATED), Trail()
        found: list[str] = []
        while url:
            page, trail = await self._arm.post(url, _Associated), trail.after(url)
            found += [each.id for each in page.value]
            url = page.next_link or ""
            if trail.meets(url):
                raise ReadFailedError(f"POST {resource_id}: the next page is one that was read before")
        return found

    async def _assigned(self, subscription: str, principal_id: str) -> list[str]:
        query = urlencode({"api-version": _ROLES, "$filter": f"principalId eq '{principal_id}'"}, quote_via=quote)
        rows = await self._listed(f"{subscription}/providers/Microsoft.Authorization/roleAssignments?{query}")
        return [_decoded(row, _Assignment).properties.scope for row in rows]

    async def _listed(self, url: str) -> list[msgspec.Raw]:
        return [row async for page in self._arm.pages(url) for row in page]

    # --- hosts -------------------------------------------------------------------------------------------------------

    async def attachment(self, host: str) -> Attachment | None:
        """Read the identity block of a host; None where Azure Resource Manager answers 404."""
        try:
            found = await self._arm.get(_path(host, _version(host)), _Host)
        except ReadFailedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        held = found.identity
        return Attachment(
            system="systemassigned" in ((held.type if held else None) or "").lower(),
            identities=tuple(sorted((held.user_assigned_identities if held else None) or {}, key=str.lower)),
            etag=found.etag,
        )

    async def attach(self, host: str, identity: str) -> bool:
        """PATCH a host so that it has one more identity; False where it has it."""

        def body(before: Attachment) -> dict[str, object] | None:
            return None if before.has(identity) else attachment.attaching(before, identity)

        return await self._changed(host, body, f"cannot attach {_name(identity)} to {_name(host)}")

    async def detach(self, host: str, identity: str) -> bool:
        """PATCH a host so that it has one identity less; False where it does not have it."""

        def body(before: Attachment) -> dict[str, object] | None:
            return attachment.detaching(before, identity) if before.has(identity) else None

        def last(before: Attachment) -> dict[str, object] | None:
            only = before.has(identity) and len(before.identities) == 1
            return attachment.detaching_last(before) if only else body(before)

        what = f"cannot detach {_name(identity)} from {_name(host)}"
        try:
            return await self._changed(host, body, what)
        except _RefusedError:  # some providers take no null for the last one
            return await self._changed(host, last, what)

    async def _changed(self, host: str, body: Callable[[Attachment], dict[str, object] | None], what: str) -> bool:
        """Change the identities of a host: read twice just before, so that what is under way is seen, then PATCH.

        With an ``etag`` a change in between is refused (``If-Match``, 412) and everything is read anew; hosts without
        one leave a moment between the last read and the PATCH in which an identity that somebody adds is kept, as all
        providers add, and one that somebody removes is there again.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            before = await self._present(host, what)
            content = body(before)
            if content is None:
                return False
            if await self._present(host, what) == before and await self._patched(host, before, content, what):
                return True
            await self._clock.sleep(_PAUSE * 2 ** (attempt - 1))
        raise WriteFailedError(f"{what}: its identities keep changing, or another operation goes on; try again later")

    async def _present(self, host: str, what: str) -> Attachment:
        found = await self.attachment(host)
        if found is None:
            raise WriteFailedError(f"{what}: there is no such resource; scan and plan again")
        return found

    async def _patched(self, host: str, before: Attachment, content: dict[str, object], what: str) -> bool:
        match = {"If-Match": before.etag} if before.etag else {}
        try:
            await self._arm.send("PATCH", _path(host, _version(host)), content, headers=match, repeatable=False)
        except ReadFailedError as error:
            if error.status in _AGAIN:
                return False
            kind = _RefusedError if error.status == _BAD_REQUEST else WriteFailedError
            raise kind(f"{what}: {error}") from error
        except PermissionMissingError as error:
            raise WriteFailedError(f"{what}: {error}") from error
        return True


class _RefusedError(WriteFailedError):
    """Azure Resource Manager does not take this body."""


class _Associated(WireObject, frozen=True, gc=False):
    value: list[_Named]
    next_link: str | None = None


def _decoded(row: msgspec.Raw, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(row, type=shape)
    except msgspec.DecodeError as error:
        raise ReadFailedError(f"a row of an answer cannot be understood ({error})") from None


def _path(resource_id: str, version: str) -> str:
    return f"{quote(resource_id)}?api-version={version}"


def _name(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


def _version(host: str) -> str:
    """Return the api-version for a host; WriteFailedError for a kind whose identities cannot be changed here."""
    provider, *below = host.rpartition("/providers/")[2].lower().split("/")
    kind = "/".join((provider, *below[::2]))
    if kind not in _VERSIONS:
        raise WriteFailedError(
            f"the identities of {_name(host)} ({kind}) cannot be changed by a request that keeps the others: attach "
            "the identity where the resource is deployed, then scan and plan again"
        )
    return _VERSIONS[kind]
