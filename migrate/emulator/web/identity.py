"""Managed-identity endpoints on the wire, plain HTTP on loopback."""

import hmac
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
from migrate.emulator.tokens.managed_identity import (
    IdentityRefusedError,
    IdentityToken,
    ManagedIdentityService,
    Selector,
)
from migrate.emulator.web.common import json_response

_METADATA_PATH: Final = "/metadata/identity/oauth2/token"
_APP_SERVICE_VERSION: Final = "2019-08-01"


class IdentityRoutes:
    """The Azure Instance Metadata Service and App Service's identity endpoint, of every host."""

    def __init__(self, tenant: Tenant, service: ManagedIdentityService, identity_header: str) -> None:
        self._tenant = tenant
        self._service = service
        self._identity_header = identity_header

    def routes(self) -> list[BaseRoute]:
        """List the routes; ``/hosts/{host}`` stands for the machine that a program runs on."""
        return [
            Route(prefix + path, handler)
            for path, handler in ((_METADATA_PATH, self._metadata), ("/msi/token", self._app_service))
            for prefix in ("", "/hosts/{host}")
        ]

    async def _metadata(self, request: Request) -> Response:
        try:
            granted = self._granted_by_metadata(request)
        except IdentityRefusedError as refused:
            return json_response({"error": refused.error, "error_description": refused.description}, refused.status)
        return json_response(self._metadata_body(granted))

    def _granted_by_metadata(self, request: Request) -> IdentityToken:
        query = request.query_params
        if request.headers.get("metadata", "").lower() != "true":
            raise IdentityRefusedError("invalid_request", "Required metadata header not specified")
        for name in ("api-version", "resource"):
            if not query.get(name):
                raise IdentityRefusedError("invalid_request", f"Required query variable '{name}' is missing")
        selector = Selector(
            client_id=query.get("client_id"),
            object_id=query.get("object_id"),
            resource_id=query.get("msi_res_id") or query.get("mi_res_id"),
        )
        return self._service.token(_host_name(request), query["resource"], selector, default_to_only=True)

    def _metadata_body(self, granted: IdentityToken) -> dict[str, str]:
        lasts = granted.expires_on - self._tenant.clock.timestamp()
        return {
            "access_token": granted.token,
            "client_id": granted.client_id,
            "expires_in": str(lasts),
            "expires_on": str(granted.expires_on),
            "ext_expires_in": str(lasts),
            "not_before": str(granted.not_before),
            "resource": granted.resource,
            "token_type": "Bearer",
        }

    async def _app_service(self, request: Request) -> Response:
        query = request.query_params
        if not hmac.compare_digest(
            request.headers.get("x-identity-header", "").encode(), self._identity_header.encode()
        ):
            return self._app_service_failure(401)  # assumed: the page names the header, not the refusal
        if query.get("api-version") != _APP_SERVICE_VERSION or not query.get("resource"):
            return self._app_service_failure(400)
        selector = Selector(
            client_id=query.get("client_id"),
            object_id=query.get("principal_id") or query.get("object_id"),
            resource_id=query.get("mi_res_id"),
        )
        try:
            granted = self._service.token(_host_name(request), query["resource"], selector, default_to_only=False)
        except IdentityRefusedError:
            return self._app_service_failure(500)
        return json_response(
            {
                "access_token": granted.token,
                "expires_on": str(granted.expires_on),
                "resource": granted.resource,
                "token_type": "Bearer",
                "client_id": granted.client_id.upper(),
            }
        )

    @staticmethod
    def _app_service_failure(status: int) -> Response:
        message = "An unexpected error occured while fetching the AAD Token."  # spelt as the service spells it
        return json_response({"statusCode": status, "message": message, "correlationId": fresh_guid()}, status)


def _host_name(request: Request) -> str:
    return str(request.path_params.get("host", ROOT_HOST))
