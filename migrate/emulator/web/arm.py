"""Azure Resource Manager on the wire."""

import uuid
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.arm.bearer import identify
from migrate.emulator.arm.call import ArmCall, ArmReply, Services
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.arm.limits import Limits
from migrate.emulator.arm.metadata import metadata
from migrate.emulator.arm.results import ResultCache
from migrate.emulator.arm.router import dispatch, is_served
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.web.common import guid_or_new, host_of, json_response, read_body
from migrate.emulator.web.request_log import note_caller
from migrate.emulator.web.unserved import mark_unserved

_METHODS: Final = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
_ROOTS: Final = ("subscriptions", "providers", "tenants")
_LEFT: Final = "x-ms-ratelimit-remaining-subscription-"
_READS_LEFT: Final = {f"{_LEFT}reads": "249", f"{_LEFT}global-reads": "3749"}
_WRITES_LEFT: Final = {f"{_LEFT}writes": "199", f"{_LEFT}global-writes": "2999"}
_OWN_LEFT: Final = {f"{_LEFT}resource-requests": "11999"}
"""What public traces show of the settings of sites, which have limits of their own. Nothing is counted here."""


class ArmRoutes:
    """Azure Resource Manager and Azure Resource Graph."""

    def __init__(self, tenant: Tenant, keys: SigningKeys) -> None:
        self._tenant = tenant
        self._keys = keys
        self._services = Services(limits=Limits(), results=ResultCache())

    def routes(self) -> list[BaseRoute]:
        """List the routes; paths compare without case, so the first segment comes in the spellings that clients use."""
        methods = list(_METHODS)
        shown = [Route("/metadata/endpoints", self._metadata)]
        for root in _ROOTS:
            for spelling in (root, root.capitalize(), root.upper()):
                shown.append(Route(f"/{spelling}", self._answer, methods=methods))
                shown.append(Route(f"/{spelling}/{{path:path}}", self._answer, methods=methods))
        return list(shown)

    async def _metadata(self, request: Request) -> Response:
        return json_response(metadata(self._tenant, host_of(request), request.query_params.get("api-version", "")))

    async def _answer(self, request: Request) -> Response:
        body = await read_body(request)
        headers = self._headers(request)
        try:
            call = self._call(request, body)
            if not is_served(call.path):
                mark_unserved(request)
            reply = dispatch(call)
        except ArmError as error:
            reply = ArmReply(status=error.status, body=error.body(), headers=error.headers)
        if reply.text is not None:
            return Response(reply.text, reply.status, {**headers, **reply.headers}, media_type="application/xml")
        if reply.body is None or request.method == "HEAD":
            return Response(None, reply.status, {**headers, **reply.headers})
        return json_response(reply.body, reply.status, {**headers, **reply.headers})

    def _headers(self, request: Request) -> dict[str, str]:
        request_id = str(uuid.uuid4())
        shown = {
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": guid_or_new(request.headers.get("x-ms-correlation-request-id")),
            "x-ms-routing-request-id": f"WESTEUROPE:{self._tenant.clock.now():%Y%m%dT%H%M%SZ}:{request_id}",
            "cache-control": "no-cache",
            "pragma": "no-cache",
        }
        if request.method in ("GET", "HEAD"):
            return {**shown, **_READS_LEFT}
        is_settings = request.scope["path"].endswith("/list") and "/microsoft.web/" in request.scope["path"].lower()
        return {**shown, **(_OWN_LEFT if is_settings else _WRITES_LEFT)}

    def _call(self, request: Request, body: bytes | None) -> ArmCall:
        caller = identify(self._tenant, self._keys, request.headers.get("authorization"))
        note_caller(request, caller.app_id)
        if body is None:
            raise ArmError(413, "RequestEntityTooLarge", "The request content is larger than 4194304 bytes.")
        return ArmCall(
            tenant=self._tenant,
            caller=caller,
            services=self._services,
            method=request.method,
            base=f"https://{host_of(request)}",
            path=request.scope["path"],
            query={name.lower(): value for name, value in request.query_params.items()},
            body=body,
        )
