"""Clusters on the wire, plain HTTP on loopback: a pod's token, and the documents that publish an issuer's keys.

The address ``/_control/aks/NAME`` stands for the cluster; in reality its issuer's documents lie below the issuer URL,
and a token is a file that the cluster projects into the pod.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.errors import EmulatorError
from migrate.emulator.tokens.outside import SHORTEST, OutsideIssuers, discovery_document
from migrate.emulator.web.common import json_response


class ClusterRoutes:
    """Tokens and keys of the clusters."""

    def __init__(self, outside: OutsideIssuers) -> None:
        self._outside = outside

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        base = "/_control/aks/{cluster}"
        return [
            Route(f"{base}/token", self._token),
            Route(f"{base}/.well-known/openid-configuration", self._discovery),
            Route(f"{base}/openid/v1/jwks", self._keys),
        ]

    async def _token(self, request: Request) -> Response:
        query = request.query_params
        try:
            token = self._outside.service_account_token(
                request.path_params["cluster"],
                namespace=query.get("namespace", ""),
                service_account=query.get("service_account", ""),
                audience=query.get("audience", ""),
                life=_seconds(query.get("seconds", "")),
            )
        except EmulatorError as error:
            return json_response({"error": str(error)}, 400)
        return Response(token, media_type="text/plain")

    async def _discovery(self, request: Request) -> Response:
        return self._published(request, discovery_document)

    async def _keys(self, request: Request) -> Response:
        return self._published(request, lambda issuer: {"keys": self._outside.public_keys(issuer)})

    def _published(self, request: Request, document: Any) -> Response:
        try:
            return json_response(document(self._outside.issuer_of(request.path_params["cluster"])))
        except EmulatorError as error:
            return json_response({"error": str(error)}, 404)


def _seconds(text: str) -> int:
    """Read a lifetime; what is no number of seconds becomes one that is refused."""
    if not text:
        return SHORTEST
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len("1000000") else 0
