"""Key vaults on the wire, each under a name of its own. Neither bodies nor values are ever logged or counted."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.vault import secrets
from migrate.emulator.vault.access import demand, identify, vault_named
from migrate.emulator.vault.book import VaultBook
from migrate.emulator.vault.errors import VaultError, bad_parameter
from migrate.emulator.vault.secrets import Shelfmark, VaultReply
from migrate.emulator.web.common import host_of, json_response, read_body
from migrate.emulator.web.request_log import note_caller
from migrate.emulator.web.unserved import mark_unserved

_ALWAYS: Final = {
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000;includeSubDomains",
    "x-ms-keyvault-service-version": "1.9.0",
}
Operation = Callable[[Request, Shelfmark, str], Awaitable[VaultReply]]


class VaultRoutes:
    """The data plane of the tenant's vaults: secrets, and nothing of keys and certificates."""

    def __init__(self, tenant: Tenant, keys: SigningKeys, book: VaultBook) -> None:
        self._tenant = tenant
        self._keys = keys
        self._book = book

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        table: tuple[tuple[str, str, str, Operation], ...] = (
            ("/secrets", "GET", "readMetadata/action", _list),
            ("/secrets/{name}", "PUT", "setSecret/action", _set),
            ("/secrets/{name}", "GET", "getSecret/action", _get),
            ("/secrets/{name}", "DELETE", "delete", _delete),
            ("/deletedsecrets/{name}", "GET", "getSecret/action", _gone),
            ("/secrets/{name}/versions", "GET", "readMetadata/action", _versions),
            ("/secrets/{name}/{version}", "GET", "getSecret/action", _get),
        )
        return [Route(path, self._guarded(action, each), methods=[method]) for path, method, action, each in table]

    def _guarded(self, action: str, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            headers = {**_ALWAYS, "x-ms-request-id": fresh_guid()}
            try:
                reply = await self._answered(request, action, operation)
            except VaultError as error:
                return json_response(error.body(), error.status, {**headers, **error.headers})
            return json_response(reply.body, 200, headers)

        return answer

    async def _answered(self, request: Request, action: str, operation: Operation) -> VaultReply:
        tenant = self._tenant
        host = host_of(request).partition(":")[0]
        vault = vault_named(tenant, host)
        if vault is None:
            mark_unserved(request)
            raise VaultError(404, "VaultNotFound", "There is no vault of this name.")
        caller = identify(tenant, self._keys, request.headers.get("authorization"))
        note_caller(request, caller.app_id)
        if not request.query_params.get("api-version"):
            raise bad_parameter("api-version must be specified")
        name = request.path_params.get("name", "")
        demand(tenant, caller, vault, action, name)
        at = Shelfmark(book=self._book, clock=tenant.clock, vault=vault.name, base=f"https://{host.lower()}")
        return await operation(request, at, name)


async def _list(request: Request, at: Shelfmark, name: str) -> VaultReply:
    del name
    return secrets.list_secrets(at, request.query_params)


async def _set(request: Request, at: Shelfmark, name: str) -> VaultReply:
    body = await read_body(request)
    if body is None:
        raise VaultError(413, "RequestEntityTooLarge", "The request is too large.")
    return secrets.set_secret(at, name, body)


async def _get(request: Request, at: Shelfmark, name: str) -> VaultReply:
    return secrets.get_secret(at, name, request.path_params.get("version", ""))


async def _delete(request: Request, at: Shelfmark, name: str) -> VaultReply:
    del request
    return secrets.delete_secret(at, name)


async def _gone(request: Request, at: Shelfmark, name: str) -> VaultReply:
    del request
    return secrets.get_deleted(at, name)


async def _versions(request: Request, at: Shelfmark, name: str) -> VaultReply:
    return secrets.list_versions(at, name, request.query_params)
