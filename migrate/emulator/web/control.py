"""The control endpoint, plain HTTP on loopback: faults, the clock, and how much the tenant holds; reveals no secret."""

import json
from datetime import timedelta
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from migrate.emulator.clock import LATEST, ClockError, read_moment
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import FaultPlanError, read_json
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.web.common import json_response, read_body

_PATH: Final = "/_control"
_OWN_NAMES: Final = ("127.0.0.1", "localhost")


class OwnMachineOnly:
    """Refuses requests to the control endpoint that a page in a browser could have made.

    A page of another site shows by its ``Origin``, and one that had its own host name resolve to this machine (DNS
    rebinding) by its ``Host``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] == "http" and scope["path"].startswith(_PATH) and not _is_own(Headers(scope=scope)):
            refusal = json_response({"error": "the control endpoint answers to programs on this machine only"}, 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_own(headers: Headers) -> bool:
    host, origin = headers.get("host", ""), headers.get("origin")
    return host.partition(":")[0].lower() in _OWN_NAMES and origin in (None, f"http://{host}")


class ControlRoutes:
    """Sets faults, moves the clock and counts objects; reveals no secret."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [
            Route("/_control/advance", self._advance, methods=["POST"]),
            Route("/_control/clock", self._clock, methods=["GET"]),
            Route("/_control/clock", self._set_clock, methods=["POST"]),
            Route("/_control/faults", self._faults, methods=["GET"]),
            Route("/_control/faults", self._set_faults, methods=["PUT"]),
            Route("/_control/faults", self._end_faults, methods=["DELETE"]),
            Route("/_control/tenant", self._summary),
        ]

    async def _advance(self, request: Request) -> Response:
        try:
            seconds = _seconds(json.loads(await read_body(request) or b""))
        except (ValueError, RecursionError):
            return json_response({"error": 'send {"seconds": N} as JSON, and no other unit'}, 400)
        clock = self._tenant.clock
        try:
            clock.advance(timedelta(seconds=seconds))
        except (ValueError, OverflowError):
            most = int((LATEST - clock.now()).total_seconds())
            reason = f"seconds must be from 0 to {most}: the clock moves forward only, up to the year 8999"
            return json_response({"error": f"{reason}; it is {clock.now().isoformat()}"}, 400)
        return await self._clock(request)

    async def _clock(self, request: Request) -> Response:
        del request
        clock = self._tenant.clock
        return json_response({"now": clock.now().isoformat(), "start": clock.start.isoformat()})

    async def _set_clock(self, request: Request) -> Response:
        try:
            moment = read_moment(_text(json.loads(await read_body(request) or b""), "now"))
        except ClockError as error:
            return json_response({"error": str(error)}, 400)
        except (ValueError, RecursionError):
            return json_response({"error": 'send {"now": "2026-05-01T12:00:00Z"}'}, 400)
        try:
            self._tenant.clock.advance_to(moment)
        except (ValueError, OverflowError):
            now = self._tenant.clock.now().isoformat()
            return json_response({"error": f"the clock moves forward only, up to the year 8999; it is {now}"}, 400)
        return await self._clock(request)

    async def _faults(self, request: Request) -> Response:
        del request
        return json_response(self._tenant.faults.shown())

    async def _set_faults(self, request: Request) -> Response:
        raw = await read_body(request)
        if raw is None:
            return json_response({"error": "the document is larger than 4 MiB"}, 413)
        try:
            install(self._tenant, read_json(raw))
        except FaultPlanError as error:
            return json_response({"error": str(error)}, 400)
        return await self._faults(request)

    async def _end_faults(self, request: Request) -> Response:
        remove(self._tenant)
        return await self._faults(request)

    async def _summary(self, request: Request) -> Response:
        del request
        return json_response(summary(self._tenant))


def _text(body: object, name: str) -> str:
    text = body.get(name) if isinstance(body, dict) else None
    if isinstance(text, str):
        return text
    raise ValueError(f"{name} must be a text")


def _seconds(body: object) -> float:
    """Read the only thing that may be said; anything beside it was meant to count and would not."""
    seconds = body.get("seconds") if isinstance(body, dict) and len(body) == 1 else None
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
