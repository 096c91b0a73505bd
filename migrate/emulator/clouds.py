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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What a cloud calls its services."""

    name: str
    login_host: str
    graph_host: str
    arm_host: str
    sts_host: str
    exchange_audience: str

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
            exchange_audience="api://AzureADTokenExchange",
        ),
        Cloud(
            name="usgov",
            login_host="login.microsoftonline.us",
            graph_host="graph.microsoft.us",
            arm_host="management.usgovcloudapi.net",
            sts_host="sts.windows.net",
            exchange_audience="api://AzureADTokenExchangeUSGov",
        ),
        Cloud(
            name="china",
            login_host="login.partner.microsoftonline.cn",
            graph_host="microsoftgraph.chinacloudapi.cn",
            arm_host="management.chinacloudapi.cn",
            sts_host="sts.chinacloudapi.cn",
            exchange_audience="api://AzureADTokenExchangeChina",
        ),
    )
}


def cloud_named(name: str) -> Cloud:
    """Look a cloud up by name."""
    try:
        return _CLOUDS[name]
    except KeyError:
        raise EmulatorError(f"no cloud is called {name!r}; known are {', '.join(_CLOUDS)}") from None


def served_host_names() -> tuple[str, ...]:
    """List every host name that the emulator's certificate carries, so that a proxy can send them all here."""
    names = [host for cloud in _CLOUDS.values() for host in (cloud.login_host, cloud.graph_host, cloud.arm_host)]
    return ("localhost", "127.0.0.1", *names)
