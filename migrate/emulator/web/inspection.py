"""What a running emulator tells about itself on the control endpoint: what was asked for in vain, and environments.

An environment holds a secret, so it is given only to who holds the key that lies beside the emulator's announcement,
which nobody but its user can read.
"""

import hmac
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.announcement import KEY_HEADER
from migrate.emulator.errors import NotInTenantError
from migrate.emulator.proxy import Proxy
from migrate.emulator.web.common import json_response
from migrate.emulator.web.unserved import Unserved

HandOut = Callable[[str, bool], dict[str, Any]]
"""Gives the environment of an application by name (empty: the operator), and by explicit endpoints or not."""


class InspectionRoutes:
    """Refused hosts, unserved requests, and the environment of an application."""

    def __init__(self, *, proxy: Proxy, unserved: Unserved, hand_out: HandOut, key: str) -> None:
        self._proxy = proxy
        self._unserved = unserved
        self._hand_out = hand_out
        self._key = key.encode()

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [
            Route("/_control/proxy", self._refused_hosts),
            Route("/_control/gaps", self._gaps),
            Route("/_control/environment", self._environment),
        ]

    async def _refused_hosts(self, request: Request) -> Response:
        del request
        return json_response({"refused": self._proxy.refused})

    async def _gaps(self, request: Request) -> Response:
        del request
        return json_response({"requests": self._unserved.rows(), "hosts": self._proxy.refused})

    async def _environment(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, "").encode(), self._key):
            return json_response({"error": "the key of the announcement is missing or wrong"}, 403)
        query = request.query_params
        try:
            return json_response(self._hand_out(query.get("app", ""), query.get("direct") == "true"))
        except NotInTenantError as missing:
            return json_response({"error": str(missing)}, 404)
