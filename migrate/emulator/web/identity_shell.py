"""Azure Cloud Shell's identity endpoint: a form in, and a short list of audiences that does not hold the exchange.

Both the refusal and the list are recorded. In reality the token is that of the person who opened the shell; here it is
that of an identity of the host, as there are no signed-in people (assumed).
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.identity_cache import Selector
from migrate.emulator.tokens.managed_identity import IdentityRefusedError, ManagedIdentityService
from migrate.emulator.tokens.requests import parse_form
from migrate.emulator.web.common import json_response, read_body
from migrate.emulator.web.identity_parts import host_name, metadata_body

SHELL_PATH: Final = "/oauth2/token"
_AUDIENCES: Final = ("Microsoft Graph", "Windows Azure Service Management API", "Azure Key Vault", "Azure Storage")
_LONGEST_SHOWN: Final = 500


class ShellRoutes:
    """The endpoint behind MSI_ENDPOINT where no MSI_SECRET is set."""

    def __init__(self, tenant: Tenant, service: ManagedIdentityService) -> None:
        self._tenant = tenant
        self._service = service

    def routes(self, prefix: str) -> list[BaseRoute]:
        """List the routes below a prefix."""
        return [Route(prefix + SHELL_PATH, self._token, methods=["POST"])]

    async def _token(self, request: Request) -> Response:
        if request.headers.get("metadata", "").lower() != "true":
            return _refused("InvalidRequest", "Required metadata header not specified")
        wanted = parse_form(await read_body(request) or b"", None).get("resource", "")
        resource = self._tenant.resource_named(wanted)
        if resource is None or resource.display_name not in _AUDIENCES:
            shown = wanted[:_LONGEST_SHOWN]
            return _refused("AudienceNotSupported", f"Audience {shown} is not a supported MSI token audience.")
        try:
            granted = self._service.token(host_name(request), wanted, Selector(), default_to_only=True)
        except IdentityRefusedError as refused:
            return _refused("InvalidRequest", refused.description)
        return json_response(metadata_body(self._tenant, granted))


def _refused(code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, 400)
