"""The plain-HTTP surface on loopback: managed-identity endpoints and the control endpoint."""

import hmac
import json
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
from migrate.emulator.tokens.managed_identity import (
    IdentityRefusedError,
    IdentityToken,
    ManagedIdentityService,
    Selector,
)
from migrate.emulator.web import json_response, read_body

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


class ControlRoutes:
    """Moves the clock and counts objects; reveals no secret."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [
            Route("/_control/advance", self._advance, methods=["POST"]),
            Route("/_control/clock", self._clock),
            Route("/_control/tenant", self._summary),
        ]

    async def _advance(self, request: Request) -> Response:
        try:
            seconds = _number(json.loads(await read_body(request) or b""))
            self._tenant.clock.advance(timedelta(seconds=seconds))
        except (ValueError, OverflowError, RecursionError):
            return json_response({"error": 'send {"seconds": N} with a number that is not negative'}, 400)
        return await self._clock(request)

    async def _clock(self, request: Request) -> Response:
        del request
        clock = self._tenant.clock
        return json_response({"now": clock.now().isoformat(), "start": clock.start.isoformat()})

    async def _summary(self, request: Request) -> Response:
        del request
        return json_response(summary(self._tenant))


def _number(body: object) -> float:
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        return seconds
    raise ValueError("seconds must be a number")


def summary(tenant: Tenant) -> dict[str, Any]:
    """Count what the tenant holds."""
    holders: list[Application | ServicePrincipal] = [*tenant.applications, *tenant.service_principals]
    user_assigned = [identity.user_assigned for identity in tenant.identities.values()]
    return {
        "tenantId": tenant.id,
        "cloud": tenant.cloud.name,
        "applications": len(tenant.applications),
        "servicePrincipals": len(tenant.service_principals),
        "secrets": sum(len(holder.passwords) for holder in holders),
        "certificates": sum(len(holder.keys) for holder in holders),
        "federatedIdentityCredentials": sum(len(item.federated) for item in tenant.applications),
        "userAssignedIdentities": user_assigned.count(True),
        "systemAssignedIdentities": user_assigned.count(False),
        "hosts": len(tenant.hosts),
        "users": len(tenant.users),
        "signIns": len(tenant.sign_ins),
    }
