"""Lets requests go wrong as a whole: slow, refused, reset, cut short, or refused for a token that is too old."""

import asyncio
import uuid
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrate.emulator.arm import bearer as arm_bearer
from migrate.emulator.faults.connection import reset
from migrate.emulator.faults.disturbance import Disturbance
from migrate.emulator.faults.model import Reset, Status, Truncate
from migrate.emulator.faults.refusals import is_graph, outage_body
from migrate.emulator.faults.retry_after import retry_after
from migrate.emulator.graph import bearer as graph_bearer
from migrate.emulator.graph.errors import error_body
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.web.common import json_response

_CONTROL: Final = "/_control"


class Faulty:
    """Stands before a service; the control endpoint is never disturbed."""

    def __init__(self, app: ASGIApp, tenant: Tenant) -> None:
        self._app = app
        self._tenant = tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        faults = self._tenant.faults
        if not faults.on_the_wire or scope["type"] != "http" or scope["path"].startswith(_CONTROL):
            await self._app(scope, receive, send)
            return
        authorization = Request(scope).headers.get("authorization", "")
        found = faults.disturb(scope["method"], scope["path"], authorization)
        if isinstance(found, Disturbance):
            await self._disturbed(found, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _disturbed(self, found: Disturbance, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(found.before)
        ending = found.ending
        if found.expired:
            await self._expired(scope)(scope, receive, send)
        elif isinstance(ending, Truncate):
            await self._truncated(ending, found.after, scope, receive, send)
        elif isinstance(ending, (Status, Reset)):
            if ending.when == "after":
                await self._app(scope, receive, _nowhere)
            await asyncio.sleep(found.after)
            if isinstance(ending, Reset):
                reset(scope)
            else:
                await self._outage(ending, scope)(scope, receive, send)
        else:
            await self._late(found.after, scope, receive, send)

    def _expired(self, scope: Scope) -> Response:
        request_id, now = str(uuid.uuid4()), self._tenant.clock.now()
        if is_graph(scope["path"]):
            refused = graph_bearer.expired()
            body = error_body(refused, now, request_id, request_id)
            return json_response(body, refused.status, {"request-id": request_id, **refused.headers})
        error = arm_bearer.expired(self._tenant, now.timestamp(), now.timestamp())
        return json_response(error.body(), error.status, {"x-ms-request-id": request_id, **error.headers})

    def _outage(self, fault: Status, scope: Scope) -> Response:
        request_id = str(uuid.uuid4())
        body = outage_body(scope["path"], fault.status, self._tenant.clock.now(), request_id)
        headers = {"request-id": request_id}
        if fault.retry_after is not None:
            headers["retry-after"] = retry_after(fault.retry_after, fault.retry_after_form)
        return json_response(body, fault.status, headers)

    async def _late(self, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await self._answer(scope, receive)
        await asyncio.sleep(seconds)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _truncated(self, fault: Truncate, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await self._answer(scope, receive)
        await asyncio.sleep(seconds)
        cut = body[: int(len(body) * fault.keep)]
        if fault.length == "cut":
            others = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            start["headers"] = [*others, (b"content-length", str(len(cut)).encode())]
        await send(start)
        # An answer that is never completed makes the server close the connection.
        await send({"type": "http.response.body", "body": cut, "more_body": fault.length == "whole" and cut != body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Let the service answer and keep the answer back."""
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        return start, b"".join(parts)


async def _nowhere(message: Message) -> None:
    """Take an answer that nobody gets."""
