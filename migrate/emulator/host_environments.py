"""The variables that the platform sets for a program on a host or in a pod, by which clients find its identity.

Sources: for App Service, Container Apps, Azure Arc and AKS the pages on their managed identities; for Azure Machine
Learning and Cloud Shell the clients' source. A virtual machine has no variables: its metadata service has one address
everywhere, which AZURE_POD_IDENTITY_AUTHORITY_HOST replaces here.
"""

from pathlib import Path
from typing import Final

from migrate.emulator.errors import NotInTenantError
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
from migrate.emulator.web.identity_arc import ARC_PREFIX
from migrate.emulator.web.identity_shell import SHELL_PATH
from migrate.emulator.web.identity_sites import APP_SERVICE_PATH, CONTAINER_APP_PATH, MACHINE_LEARNING_PATH

METADATA_VARIABLE: Final = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
STEERING: Final = (
    METADATA_VARIABLE, "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE", "AZUREPS_HOST_ENVIRONMENT",
)  # fmt: skip
"""Every variable named here by which a client recognises a kind of host; those not given must not be set."""


def on_host(tenant: Tenant, endpoint: str, header: str, host: str = ROOT_HOST) -> dict[str, str]:
    """Give the variables of a program on a host; ``endpoint`` is the emulator's plain base address.

    The metadata service's address is always among them, so that no client ever asks 169.254.169.254. Raises
    NotInTenantError for an unknown host.
    """
    if host == ROOT_HOST:
        return {METADATA_VARIABLE: endpoint}
    known = tenant.hosts.get(host)
    if known is None:
        raise NotInTenantError(f"no host is called {host!r}")
    base = f"{endpoint}/hosts/{host}"
    return {METADATA_VARIABLE: base, **_FOR_KIND.get(known.kind, _nothing)(base, header)}


def in_cloud_shell(endpoint: str) -> dict[str, str]:
    """Give the variables of a program in Azure Cloud Shell."""
    shell = {"MSI_ENDPOINT": endpoint + SHELL_PATH, "AZUREPS_HOST_ENVIRONMENT": "cloud-shell/1.0"}
    return {METADATA_VARIABLE: endpoint, **shell}


def in_pod(tenant: Tenant, authority: str, endpoint: str, client_id: str, token_file: Path) -> dict[str, str]:
    """Give the variables that the workload-identity webhook injects into a pod."""
    return {
        METADATA_VARIABLE: endpoint,
        "AZURE_AUTHORITY_HOST": authority,
        "AZURE_CLIENT_ID": client_id,
        "AZURE_FEDERATED_TOKEN_FILE": str(token_file),
        "AZURE_TENANT_ID": tenant.id,
    }


def _nothing(base: str, header: str) -> dict[str, str]:
    del base, header
    return {}


def _app_service(base: str, header: str) -> dict[str, str]:
    # The older pair is still set beside the newer one.
    address = base + APP_SERVICE_PATH
    return {"IDENTITY_ENDPOINT": address, "IDENTITY_HEADER": header, "MSI_ENDPOINT": address, "MSI_SECRET": header}


def _container_app(base: str, header: str) -> dict[str, str]:
    return {"IDENTITY_ENDPOINT": base + CONTAINER_APP_PATH, "IDENTITY_HEADER": header}


def _machine_learning(base: str, header: str) -> dict[str, str]:
    return {"MSI_ENDPOINT": base + MACHINE_LEARNING_PATH, "MSI_SECRET": header}


def _arc(base: str, header: str) -> dict[str, str]:
    del header
    address = base + ARC_PREFIX
    return {"IDENTITY_ENDPOINT": f"{address}/metadata/identity/oauth2/token", "IMDS_ENDPOINT": address}


_FOR_KIND: Final = {
    "app-service": _app_service,
    "container-app": _container_app,
    "azure-ml": _machine_learning,
    "arc": _arc,
}
