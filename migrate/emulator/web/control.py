"""The control endpoint, plain HTTP on loopback: moves the clock and counts objects; reveals no secret."""

import json
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.web.common import json_response, read_body


class ControlRoutes:
    """Moves the clock and counts objects; reveals no secret."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [
            Route("/_control/advance", self._advance, methods=["POST"]),
            Route("/_control/clock", self._clock),
            Route("/_control/tenant", self._summary),
        ]

    async def _advance(self, request: Request) -> Response:
        try:
            seconds = _number(json.loads(await read_body(request) or b""))
            self._tenant.clock.advance(timedelta(seconds=seconds))
        except (ValueError, OverflowError, RecursionError):
            return json_response({"error": 'send {"seconds": N} with a number that is not negative'}, 400)
        return await self._clock(request)

    async def _clock(self, request: Request) -> Response:
        del request
        clock = self._tenant.clock
        return json_response({"now": clock.now().isoformat(), "start": clock.start.isoformat()})

    async def _summary(self, request: Request) -> Response:
        del request
        return json_response(summary(self._tenant))


def _number(body: object) -> float:
    seconds = body.get("seconds") if isinstance(body, dict) else None
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
