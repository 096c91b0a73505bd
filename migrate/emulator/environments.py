"""The variables with which programs that know nothing of the emulator reach it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrate.emulator.errors import NotInTenantError
from migrate.emulator.state.records import Application
from migrate.emulator.state.tenant import Tenant

_LOCAL: Final = "localhost,127.0.0.1"
STEERING: Final = (
    "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
    "ARM_CLOUD_METADATA_URL", "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD", "AZURE_REGIONAL_AUTHORITY_NAME", "AZURE_TOKEN_CREDENTIALS", "AZURE_USERNAME",
    "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
    "SSL_CERT_DIR", "UNSECRET_ARM_ENDPOINT", "UNSECRET_GRAPH_ENDPOINT",
)  # fmt: skip
"""Variables that lead a client to a host, an identity or a trust; whatever an environment does not set is to be unset.

They are those that azure-identity, msal, requests, httpx, aiohttp, curl and Azure CLI read (read in their source).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a running emulator is reached; addresses without a path."""

    secure: str
    """Authority, Microsoft Graph and Azure Resource Manager."""
    plain: str
    """Metadata service and control endpoint."""
    proxy: str
    ca_file: Path


def direct(tenant: Tenant, endpoints: Endpoints, app: str) -> dict[str, str]:
    """Give the variables for explicit endpoints: all services by their loopback addresses."""
    return {
        "AZURE_AUTHORITY_HOST": endpoints.secure,
        **_as_application(tenant, endpoints, app),
        "UNSECRET_ARM_ENDPOINT": endpoints.secure,
        "UNSECRET_GRAPH_ENDPOINT": endpoints.secure,
        "NO_PROXY": _LOCAL,
        "no_proxy": _LOCAL,
    }


def proxied(tenant: Tenant, endpoints: Endpoints, app: str) -> dict[str, str]:
    """Give the variables for default endpoints: everything goes through the proxy.

    Proxy variables come in both cases: curl reads ``http_proxy`` in lower case alone, and requests prefers it. The
    authority is named only where the default is another cloud's.
    """
    through = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), endpoints.proxy)
    cloud = tenant.cloud
    authority = {} if cloud.name == "public" else {"AZURE_AUTHORITY_HOST": f"https://{cloud.login_host}"}
    return {**through, "NO_PROXY": _LOCAL, "no_proxy": _LOCAL, **authority, **_as_application(tenant, endpoints, app)}


def unset(variables: dict[str, str]) -> list[str]:
    """List what must not be set beside these variables."""
    return [name for name in STEERING if name not in variables]


def applied(variables: dict[str, str], to: dict[str, str]) -> dict[str, str]:
    """Give an environment with these variables, and without those that would lead elsewhere."""
    return {name: value for name, value in to.items() if name not in STEERING} | variables


def _as_application(tenant: Tenant, endpoints: Endpoints, app: str) -> dict[str, str]:
    application = _application(tenant, app)
    bundle = str(endpoints.ca_file)
    return {
        "AZURE_TENANT_ID": tenant.id,
        "AZURE_CLIENT_ID": application.app_id,
        "AZURE_CLIENT_SECRET": tenant.live_secret_of(application).secret,
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": endpoints.plain,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NODE_EXTRA_CA_CERTS": bundle,
    }


def _application(tenant: Tenant, app: str) -> Application:
    """Find an application by display name or client id."""
    try:
        return tenant.application_named(app)
    except NotInTenantError:
        by_id = tenant.applications.with_app_id(app.lower())
        if by_id is None:
            raise
        return by_id
