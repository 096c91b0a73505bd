"""The national clouds: names that differ between them.

Hosts and exchange audiences follow Microsoft's pages "National clouds" and "Configure an application to trust a
managed identity". Assumed: the China issuer host (the pages contradict each other), and that the resource behind the
exchange audience has the same GUID in every cloud (only the public one has been observed).
"""

from dataclasses import dataclass
from typing import Final

from migrate.emulator.errors import EmulatorError

EXCHANGE_APP_ID: Final = "fb60f99c-7a34-4190-8149-302f77469936"
"""``aud`` of every token issued for the exchange audience (observed; its name is "AAD Token Exchange Endpoint")."""

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph (page "Verify first-party Microsoft applications")."""

ARM_APP_ID: Final = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
"""The application id of Azure Resource Manager, "Windows Azure Service Management API" (the same page)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What a cloud calls its services."""

    name: str
    login_host: str
    graph_host: str
    arm_host: str
    sts_host: str
    vault_domain: str
    """What the names of key vaults end in, and with https:// what their tokens are for (page "About keys, secrets and
    certificates", DNS suffixes)."""
    exchange_audience: str
    service_management: str
    """Older name of Azure Resource Manager, as an audience."""
    login_aliases: tuple[str, ...] = ()
    """Other names of the authority, which instance discovery lists."""
    graph_aliases: tuple[str, ...] = ()

    @property
    def login_hosts(self) -> tuple[str, ...]:
        """Every name of the authority."""
        return (self.login_host, *self.login_aliases)

    @property
    def graph_hosts(self) -> tuple[str, ...]:
        """Every name of Microsoft Graph."""
        return (self.graph_host, *self.graph_aliases)

    def issuer(self, tenant_id: str) -> str:
        """Give the issuer of v2.0 tokens, which is also the issuer that a federated credential must name."""
        return f"https://{self.login_host}/{tenant_id}/v2.0"

    def issuer_v1(self, tenant_id: str) -> str:
        """Give the issuer of v1.0 tokens, as Microsoft Graph and Azure Resource Manager receive them."""
        return f"https://{self.sts_host}/{tenant_id}/"


_CLOUDS: Final = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="public",
            login_host="login.microsoftonline.com",
            graph_host="graph.microsoft.com",
            arm_host="management.azure.com",
            sts_host="sts.windows.net",
            vault_domain="vault.azure.net",
            exchange_audience="api://AzureADTokenExchange",
            service_management="https://management.core.windows.net",
            login_aliases=("login.windows.net", "login.microsoft.com", "sts.windows.net"),
        ),
        Cloud(
            name="usgov",
            login_host="login.microsoftonline.us",
            graph_host="graph.microsoft.us",
            arm_host="management.usgovcloudapi.net",
            sts_host="sts.windows.net",
            vault_domain="vault.usgovcloudapi.net",
            exchange_audience="api://AzureADTokenExchangeUSGov",
            service_management="https://management.core.usgovcloudapi.net",
            login_aliases=("login.usgovcloudapi.net",),
            graph_aliases=("dod-graph.microsoft.us",),
        ),
        Cloud(
            name="china",
            login_host="login.partner.microsoftonline.cn",
            graph_host="microsoftgraph.chinacloudapi.cn",
            arm_host="management.chinacloudapi.cn",
            sts_host="sts.chinacloudapi.cn",
            vault_domain="vault.azure.cn",
            exchange_audience="api://AzureADTokenExchangeChina",
            service_management="https://management.core.chinacloudapi.cn",
            login_aliases=("login.chinacloudapi.cn", "sts.chinacloudapi.cn"),
        ),
    )
}


def cloud_named(name: str) -> Cloud:
    """Look a cloud up by name."""
    try:
        return _CLOUDS[name]
    except KeyError:
        raise EmulatorError(f"no cloud is called {name!r}; known are {', '.join(_CLOUDS)}") from None


def proxied_host_names() -> tuple[str, ...]:
    """List every public host name that the emulator answers to, of all clouds."""
    return tuple(name for cloud in clouds() for name in (*cloud.login_hosts, *cloud.graph_hosts, cloud.arm_host))


def served_host_names() -> tuple[str, ...]:
    """List every host name that the emulator's certificate carries."""
    return ("localhost", "127.0.0.1", *proxied_host_names(), *(f"*.{cloud.vault_domain}" for cloud in clouds()))


def clouds() -> tuple[Cloud, ...]:
    """List the clouds."""
    return tuple(_CLOUDS.values())
