"""The identity endpoint of a server connected with Azure Arc: a challenge that only who reads a file can meet.

Source: page "Authenticate against Azure resources with Azure Arc-enabled servers": the first request is answered with
401 and the path of a key file, whose content goes into the second. The body of the 401 is recorded. azure-identity and
msal insist on the folder of Microsoft's agent, the ending ``.key`` and at most 4,096 bytes (read in their source).
Assumed: a key opens once, and the answer to a request for a user-assigned identity, which the page does not offer;
older agents ignore the wish and give the machine's own identity (read in msal), newer ones refuse it.
"""

import hmac
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.identity_cache import Selector
from migrate.emulator.tokens.managed_identity import IdentityRefusedError, ManagedIdentityService
from migrate.emulator.tokens.refusals import RefusedError
from migrate.emulator.web.common import json_response
from migrate.emulator.web.identity_parts import (
    host_name,
    metadata_body,
    metadata_refusal,
    require_metadata_form,
    unreachable,
)

ARC_PREFIX: Final = "/arc"
_PATH: Final = f"{ARC_PREFIX}/metadata/identity/oauth2/token"
_OLDEST: Final = "2019-08-15"
_SELECTORS: Final = ("client_id", "object_id", "principal_id", "msi_res_id", "mi_res_id")
_MOST_PENDING: Final = 100


def agent_folder() -> Path:
    """Give the folder in which clients look for key files."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", "C:/ProgramData"), "AzureConnectedMachineAgent", "Tokens")
    return Path("/var/opt/azcmagent/tokens")


class ArcKeys:
    """Key files that wait to be read; nothing is written before the first challenge, and ``close`` removes all.

    ``folder`` is by default the one that clients insist on, which takes a privileged user to make. Where it cannot be
    written, ``otherwise`` is used, and clients will refuse the file's place as they would any wrong one.
    """

    def __init__(self, folder: Path | None = None, otherwise: Path | None = None) -> None:
        self._folders = tuple(place for place in (folder or agent_folder(), otherwise) if place is not None)
        self._pending: dict[Path, str] = {}
        self._made: list[Path] = []

    def challenge(self) -> Path | None:
        """Write a new key and give its file, or None when it can be written nowhere."""
        if len(self._pending) >= _MOST_PENDING:
            self._drop(next(iter(self._pending)))
        for folder in self._folders:
            with suppress(OSError):
                return self._written(folder)
        return None

    def is_met_by(self, authorization: str) -> bool:
        """Whether a request carries the content of a pending key, which is then used up."""
        scheme, _, content = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        for place, key in tuple(self._pending.items()):
            if hmac.compare_digest(content.strip().encode(), key.encode()):
                self._drop(place)
                return True
        return False

    def close(self) -> None:
        """Remove the files, and the folders that were made for them."""
        for place in tuple(self._pending):
            self._drop(place)
        for folder in reversed(self._made):
            with suppress(OSError):
                folder.rmdir()
        self._made.clear()

    def _written(self, folder: Path) -> Path:
        self._make(folder)
        place, key = folder / f"{fresh_guid()}.key", secrets.token_urlsafe(48)
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(key)
        self._pending[place] = key
        return place

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        self._made.append(folder)

    def _drop(self, place: Path) -> None:
        del self._pending[place]
        with suppress(OSError):
            place.unlink()


class ArcRoutes:
    """The endpoint of Arc's agent, system-assigned identities only."""

    def __init__(self, tenant: Tenant, service: ManagedIdentityService, keys: ArcKeys) -> None:
        self._tenant = tenant
        self._service = service
        self._keys = keys

    def routes(self, prefix: str) -> list[BaseRoute]:
        """List the routes below a prefix."""
        return [Route(prefix + _PATH, self._token)]

    async def _token(self, request: Request) -> Response:
        host = host_name(request)
        if not self._service.serves(host, "arc"):
            return unreachable(request)
        try:
            resource = require_metadata_form(request, oldest=_OLDEST)
            if not self._keys.is_met_by(request.headers.get("authorization", "")):
                return self._challenge()
            if any(request.query_params.get(name) for name in _SELECTORS):
                return json_response({"error": "identity_not_found", "error_description": "Identity not found"}, 404)
            granted = self._service.token(host, resource, Selector(), default_to_only=False)
        except (IdentityRefusedError, RefusedError) as error:
            return metadata_refusal(self._tenant, error)
        return json_response(metadata_body(self._tenant, granted))

    def _challenge(self) -> Response:
        place = self._keys.challenge()
        if place is None:
            return json_response({"error": "server_error", "error_description": "The key file cannot be written"}, 503)
        body = {
            "error": "unauthorized_client",
            "error_description": "Missing Basic Authorization header",
            "error_codes": [401],
            "timestamp": f"{self._tenant.clock.now():%Y-%m-%d %H:%M:%SZ}",
            "trace_id": fresh_guid(),
            "correlation_id": fresh_guid(),
        }
        return json_response(body, 401, {"www-authenticate": f"Basic realm={place}"})
