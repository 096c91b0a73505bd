"""The HTTP surface: routes for each service, and what is common to every answer."""

import json
import uuid
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrate.emulator.clock import VirtualClock
from migrate.emulator.graph.bearer import identify
from migrate.emulator.graph.call import Call
from migrate.emulator.graph.errors import GraphError, error_body
from migrate.emulator.graph.router import dispatch
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.discovery import instance_discovery, openid_configuration
from migrate.emulator.tokens.endpoint import TokenEndpoint, TokenRequest, check_tenant, parse_form
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.tokens.refusals import RefusedError

_LARGEST_BODY: Final = 4 * 1024 * 1024
_NO_LOOKUP_PAGE: Final = (700038, 70003)
"""Codes whose recorded answers carry no error_uri."""
_METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


def json_response(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Make a JSON answer."""
    content = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    return Response(content, status, dict(headers or {}), "application/json")


async def read_body(request: Request) -> bytes | None:
    """Read a body, or give None for one that is too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


class CommonSurface:
    """Adds the virtual ``Date`` to every answer and collapses doubled slashes, which msgraph-sdk sends."""

    def __init__(self, app: ASGIApp, clock: VirtualClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", date)]
            await send(message)

        path = "/" + "/".join(part for part in scope["path"].split("/") if part)
        await self._app({**scope, "path": path}, receive, send_dated)


def _guid_or_new(text: str | None) -> str:
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return str(uuid.uuid4())


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
        return json_response(instance_discovery(self._tenant, _host(request)))

    async def _openid(self, request: Request) -> Response:
        try:
            return json_response(openid_configuration(self._tenant, request.path_params["tenant"], _host(request)))
        except RefusedError as refused:
            return self._refusal(request, refused, _guid_or_new(request.headers.get("client-request-id")))

    async def _jwks(self, request: Request) -> Response:
        del request
        return json_response({"keys": self._keys.public_keys(self._tenant.cloud.issuer(self._tenant.id))})

    async def _token(self, request: Request) -> Response:
        body = await read_body(request)
        correlation = _guid_or_new(request.headers.get("client-request-id"))
        try:
            check_tenant(self._tenant, request.path_params["tenant"])
            answer = self._endpoint.answer(
                TokenRequest(
                    tenant_name=request.path_params["tenant"],
                    form=parse_form(body or b"", request.headers.get("authorization")),
                    host=_host(request),
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


class GraphRoutes:
    """Microsoft Graph."""

    def __init__(self, tenant: Tenant, keys: SigningKeys) -> None:
        self._tenant = tenant
        self._keys = keys

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [
            Route(f"/{version}/{{path:path}}", self._answer, methods=list(_METHODS)) for version in ("v1.0", "beta")
        ]

    async def _answer(self, request: Request) -> Response:
        body = await read_body(request)
        request_id = str(uuid.uuid4())
        client_id = _guid_or_new(request.headers.get("client-request-id"))
        headers = {"request-id": request_id, "client-request-id": client_id, "odata-version": "4.0"}
        try:
            reply = dispatch(self._call(request, body), request.method)
        except GraphError as error:
            content = error_body(error, self._tenant.clock.now(), request_id, client_id)
            return json_response(content, error.status, headers)
        if isinstance(reply.body, str) or reply.body is None:
            return Response(reply.body, reply.status, {**headers, **reply.headers})
        return json_response(reply.body, reply.status, {**headers, **reply.headers})

    def _call(self, request: Request, body: bytes | None) -> Call:
        caller = identify(self._tenant, self._keys, request.headers.get("authorization"))
        if body is None:
            raise GraphError(413, "RequestBodyTooLarge", "The request body is too large.")
        path = request.url.path.strip("/")
        return Call(
            tenant=self._tenant,
            caller=caller,
            version=path.partition("/")[0],
            base=f"https://{_host(request)}",
            path=path,
            query=dict(request.query_params),
            headers=request.headers,
            body=body,
        )


def _host(request: Request) -> str:
    return request.headers.get("host", "localhost")


def make_app(clock: VirtualClock, routes: list[BaseRoute]) -> ASGIApp:
    """Put routes and the common surface together."""
    return CommonSurface(Starlette(routes=routes), clock)
