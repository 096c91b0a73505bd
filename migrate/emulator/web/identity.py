"""Managed-identity endpoints on the wire, plain HTTP on loopback: which paths there are, and the metadata service."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.identity_cache import Selector
from migrate.emulator.tokens.managed_identity import IdentityRefusedError, ManagedIdentityService
from migrate.emulator.tokens.refusals import RefusedError
from migrate.emulator.web.common import json_response
from migrate.emulator.web.identity_arc import ArcKeys, ArcRoutes
from migrate.emulator.web.identity_parts import (
    host_name,
    metadata_body,
    metadata_refusal,
    require_metadata_form,
    unreachable,
)
from migrate.emulator.web.identity_shell import ShellRoutes
from migrate.emulator.web.identity_sites import SiteRoutes

METADATA_PATH: Final = "/metadata/identity/oauth2/token"
_OLDEST: Final = "2018-02-01"


class IdentityRoutes:
    """The endpoints of every host; ``/hosts/{host}`` stands for the machine that a program runs on.

    The kind of a host decides which endpoints it has; without a host name all of them answer.
    """

    def __init__(
        self, tenant: Tenant, service: ManagedIdentityService, identity_header: str, arc_keys: ArcKeys
    ) -> None:
        self._tenant = tenant
        self._service = service
        self._sites = SiteRoutes(tenant, service, identity_header)
        self._arc = ArcRoutes(tenant, service, arc_keys)
        self._shell = ShellRoutes(tenant, service)

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        made: list[BaseRoute] = []
        for prefix in ("", "/hosts/{host}"):
            made.append(Route(prefix + METADATA_PATH, self._metadata))
            for part in (self._sites, self._arc, self._shell):
                made += part.routes(prefix)
        return made

    async def _metadata(self, request: Request) -> Response:
        """Answer as the Azure Instance Metadata Service; ``bypass_cache`` is accepted and bypasses nothing."""
        host, query = host_name(request), request.query_params
        if not self._service.serves(host, "vm", "aks"):
            return unreachable(request)
        selector = Selector(
            client_id=query.get("client_id"),
            object_id=query.get("object_id"),
            resource_id=query.get("msi_res_id") or query.get("mi_res_id"),
        )
        try:
            resource = require_metadata_form(request, oldest=_OLDEST)
            granted = self._service.token(host, resource, selector, default_to_only=True)
        except (IdentityRefusedError, RefusedError) as error:
            return metadata_refusal(self._tenant, error)
        return json_response(metadata_body(self._tenant, granted))
