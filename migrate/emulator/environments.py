"""The variables with which programs that know nothing of the emulator reach it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrate.emulator.announcement import VARIABLE
from migrate.emulator.errors import NotInTenantError
from migrate.emulator.seed.names import AUDITOR, OPERATOR, SERVICES
from migrate.emulator.state.credentials import renewed
from migrate.emulator.state.records import Application
from migrate.emulator.state.tenant import Tenant

_LOCAL: Final = "localhost,127.0.0.1"
STEERING: Final = (
    "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NODE_USE_ENV_PROXY",
    "ACC_CLOUD", "AZUREPS_HOST_ENVIRONMENT", "AZURE_AUTHORITY_HOST", "AZURE_CERTIFICATE_PASSWORD",
    "AZURE_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "AZURE_CLOUD_NAME", "AZURE_CONFIG_DIR", "AZURE_CORE_INSTANCE_DISCOVERY",
    "AZURE_ENVIRONMENT", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_KUBERNETES_CA_DATA", "AZURE_KUBERNETES_CA_FILE",
    "AZURE_KUBERNETES_SNI_NAME", "AZURE_KUBERNETES_TOKEN_PROXY", "AZURE_PASSWORD", "AZURE_REGIONAL_AUTHORITY_NAME",
    "AZURE_SDK_CLOUD_CONF", "AZURE_TOKEN_CREDENTIALS", "AZURE_USERNAME",
    "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
    "MSAL_FORCE_REGION", "REGION_NAME", "SSL_CERT_DIR", "UNSECRET_ARM_ENDPOINT", "UNSECRET_CLOUD", VARIABLE,
    "UNSECRET_GRAPH_ENDPOINT",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_AUXILIARY_TENANT_IDS", "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD", "ARM_CLIENT_CERTIFICATE_PATH", "ARM_CLIENT_ID", "ARM_CLIENT_ID_FILE_PATH",
    "ARM_CLIENT_SECRET", "ARM_CLIENT_SECRET_FILE_PATH", "ARM_CLOUD_METADATA_URL", "ARM_ENVIRONMENT",
    "ARM_METADATA_HOST", "ARM_METADATA_HOSTNAME", "ARM_MSI_API_VERSION", "ARM_MSI_ENDPOINT",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID", "ARM_OIDC_REQUEST_TOKEN", "ARM_OIDC_REQUEST_URL", "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH", "ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID", "ARM_USE_AKS_WORKLOAD_IDENTITY",
    "ARM_USE_CLI", "ARM_USE_MSI", "ARM_USE_OIDC",
)  # fmt: skip
"""Variables that lead a client to a host, an identity or a trust; whatever an environment does not set is to be unset.

They are those that azure-identity, azure-core, msal, requests, httpx, aiohttp, curl and Azure CLI read (read in their
source), with the clouds' names of the Go SDK and ARM_* of Terraform's azurerm and azuread providers (their pages).
"""
_SDK_CLOUDS: Final = {"usgov": "AZURE_US_GOVERNMENT", "china": "AZURE_CHINA_CLOUD"}
"""What azure-core calls the clouds that are not its default (read in its source)."""


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
    """Give the variables for explicit endpoints: authority, Graph and metadata service by their loopback addresses.

    Azure CLI asks login.microsoftonline.com whether it knows an authority unless it is told not to.
    """
    return {
        "AZURE_AUTHORITY_HOST": endpoints.secure,
        **_as_application(tenant, endpoints, app),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "UNSECRET_ARM_ENDPOINT": endpoints.secure,
        "UNSECRET_GRAPH_ENDPOINT": endpoints.secure,
        **({} if tenant.cloud.name == "public" else {"UNSECRET_CLOUD": tenant.cloud.name}),
        "NO_PROXY": _LOCAL,
        "no_proxy": _LOCAL,
    }


def proxied(tenant: Tenant, endpoints: Endpoints, app: str) -> dict[str, str]:
    """Give the variables for default endpoints: everything goes through the proxy.

    Proxy variables come in both cases: curl reads ``http_proxy`` in lower case alone, and requests prefers it. Node's
    own fetch reads them since versions 22.21 and 24 where NODE_USE_ENV_PROXY says so (page "Command-line API").
    The cloud is named only where it is not the default.
    """
    through = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), endpoints.proxy)
    cloud = tenant.cloud
    authority = {} if cloud.name == "public" else {"AZURE_AUTHORITY_HOST": f"https://{cloud.login_host}"}
    return {
        **through,
        "NO_PROXY": _LOCAL,
        "no_proxy": _LOCAL,
        "NODE_USE_ENV_PROXY": "1",
        **authority,
        **_as_application(tenant, endpoints, app),
    }


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
        "AZURE_CLIENT_SECRET": _live_secret(tenant, application),
        **_named_cloud(tenant),
        "AZURE_CONFIG_DIR": str(endpoints.ca_file.with_name("azure-cli")),  # tokens of a real tenant stay out of it
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": endpoints.plain,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NODE_EXTRA_CA_CERTS": bundle,
    }


def _named_cloud(tenant: Tenant) -> dict[str, str]:
    name = _SDK_CLOUDS.get(tenant.cloud.name)
    return {} if name is None else {"AZURE_SDK_CLOUD_CONF": name}


def _live_secret(tenant: Tenant, application: Application) -> str:
    """Give a secret that is good now.

    A tenant's clock passes every expiry, so the applications that are always there get a new one then. Where a client
    has removed the secrets of a service, as a migration does, it stays without; an operator and an auditor are needed.
    """
    name, had_one = application.display_name, bool(application.passwords)
    if name in (OPERATOR, AUDITOR) or (name in SERVICES and had_one):
        return renewed(tenant, application).secret
    return tenant.live_secret_of(application).secret


def _application(tenant: Tenant, app: str) -> Application:
    """Find an application by display name or client id."""
    try:
        return tenant.application_named(app)
    except NotInTenantError:
        by_id = tenant.applications.with_app_id(app.lower())
        if by_id is None:
            raise
        return by_id
