"""The authority on the wire: discovery, keys and the token endpoint."""

import uuid
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.discovery import instance_discovery, openid_configuration
from migrate.emulator.tokens.endpoint import TokenEndpoint, TokenRequest, check_tenant, parse_form
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.tokens.refusals import RefusedError
from migrate.emulator.web.common import guid_or_new, host_of, json_response, read_body

_NO_LOOKUP_PAGE: Final = (700038, 70003)
"""Codes whose recorded answers carry no error_uri."""


class LoginRoutes:
    """The authority: discovery, keys and the token endpoint."""

    def __init__(self, tenant: Tenant, keys: SigningKeys, endpoint: TokenEndpoint) -> None:
        self._tenant = tenant
        self._keys = keys
        self._endpoint = endpoint

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [
            Route("/common/discovery/instance", self._instance),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._openid),
            Route("/{tenant}/.well-known/openid-configuration", self._openid),
            Route("/{tenant}/discovery/v2.0/keys", self._jwks),
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
        ]

    async def _instance(self, request: Request) -> Response:
        return json_response(instance_discovery(self._tenant, host_of(request)))

    async def _openid(self, request: Request) -> Response:
        try:
            return json_response(openid_configuration(self._tenant, request.path_params["tenant"], host_of(request)))
        except RefusedError as refused:
            return self._refusal(request, refused, guid_or_new(request.headers.get("client-request-id")))

    async def _jwks(self, request: Request) -> Response:
        del request
        return json_response({"keys": self._keys.public_keys(self._tenant.cloud.issuer(self._tenant.id))})

    async def _token(self, request: Request) -> Response:
        body = await read_body(request)
        correlation = guid_or_new(request.headers.get("client-request-id"))
        try:
            check_tenant(self._tenant, request.path_params["tenant"])
            answer = self._endpoint.answer(
                TokenRequest(
                    tenant_name=request.path_params["tenant"],
                    form=parse_form(body or b"", request.headers.get("authorization")),
                    host=host_of(request),
                    ip_address=request.client.host if request.client else "127.0.0.1",
                    correlation_id=correlation,
                )
            )
        except RefusedError as refused:
            return self._refusal(request, refused, correlation)
        return json_response(answer, headers={"cache-control": "no-store, no-cache", "pragma": "no-cache"})

    def _refusal(self, request: Request, refused: RefusedError, correlation: str) -> Response:
        trace = str(uuid.uuid4())
        timestamp = f"{self._tenant.clock.now():%Y-%m-%d %H:%M:%SZ}"
        body: dict[str, Any] = {
            "error": refused.error,
            "error_description": f"AADSTS{refused.code}: {refused.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {timestamp}",
            "error_codes": [refused.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        if refused.code not in _NO_LOOKUP_PAGE:
            body["error_uri"] = f"https://{self._tenant.cloud.login_host}/error?code={refused.code}"
        headers = {"cache-control": "no-store, no-cache", "x-ms-request-id": trace}
        if request.headers.get("client-request-id"):
            headers["client-request-id"] = correlation
        return json_response(body, refused.status, headers)
