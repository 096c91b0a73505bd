"""The identity endpoints of App Service, Container Apps and Azure Machine Learning.

Sources: page "How to use managed identities for App Service and Azure Functions" and its older form for 2017-09-01;
page "Managed identities in Azure Container Apps", whose protocol is App Service's; the clients' source for Azure
Machine Learning. The answers for an unknown resource and for an unknown identity are recorded; the statuses for a wrong
header or version are assumed.
"""

import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import HostKind
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.identity_cache import IdentityToken, Selector
from migrate.emulator.tokens.managed_identity import IdentityRefusedError, ManagedIdentityService
from migrate.emulator.tokens.refusals import RefusedError
from migrate.emulator.web.common import json_response
from migrate.emulator.web.identity_parts import host_name, unreachable

APP_SERVICE_PATH: Final = "/msi/token"
CONTAINER_APP_PATH: Final = "/container-app/msi/token"
MACHINE_LEARNING_PATH: Final = "/MSI/auth"
_CURRENT, _OLD = "2019-08-01", "2017-09-01"
_HEADERS: Final = {_CURRENT: "x-identity-header", _OLD: "secret"}
_SERVED: Final[tuple[tuple[str, HostKind, tuple[str, ...]], ...]] = (
    (APP_SERVICE_PATH, "app-service", (_CURRENT, _OLD)),
    (CONTAINER_APP_PATH, "container-app", (_CURRENT,)),
    (MACHINE_LEARNING_PATH, "azure-ml", (_OLD,)),
)
_FAILED: Final = "An unexpected error occured while fetching the AAD Token."  # spelt as the service spells it
_NAMED_MISSING: Final = (
    "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
)
_NONE_FITS: Final = "Unable to load the proper Managed Identity."

Handler = Callable[[Request], Awaitable[Response]]


class SiteRoutes:
    """Endpoints that a program finds by an environment variable and opens with a header."""

    def __init__(self, tenant: Tenant, service: ManagedIdentityService, identity_header: str) -> None:
        self._tenant = tenant
        self._service = service
        self._identity_header = identity_header.encode()

    def routes(self, prefix: str) -> list[BaseRoute]:
        """List the routes below a prefix."""
        return [Route(prefix + path, self._for(kind, versions)) for path, kind, versions in _SERVED]

    def _for(self, kind: HostKind, versions: tuple[str, ...]) -> Handler:
        async def answer(request: Request) -> Response:
            host, version = host_name(request), request.query_params.get("api-version", "")
            if not self._service.serves(host, kind):
                return unreachable(request)
            if not self._is_opened(request, version if version in versions else versions[0]):
                return _failure(401, _FAILED)
            if version not in versions or not request.query_params.get("resource"):
                return _failure(400, _FAILED)
            return self._granted(request, host, version, kind)

        return answer

    def _is_opened(self, request: Request, version: str) -> bool:
        sent = request.headers.get(_HEADERS[version], "")
        return hmac.compare_digest(sent.encode(), self._identity_header)

    def _granted(self, request: Request, host: str, version: str, kind: HostKind) -> Response:
        resource = request.query_params["resource"]
        try:
            granted = self._service.token(host, resource, _selector(request), default_to_only=False)
        except IdentityRefusedError as refused:
            return _named_missing() if refused.named else _failure(400, _NONE_FITS)
        except RefusedError:
            return _failure(500, _FAILED)
        return json_response(_body(granted, version, kind))


def _selector(request: Request) -> Selector:
    query = request.query_params
    return Selector(
        client_id=query.get("client_id") or query.get("clientid"),
        object_id=query.get("principal_id") or query.get("object_id"),
        resource_id=query.get("mi_res_id") or query.get("msi_res_id"),
    )


def _body(granted: IdentityToken, version: str, kind: HostKind) -> dict[str, Any]:
    """Give an answer; App Service's older version alone writes the expiry as a date (read in azure-identity)."""
    old = version == _OLD and kind == "app-service"
    moment = f"{datetime.fromtimestamp(granted.expires_on, UTC):%m/%d/%Y %H:%M:%S} +00:00"
    return {
        "access_token": granted.token,
        "expires_on": moment if old else str(granted.expires_on),
        "resource": granted.resource,
        "token_type": "Bearer",
        "client_id": granted.client_id.upper(),
    }


def _failure(status: int, message: str) -> Response:
    return json_response({"statusCode": status, "message": message, "correlationId": fresh_guid()}, status)


def _named_missing() -> Response:
    return json_response({"statusCode": 400, "message": _NAMED_MISSING}, 400)  # recorded without a correlationId
