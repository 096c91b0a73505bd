"""OpenID Connect discovery and instance discovery.

The issuer is the cloud's own, as in reality, while the endpoints are those of the host that the client talked to, so
that it goes on talking to the emulator. msal compares the issuer with the authority only for ``oidc_authority``, and
there accepts Microsoft's own hosts (read in msal 1.39). The fields are those of the published documents.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.refusals import Refusal, RefusedError
from migrate.emulator.tokens.requests import Version, check_tenant

_SHARED: Final = ("common", "organizations")
_LOOPBACK: Final = ("localhost", "127.0.0.1")
_AUTHORITIES: Final = (
    ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    ("login.microsoftonline.de",),
    ("login.microsoftonline.us", "login.usgovcloudapi.net"),
    ("login-us.microsoftonline.com",),
)
"""What instance discovery lists (recorded); of these the emulator does not serve Germany's and the last."""
_CLAIMS: Final = [
    "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud",
    "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
]  # fmt: skip


def openid_configuration(tenant: Tenant, segment: str, host: str, version: Version = "2.0") -> dict[str, Any]:
    """Give the discovery document for a tenant segment; the v1.0 form names the v1.0 endpoints and issuer."""
    shared = segment.lower() in _SHARED
    if not shared:
        check_tenant(tenant, segment)
    base = f"https://{host}/{segment.lower() if shared else tenant.id}"
    who = "{tenantid}" if shared else tenant.id
    first = version == "1.0"
    issuer = tenant.cloud.issuer_v1(who) if first else tenant.cloud.issuer(who)
    protocol, keys = ("oauth2", "discovery/keys") if first else ("oauth2/v2.0", "discovery/v2.0/keys")
    return {
        "token_endpoint": f"{base}/{protocol}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/{keys}",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": [
            "code",
            "id_token",
            "code id_token",
            "token id_token" if first else "id_token token",
        ],
        "scopes_supported": ["openid"] if first else ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        **({"microsoft_multi_refresh_token": True} if first else {"request_uri_parameter_supported": False}),
        "userinfo_endpoint": f"{base}/openid/userinfo" if first else f"https://{tenant.cloud.graph_host}/oidc/userinfo",
        "authorization_endpoint": f"{base}/{protocol}/authorize",
        "device_authorization_endpoint": f"{base}/{protocol}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/{protocol}/logout",
        "claims_supported": _CLAIMS,
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": None if shared else "EU",
        "cloud_instance_name": tenant.cloud.login_host.removeprefix("login."),
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": tenant.cloud.graph_host,
        "rbac_url": "https://pas.windows.net",
    }


def instance_discovery(host: str, authorization_endpoint: str) -> dict[str, Any]:
    """Give the instance-discovery document for an authority that a client wants to trust.

    Loopback names are known too, which they are
    not in reality: a client that was given the emulator's own address would otherwise have to be told not to ask. An
    unknown authority is refused with AADSTS50049, something that is no authorization endpoint with AADSTS50050.
    """
    asked_host, segment, protocol = _parts(authorization_endpoint)
    known = [_authority(names) for names in _AUTHORITIES]
    if asked_host in _LOOPBACK:
        # The client leaves the port out of the question; the host that it asks has it.
        known.insert(0, _authority((host, asked_host)))
        asked_host = host
    elif not any(asked_host in authority["aliases"] for authority in known):
        raise RefusedError(Refusal.UNKNOWN_INSTANCE)
    path = "v2.0/.well-known" if protocol else ".well-known"
    return {
        "tenant_discovery_endpoint": f"https://{asked_host}/{segment}/{path}/openid-configuration",
        "api-version": "1.1",
        "metadata": known,
    }


def _parts(authorization_endpoint: str) -> tuple[str, str, bool]:
    """Read host, tenant segment and whether it is the v2.0 protocol out of an authorization endpoint."""
    try:
        address = urlsplit(authorization_endpoint)
        host, segments = address.hostname, address.path.strip("/").split("/")
    except ValueError:
        host, segments = None, []
    if not host or len(segments) < 2 or segments[-1].lower() != "authorize":  # noqa: PLR2004 - a tenant and the endpoint
        raise RefusedError(Refusal.MALFORMED_DISCOVERY)
    return host.lower(), segments[0], "v2.0" in segments


def _authority(names: tuple[str, ...]) -> dict[str, Any]:
    cache = "login.windows.net" if "login.windows.net" in names else names[0]  # recorded
    return {"preferred_network": names[0], "preferred_cache": cache, "aliases": list(dict.fromkeys(names))}
