"""OpenID Connect discovery and instance discovery.

The issuer is the cloud's own, as in reality, while the endpoints are those of the host that the client talked to, so
that it goes on talking to the emulator. msal compares the issuer with the authority only for ``oidc_authority``, and
there accepts Microsoft's own hosts (read in msal 1.39).
"""

from typing import Any

from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.refusals import Refusal, RefusedError

_SHARED = ("common", "organizations")


def openid_configuration(tenant: Tenant, segment: str, host: str) -> dict[str, Any]:
    """Give the discovery document for a tenant segment."""
    shared = segment.lower() in _SHARED
    if not shared and not tenant.answers_to(segment):
        raise RefusedError(Refusal.UNKNOWN_TENANT, tenant=segment)
    base = f"https://{host}/{segment.lower() if shared else tenant.id}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": tenant.cloud.issuer("{tenantid}" if shared else tenant.id),
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"https://{tenant.cloud.graph_host}/oidc/userinfo",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "tid", "ver"],
        "tenant_region_scope": None if shared else "EU",
        "cloud_instance_name": tenant.cloud.login_host.removeprefix("login."),
        "msgraph_host": tenant.cloud.graph_host,
    }


def instance_discovery(tenant: Tenant, host: str) -> dict[str, Any]:
    """Give the instance-discovery document, which vouches for the host that the client talked to."""
    names = list(dict.fromkeys((host.rpartition(":")[0] or host, host, tenant.cloud.login_host)))
    return {
        "tenant_discovery_endpoint": f"https://{host}/{tenant.id}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": names}],
    }
