"""One line for each request: what was asked, how it was answered, and who asked; never a token or a secret.

Of a query only the options of OData and the version are shown, and the names of all others: a client may send anything
there. The path stands as it does in a URL, so that nothing in it can be anything but a path.
"""

import logging
import time
import uuid
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrate.emulator.state.tenant import Tenant
from migrate.emulator.web.common import host_of

_LOG: Final = logging.getLogger("unsecret.emulator.requests")
_CALLER: Final = "emulator.caller"
_SHOWN: Final = frozenset({
    "$count", "$expand", "$filter", "$orderby", "$search", "$select", "$top", "api-version", "resource",
})  # fmt: skip
_PLAIN: Final = " :,()/*$='"
_LONGEST: Final = 300
_LONGEST_NAME: Final = 60


def note_caller(request: Request, app_id: str) -> None:
    """Say which application or identity asks, where it is known."""
    notes = request.scope.get(_CALLER)
    if notes is not None:
        notes.append(app_id)


class RequestLog:
    """Stands before everything else; costs nothing where nobody wants to see it."""

    def __init__(self, app: ASGIApp, tenant: Tenant) -> None:
        self._app = app
        self._tenant = tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http" or not _LOG.isEnabledFor(logging.DEBUG):
            await self._app(scope, receive, send)
            return
        callers: list[str] = []
        status: Any = "without an answer"
        began = time.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app({**scope, _CALLER: callers}, receive, watched)
        finally:
            milliseconds = (time.monotonic() - began) * 1000
            _LOG.debug("%s %s %.0f ms %s", _asked(scope), status, milliseconds, self._named(callers))

    def _named(self, callers: list[str]) -> str:
        """Name the caller: display name and client id, or the client id that nobody here has."""
        if not callers:
            return "-"
        app_id = _guid(callers[-1])
        if app_id is None:
            return "an unknown application"
        record = self._tenant.service_principals.with_app_id(app_id) or self._tenant.applications.with_app_id(app_id)
        return app_id if record is None else f"{record.display_name[:_LONGEST_NAME]!a} {app_id}"


def _guid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def _asked(scope: Scope) -> str:
    host = quote(host_of(Request(scope))[:_LONGEST], safe=":.-[]")
    path = quote(scope["path"], safe="/:@!$&'()*+,;=~")[:_LONGEST]
    return f"{scope['method']} {host}{path}{_query(scope['query_string'])}"


def _query(raw: bytes) -> str:
    pairs = parse_qsl(raw.decode("ascii", "replace")[: 16 * _LONGEST], keep_blank_values=True)
    told = [
        f"{quote(name, safe='$')}={quote(value, safe=_PLAIN) if name.lower() in _SHOWN else '...'}"
        for name, value in pairs
    ]
    return ("?" + "&".join(told))[:_LONGEST] if told else ""
