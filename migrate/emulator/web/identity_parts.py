"""What the managed-identity endpoints have in common on the wire."""

import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
from migrate.emulator.tokens.identity_cache import IdentityToken
from migrate.emulator.tokens.managed_identity import IdentityRefusedError
from migrate.emulator.tokens.refusals import RefusedError, refusal_body
from migrate.emulator.web.common import json_response

_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def host_name(request: Request) -> str:
    """Give the host that the program runs on, empty for the jump host."""
    return str(request.path_params.get("host", ROOT_HOST))


def require_metadata_form(request: Request, *, oldest: str) -> str:
    """Refuse what the metadata service refuses in a request's form, and give the resource asked for.

    Page "Azure Instance Metadata Service": the header Metadata must be true (text recorded) and X-Forwarded-For absent.
    Assumed: the texts for the others, and that every version from ``oldest`` on is known.
    """
    query = request.query_params
    if request.headers.get("metadata", "").lower() != "true":
        raise _refused("Required metadata header not specified")
    if "x-forwarded-for" in request.headers:
        raise _refused("Required X-Forwarded-For header must not be specified")
    for name in ("api-version", "resource"):
        if not query.get(name):
            raise _refused(f"Required query variable '{name}' is missing")
    version = query["api-version"]
    if not _VERSION.fullmatch(version) or version < oldest:
        raise _refused("The api-version is invalid")
    return query["resource"]


def _refused(description: str) -> IdentityRefusedError:
    return IdentityRefusedError(description, named=False)


def metadata_refusal(tenant: Tenant, error: IdentityRefusedError | RefusedError) -> Response:
    """Word a refusal as the metadata service does; a wrong resource as the authority's own answer, passed on."""
    if isinstance(error, RefusedError):
        cloud = tenant.cloud
        host = "westeurope.login.microsoft.com" if cloud.name == "public" else cloud.login_host
        body = refusal_body(error, tenant.clock.now(), host, fresh_guid(), separator="\r\n")
        return json_response(body, error.status)
    return json_response({"error": "invalid_request", "error_description": error.description}, 400)


def metadata_body(tenant: Tenant, granted: IdentityToken) -> dict[str, Any]:
    """Give a token as the metadata service does: every value a text (documented)."""
    lasts = str(granted.expires_on - tenant.clock.timestamp())
    return {
        "access_token": granted.token,
        "client_id": granted.client_id,
        "expires_in": lasts,
        "expires_on": str(granted.expires_on),
        "ext_expires_in": lasts,
        "not_before": str(granted.not_before),
        "refresh_token": "",
        "resource": granted.resource,
        "token_type": "Bearer",
    }


def unreachable(request: Request) -> Response:
    """Answer on behalf of an endpoint that this kind of host does not have.

    In reality nothing listens there; this is the answer of a proxy that says so, which azure-identity knows and gives
    up at once (read in its source).
    """
    message = f"connecting to the endpoint {request.url.path}: the network is unreachable from this kind of host"
    return Response(message, 403, media_type="text/plain")
