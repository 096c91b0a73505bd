"""Microsoft Graph on the wire."""

import uuid
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.graph.bearer import identify
from migrate.emulator.graph.call import Call
from migrate.emulator.graph.errors import GraphError, UnservedError, error_body
from migrate.emulator.graph.odata.options import parse_query
from migrate.emulator.graph.router import dispatch
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.web.common import guid_or_new, host_of, json_response, read_body
from migrate.emulator.web.request_log import note_caller
from migrate.emulator.web.unserved import mark_unserved

_METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


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
        client_id = guid_or_new(request.headers.get("client-request-id"))
        headers = {"request-id": request_id, "client-request-id": client_id, "odata-version": "4.0"}
        try:
            reply = dispatch(self._call(request, body, request_id, client_id), request.method)
        except GraphError as error:
            if isinstance(error, UnservedError):
                mark_unserved(request)
            content = error_body(error, self._tenant.clock.now(), request_id, client_id)
            return json_response(content, error.status, {**headers, **error.headers})
        if isinstance(reply.body, str) or reply.body is None:
            return Response(reply.body, reply.status, {**headers, **reply.headers})
        return json_response(reply.body, reply.status, {**headers, **reply.headers})

    def _call(self, request: Request, body: bytes | None, request_id: str, client_id: str) -> Call:
        caller = identify(self._tenant, self._keys, request.headers.get("authorization"))
        note_caller(request, caller.app_id)
        if body is None:
            raise GraphError(413, "RequestBodyTooLarge", "The request body is too large.")
        # The path as it was sent: a key in it may hold an escaped slash, question mark or percent sign.
        path = "/".join(filter(None, request.scope["raw_path"].decode("ascii", "replace").split("/")))
        return Call(
            tenant=self._tenant,
            caller=caller,
            version=path.partition("/")[0],
            base=f"https://{host_of(request)}",
            path=path,
            query=parse_query(request.url.query),
            headers=request.headers,
            body=body,
            request_id=request_id,
            client_request_id=client_id,
            takes_raw=True,
        )
