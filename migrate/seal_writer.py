"""App management policies and locks through Microsoft Graph, as the JSON that it tells and takes.

Policies and locks are read from beta: v1.0 leaves out what it does not know (restrictions on audiences and redirect
URIs, ``enforcementScope`` of a lock), and a policy made without them would be looser than what it replaces. They are
written with v1.0 wherever it knows all that is written.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import msgspec

from inventory.errors import ReadFailedError
from inventory.graph import GraphConnection
from inventory.model import ApplicationId
from inventory.trail import Trail
from migrate.errors import WriteFailedError
from migrate.ports import JsonObject

_NOT_FOUND, _BAD_REQUEST = 404, 400
_POLICIES: Final = "policies/appManagementPolicies"
_LOCK: Final = "servicePrincipalLockConfiguration"


class _Page(msgspec.Struct):
    """A page of policies, every field as it came."""

    value: list[JsonObject]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


class GraphSealWriter:
    """Implements ``migrate.ports.SealWriter`` on a signed-in Graph connection."""

    def __init__(self, connection: GraphConnection) -> None:
        self._connection = connection

    async def default_policy(self) -> JsonObject:
        """Return the tenant's default (Graph, "Get tenantAppManagementPolicy")."""
        return (await self._connection.get("/beta/policies/defaultAppManagementPolicy", JsonObject)).value

    async def policies(self) -> tuple[JsonObject, ...]:
        """Return every other policy (Graph, "List appManagementPolicies")."""
        return await self._listed(f"/beta/{_POLICIES}")

    async def policy(self, policy_id: str) -> JsonObject | None:
        """Return one policy; None where Graph answers 404."""
        try:
            return (await self._connection.get(f"/beta/{_POLICIES}/{quote(policy_id, safe='')}", JsonObject)).value
        except ReadFailedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def assigned(self, application: ApplicationId) -> tuple[JsonObject, ...]:
        """Return what is assigned to an application (Graph, "List appManagementPolicies" of an application)."""
        return await self._listed(f"/beta/applications/{quote(application, safe='')}/appManagementPolicies")

    async def _listed(self, url: str) -> tuple[JsonObject, ...]:
        found: list[JsonObject] = []
        following, trail = url, Trail()
        while following:
            page, trail = (await self._connection.get(following, _Page)).value, trail.after(following)
            found += page.value
            following = page.next_link or ""
            if trail.meets(following):
                raise ReadFailedError(f"GET {url.partition('?')[0]}: the next page is one that was read before")
        return tuple(found)

    async def create_policy(self, name: str, description: str, restrictions: JsonObject, version: str) -> str:
        """Create a policy (Graph, "Create appManagementPolicy"); nothing is restricted until it is assigned."""
        body = {"displayName": name, "description": description, "isEnabled": True, "restrictions": restrictions}
        what = f"cannot create the app management policy {name!r}"
        answer = await self._send("POST", f"/{version}/{_POLICIES}", body, what)
        made: dict[str, Any] = msgspec.json.decode(answer or b"{}")
        return str(made.get("id", ""))

    async def assign(self, application: ApplicationId, policy_id: str) -> bool:
        """Assign a policy (Graph, "Assign appliesTo").

        A lost answer is repeated by the middleware and then refused because it is assigned: no failure, the caller
        reads back. Another policy on the application is one: Graph takes one at most.
        """
        url = f"/v1.0/applications/{quote(application, safe='')}/appManagementPolicies/$ref"
        body = {"@odata.id": f"{self._connection.endpoint}/v1.0/{_POLICIES}/{policy_id}"}
        try:
            await self._connection.send("POST", url, msgspec.json.encode(body))
        except ReadFailedError as error:
            if error.status == _BAD_REQUEST and "already exist" in str(error):
                return False
            raise WriteFailedError(f"cannot assign the app management policy {policy_id}: {error}") from error
        return True

    async def unassign(self, application: ApplicationId, policy_id: str) -> bool:
        """Take an assignment off (Graph, "Remove appliesTo"); False where Graph knows none."""
        policy = quote(policy_id, safe="")
        url = f"/v1.0/applications/{quote(application, safe='')}/appManagementPolicies/{policy}/$ref"
        try:
            await self._connection.send("DELETE", url)
        except ReadFailedError as error:
            if error.status == _NOT_FOUND:
                return False
            raise WriteFailedError(f"cannot take the app management policy {policy_id} off: {error}") from error
        return True

    async def lock(self, application: ApplicationId) -> JsonObject | None:
        """Return the lock, its scope included."""
        url = f"/beta/applications/{quote(application, safe='')}?$select=id,{_LOCK}"
        found: JsonObject | None = (await self._connection.get(url, JsonObject)).value.get(_LOCK)
        return found

    async def set_lock(self, application: ApplicationId, lock: JsonObject | None) -> None:
        """Replace the lock (Graph, "Update application"); only beta knows a scope."""
        version = "beta" if lock and lock.get("enforcementScope") else "v1.0"
        url = f"/{version}/applications/{quote(application, safe='')}"
        await self._send("PATCH", url, {_LOCK: lock}, "cannot set the lock on its service principals")

    async def _send(self, method: str, url: str, body: JsonObject, what: str) -> bytes | None:
        try:
            return await self._connection.send(method, url, msgspec.json.encode(body))
        except ReadFailedError as error:
            raise WriteFailedError(f"{what}: {error}") from error
