"""Which service answers under which host name.

Over a real name only that service answers, so that a client with a wrong endpoint fails as it would in reality;
``localhost`` serves all of them by path. The names of the other clouds belong to services that have never heard of this
tenant.
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from migrate.emulator.clouds import clouds
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.web.common import host_of, json_response


class HostSwitch:
    """Sends a request to the application that its ``Host`` header names."""

    def __init__(self, by_host: Mapping[str, ASGIApp], by_domain: Mapping[str, ASGIApp], otherwise: ASGIApp) -> None:
        self._by_host = by_host
        self._by_domain = by_domain
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        host = host_of(Request(scope)) if scope["type"] == "http" else ""
        name = (host.rpartition(":")[0] or host).lower()
        served = self._by_host.get(name) or self._by_domain.get(name.partition(".")[2], self._otherwise)
        await served(scope, receive, send)


def by_service(
    tenant: Tenant,
    *,
    login: list[BaseRoute],
    graph: list[BaseRoute],
    arm: list[BaseRoute],
    vaults: list[BaseRoute],
    strangers: list[BaseRoute],
) -> HostSwitch:
    """Put the services of a tenant under the names of its cloud, and of the others ``strangers`` and refusals.

    Each vault has a name of its own, below the domain of the cloud's vaults.
    """
    apps: dict[str, ASGIApp] = {}
    away = Starlette(routes=[Route("/{path:path}", _foreign_token, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])])
    foreign_login = Starlette(routes=strangers)
    for cloud in clouds():
        ours = cloud.name == tenant.cloud.name
        apps |= dict.fromkeys(cloud.login_hosts, Starlette(routes=login) if ours else foreign_login)
        apps |= dict.fromkeys(cloud.graph_hosts, Starlette(routes=graph) if ours else away)
        apps[cloud.arm_host] = Starlette(routes=arm) if ours else away
    by_domain: dict[str, ASGIApp] = {tenant.cloud.vault_domain: Starlette(routes=vaults)}
    return HostSwitch(apps, by_domain, Starlette(routes=[*graph, *login, *arm]))


async def _foreign_token(request: Request) -> Response:
    """Refuse a token of this tenant's cloud at another cloud's service (the text is assumed)."""
    del request
    error = {"code": "InvalidAuthenticationToken", "message": "Access token validation failure. Invalid issuer."}
    return json_response({"error": error}, 401)
