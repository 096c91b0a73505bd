"""Token requests as they arrive: form, tenant, and what the client wants a token for.

Sources: page "Microsoft identity platform and the OAuth 2.0 client credentials flow" for the v2.0 endpoint, page "Azure
AD v1.0 endpoint: service to service calls using client credentials" for the v1.0 endpoint (``resource`` in the place of
``scope``, numbers as texts in the answer).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote_plus

from migrate.emulator.state.records import Resource
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.refusals import Refusal, RefusedError

Version = Literal["1.0", "2.0"]

SHARED_TENANTS: Final = ("common", "organizations", "consumers")
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_LONGEST_SHOWN: Final = 500
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"(?=.{3,253}\Z)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token request as it arrived."""

    tenant_name: str
    form: Mapping[str, str] = field(repr=False)
    host: str
    ip_address: str
    correlation_id: str
    version: Version = "2.0"
    """Which endpoint it came to; the version of the token depends on the resource alone."""


def parse_form(body: bytes, authorization: str | None, content_type: str | None = None) -> dict[str, str]:
    """Read a form-encoded body; HTTP Basic (RFC 6749 section 2.3.1) stands for client_id and client_secret.

    A body that says it is something else counts as empty, so that the first required parameter is missed (assumed).
    """
    kind = (content_type or _FORM).partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8", "replace") if kind == _FORM else ""
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        pairs = []
    form = dict(reversed(pairs))  # of a repeated field the first counts
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        form |= _basic(encoded.strip())
    return form


def _basic(encoded: str) -> dict[str, str]:
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return {}
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}


def require(form: Mapping[str, str], *names: str) -> None:
    """Refuse a form that lacks one of these fields, or has it empty."""
    for name in names:
        if not form.get(name):
            raise RefusedError(Refusal.PARAMETER_MISSING, name=name)


def check_tenant(tenant: Tenant, name: str) -> None:
    """Refuse a tenant segment that does not name this tenant."""
    if name.lower() in SHARED_TENANTS:
        raise RefusedError(Refusal.NO_TENANT_NAMED)
    if tenant.answers_to(name):
        return
    if _GUID.fullmatch(name) or _DOMAIN.fullmatch(name):
        raise RefusedError(Refusal.UNKNOWN_TENANT, tenant=name)
    raise RefusedError(Refusal.TENANT_NOT_A_NAME, tenant=name[:_LONGEST_SHOWN])


def is_guid(text: str) -> bool:
    """Whether a text is written like a GUID."""
    return _GUID.fullmatch(text) is not None


def accepted_audiences(tenant: Tenant, host: str, tenant_name: str) -> tuple[str, ...]:
    """List the audiences of a certificate assertion: token URLs as the client saw them and as the cloud calls them."""
    names = dict.fromkeys((host, *tenant.cloud.login_hosts))
    bases = [f"https://{name}/{segment}" for name in names for segment in (tenant_name, tenant.id)]
    endings = ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/")
    return tuple(f"{base}{ending}" for base in bases for ending in endings)


def wanted_resource(tenant: Tenant, request: TokenRequest) -> Resource:
    """Find what a token is wanted for."""
    if request.version == "2.0":
        return _by_scope(tenant, request.form["scope"])
    named = request.form["resource"]
    resource = tenant.resource_named(named)
    if resource is None:
        raise _unknown(tenant, named)
    return resource


def _by_scope(tenant: Tenant, scope: str) -> Resource:
    if len(scope.split()) != 1:
        raise RefusedError(Refusal.SCOPE_NOT_VALID, scope=scope[:_LONGEST_SHOWN])
    name, slash, last = scope.rpartition("/")
    resource = tenant.resource_named(name)
    if slash and last == ".default" and resource is not None:
        return resource
    # A known resource without the suffix is a wrong scope; anything else is taken whole for a resource's name, as the
    # recorded answer to "api://AzureADTokenExchange./default" shows.
    if last != ".default" and (resource or tenant.resource_named(scope)):
        raise RefusedError(Refusal.SCOPE_NOT_DEFAULT, scope=scope[:_LONGEST_SHOWN])
    raise _unknown(tenant, name if last == ".default" else scope)


def _unknown(tenant: Tenant, name: str) -> RefusedError:
    return RefusedError(Refusal.UNKNOWN_RESOURCE, resource=name[:_LONGEST_SHOWN], tenant=tenant.display_name)


def capabilities(form: Mapping[str, str]) -> tuple[str, ...]:
    """Read the client capabilities out of ``claims`` (page "Claims challenges, claims requests"): CP1 means CAE."""
    if not form.get("claims"):
        return ()
    try:
        content = json.loads(form["claims"])
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise RefusedError(Refusal.CLAIMS_NOT_VALID)
    asked = content.get("access_token")
    named = asked.get("xms_cc") if isinstance(asked, dict) else None
    values = named.get("values") if isinstance(named, dict) else None
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()
