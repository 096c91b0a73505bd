"""The cloud's endpoints, from which clients configure themselves.

Source: page "Azure Resource Manager metadata" as Azure CLI 2.91 and Terraform read it: one object for api-version
2022-09-01 and later, a list before. Where the client talks to loopback, every endpoint that is served is there too, so
that ``az cloud register`` and ``az login`` stay with the emulator.
"""

from typing import Any, Final

from migrate.emulator.clouds import Cloud, clouds
from migrate.emulator.state.tenant import Tenant

_ONE_OBJECT_SINCE: Final = "2022-09-01"
_NAMES: Final = {"public": "AzureCloud", "usgov": "AzureUSGovernment", "china": "AzureChinaCloud"}
_DOMAINS: Final = {
    "public": ("windows.net", "azure.com", "azure.net", "azurecr.io"),
    "usgov": ("usgovcloudapi.net", "azure.us", "usgovcloudapi.net", "azurecr.us"),
    "china": ("chinacloudapi.cn", "azure.cn", "azure.cn", "azurecr.cn"),
}


def metadata(tenant: Tenant, host: str, version: str) -> dict[str, Any] | list[dict[str, Any]]:
    """Give the endpoints for a client that talks to ``host``."""
    ours = _endpoints(tenant, tenant.cloud, host)
    if version >= _ONE_OBJECT_SINCE:
        return ours
    return [ours, *(_endpoints(tenant, each, each.arm_host) for each in clouds() if each.name != tenant.cloud.name)]


def _endpoints(tenant: Tenant, cloud: Cloud, host: str) -> dict[str, Any]:
    storage, azure, net, registry = _DOMAINS[cloud.name]
    is_own = host.rpartition(":")[0] in ("localhost", "127.0.0.1") or host in ("localhost", "127.0.0.1")
    base = f"https://{host}"
    login = base if is_own else f"https://{cloud.login_host}"
    graph = f"{base}" if is_own else f"https://{cloud.graph_host}/"
    audience = f"{base}/arm" if is_own else cloud.service_management
    return {
        "portal": f"https://portal.{azure}",
        "authentication": {
            "loginEndpoint": login,
            "audiences": [audience, audience if is_own else f"https://{cloud.arm_host}"],
            "tenant": tenant.id if is_own else "common",
            "identityProvider": "AAD",
        },
        "media": f"https://rest.media.{net}",
        "graphAudience": graph if is_own else f"https://graph.{storage}/",
        "graph": graph if is_own else f"https://graph.{storage}/",
        "name": _NAMES[cloud.name],
        "suffixes": {
            "azureDataLakeStoreFileSystem": f"azuredatalakestore.{net}",
            "acrLoginServer": registry,
            "sqlServerHostname": f"database.{storage}",
            "azureDataLakeAnalyticsCatalogAndJob": f"azuredatalakeanalytics.{net}",
            "keyVaultDns": f"vault.{net}",
            "storage": f"core.{storage}",
            "azureFrontDoorEndpointSuffix": f"azurefd.{net}",
            "storageSyncEndpointSuffix": f"afs.{net}",
            "mhsmDns": f"managedhsm.{net}",
            "mysqlServerEndpoint": f"mysql.database.{azure}",
            "postgresqlServerEndpoint": f"postgres.database.{azure}",
            "mariadbServerEndpoint": f"mariadb.database.{azure}",
            "synapseAnalytics": f"dev.azuresynapse.{net}",
            "attestationEndpoint": f"attest.{net}",
        },
        "batch": f"https://batch.core.{storage}/",
        "resourceManager": base if is_own else f"https://{cloud.arm_host}/",
        "vmImageAliasDoc": "https://azcliprod.blob.core.windows.net/cli/vm/aliases.json",
        "activeDirectoryDataLake": f"https://datalake.{net}/",
        "sqlManagement": f"https://management.core.{storage}:8443/",
        "microsoftGraphResourceId": graph,
        "appInsightsResourceId": f"https://api.applicationinsights.{azure.rpartition('.')[2]}",
        "appInsightsTelemetryChannelResourceId": f"https://dc.applicationinsights.{azure}/v2/track",
        "appServiceResourceId": f"https://appservice.{azure}",
        "attestationResourceId": f"https://attest.{net}",
        "synapseAnalyticsResourceId": f"https://dev.azuresynapse.{net}",
        "logAnalyticsResourceId": f"https://api.loganalytics.{azure.rpartition('.')[2]}",
        "ossrdbmsResourceId": f"https://ossrdbms-aad.database.{storage}",
        "gallery": f"https://gallery.{azure}/",
    }
