"""What is common to every answer, whichever service gives it."""

import json
import uuid
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrate.emulator.clock import VirtualClock

_LARGEST_BODY: Final = 4 * 1024 * 1024


def json_response(
    body: Mapping[str, Any] | list[Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Make a JSON answer."""
    try:
        content = msgspec.json.encode(body)
    except UnicodeEncodeError:  # a client's name may hold half a surrogate pair, which UTF-8 cannot
        content = json.dumps(body, separators=(",", ":")).encode()
    return Response(content, status, dict(headers or {}), "application/json")


async def read_body(request: Request) -> bytes | None:
    """Read a body, or give None for one that is too large or that the client broke off."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > _LARGEST_BODY:
                return None
            parts.append(part)
    except ClientDisconnect:
        return None
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


def guid_or_new(text: str | None) -> str:
    """Give a GUID that a client sent, or a new one when it sent none."""
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return str(uuid.uuid4())


def host_of(request: Request) -> str:
    """Give the host, and port, that the client asked for."""
    return request.headers.get("host", "localhost")
