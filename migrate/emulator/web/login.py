"""The authority on the wire: discovery, keys and the token endpoints.

The headers are those of recorded answers, without cookies and the name of the server that answered.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.discovery import instance_discovery, openid_configuration
from migrate.emulator.tokens.endpoint import TokenEndpoint
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.tokens.refusals import Refusal, RefusedError, refusal_body
from migrate.emulator.tokens.requests import SHARED_TENANTS, TokenRequest, Version, check_tenant, parse_form
from migrate.emulator.web.common import guid_or_new, host_of, json_response, read_body
from migrate.emulator.web.request_log import note_caller

_ALWAYS: Final = {
    "content-type": "application/json; charset=utf-8",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "p3p": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    "x-xss-protection": "0",
}
_NOT_STORED: Final = {"cache-control": "no-store, no-cache", "pragma": "no-cache", "expires": "-1"}
_PUBLISHED: Final = {
    "cache-control": "max-age=86400, private",
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, OPTIONS",
}
_OWN_ID: Final = "client-request-id"
_ANY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_VERSIONS: Final[tuple[tuple[Version, str], ...]] = (("2.0", "/v2.0"), ("1.0", ""))

Handler = Callable[[Request], Awaitable[Response]]


class LoginRoutes:
    """The authority: discovery, keys and the token endpoints."""

    def __init__(self, tenant: Tenant, keys: SigningKeys, endpoint: TokenEndpoint) -> None:
        self._tenant = tenant
        self._keys = keys
        self._endpoint = endpoint

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        routes: list[BaseRoute] = [Route("/common/discovery/instance", self._guarded(self._instance))]
        for version, path in _VERSIONS:
            openid, token = self._guarded(self._openid(version)), self._guarded(self._token(version))
            routes += [
                Route(f"/{{tenant}}{path}/.well-known/openid-configuration", openid),
                Route(f"/{{tenant}}/discovery{path}/keys", self._guarded(self._jwks)),
                Route(f"/{{tenant}}/oauth2{path}/token", token, methods=_ANY_METHOD),
            ]
        return routes

    def stranger_routes(self) -> list[BaseRoute]:
        """List the routes of another cloud's authority, which does not know this tenant."""
        unknown = self._guarded(self._unknown)
        routes: list[BaseRoute] = [Route("/common/discovery/instance", self._guarded(self._instance))]
        for _, path in _VERSIONS:
            routes += [
                Route(f"/{{tenant}}{path}/.well-known/openid-configuration", unknown),
                Route(f"/{{tenant}}/oauth2{path}/token", unknown, methods=["POST"]),
            ]
        return routes

    def _guarded(self, handler: Handler) -> Handler:
        """Turn refusals into the authority's error answers."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except RefusedError as refused:
                return self._refusal(request, refused)

        return answer

    async def _unknown(self, request: Request) -> Response:
        raise RefusedError(Refusal.UNKNOWN_TENANT, tenant=request.path_params["tenant"])

    async def _instance(self, request: Request) -> Response:
        asked = request.query_params.get("authorization_endpoint", "")
        return _answer(request, instance_discovery(host_of(request), asked), headers=_PUBLISHED)

    def _openid(self, version: Version) -> Handler:
        async def answer(request: Request) -> Response:
            segment = request.path_params["tenant"]
            document = openid_configuration(self._tenant, segment, host_of(request), version)
            return _answer(request, document, headers=_PUBLISHED)

        return answer

    async def _jwks(self, request: Request) -> Response:
        segment = request.path_params["tenant"]
        shared = segment.lower() in SHARED_TENANTS
        if not shared:
            check_tenant(self._tenant, segment)
        issuer = self._tenant.cloud.issuer("{tenantid}" if shared else self._tenant.id)
        return _answer(request, {"keys": self._keys.public_keys(issuer)}, headers=_PUBLISHED)

    def _token(self, version: Version) -> Handler:
        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(None, 200, {"allow": "POST, OPTIONS"})
            if request.method != "POST":
                raise RefusedError(Refusal.ONLY_POST, method=request.method)
            body = self._endpoint.answer(await self._asked(request, version))
            return _answer(request, body, headers=_NOT_STORED)

        return answer

    async def _asked(self, request: Request, version: Version) -> TokenRequest:
        body = await read_body(request)
        check_tenant(self._tenant, request.path_params["tenant"])
        if body is None:
            raise RefusedError(Refusal.BODY_TOO_LARGE)
        headers = request.headers
        form = parse_form(body, headers.get("authorization"), headers.get("content-type"))
        if form.get("client_id"):
            note_caller(request, form["client_id"])
        return TokenRequest(
            tenant_name=request.path_params["tenant"],
            form=form,
            host=host_of(request),
            ip_address=request.client.host if request.client else "127.0.0.1",
            correlation_id=_correlation(request, form.get(_OWN_ID)),
            version=version,
        )

    def _refusal(self, request: Request, refused: RefusedError) -> Response:
        cloud, now = self._tenant.cloud, self._tenant.clock.now()
        body = refusal_body(refused, now, cloud.login_host, _correlation(request))
        return _answer(request, body, refused.status, {**_NOT_STORED, "x-ms-request-id": body["trace_id"]})


def _answer(
    request: Request, body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    echoed = {_OWN_ID: _correlation(request)} if request.headers.get(_OWN_ID) else {}
    return json_response(body, status, {**_ALWAYS, "x-ms-request-id": fresh_guid(), **echoed, **(headers or {})})


def _correlation(request: Request, in_form: str | None = None) -> str:
    """Give the client's own request id, or one that stays the same for this request.

    Clients send theirs as a header; those for JavaScript put it into the form (recorded).
    """
    if not hasattr(request.state, "correlation_id"):
        request.state.correlation_id = guid_or_new(request.headers.get(_OWN_ID) or in_form)
    return str(request.state.correlation_id)
