"""Issuer and audience of an exchange in each cloud.

Source: "Configure an application to trust a managed identity" (Microsoft Entra Workload ID). The page prints the issuer
of the public cloud only and builds the others from the cloud's login endpoint; the host for China is the one its
tokens carry today (assumed, not documented there).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from inventory.cloud import Cloud
from inventory.model import TenantId

_LOGIN_HOSTS = {
    Cloud.PUBLIC: "login.microsoftonline.com",
    Cloud.USGOV: "login.microsoftonline.us",
    Cloud.CHINA: "login.partner.microsoftonline.cn",
}
_AUDIENCES = {
    Cloud.PUBLIC: "api://AzureADTokenExchange",
    Cloud.USGOV: "api://AzureADTokenExchangeUSGov",
    Cloud.CHINA: "api://AzureADTokenExchangeChina",
}

_GRAPHS = {
    Cloud.PUBLIC: "https://graph.microsoft.com",
    Cloud.USGOV: "https://graph.microsoft.us",
    Cloud.CHINA: "https://microsoftgraph.chinacloudapi.cn",
}
"""For commands that a person is told ("National cloud deployments" of the Graph documentation)."""

LOGIN_HOSTS = frozenset({*_LOGIN_HOSTS.values(), "login.windows.net", "sts.windows.net", "login.chinacloudapi.cn"})
"""Hosts of Entra's own issuers, today's and those of older tokens."""
EXCHANGE_HOSTS = frozenset(_LOGIN_HOSTS.values())
"""Hosts of the issuers that tokens of managed identities have today."""
DEVOPS_SUBJECT = "/eid1/c/pub/"
"""How subjects of Azure DevOps begin that are issued by Entra itself."""
AUDIENCES = frozenset(_AUDIENCES.values())


def host_of(issuer: str) -> str:
    """Return the host of an issuer in lower case; empty where it is no URL, which Entra stores all the same."""
    try:
        return (urlsplit(issuer).hostname or "").lower()
    except ValueError:
        return ""


def login_host(cloud: Cloud) -> str:
    """Return the host of a cloud's issuers."""
    return _LOGIN_HOSTS[cloud]


def issuer(cloud: Cloud, tenant: TenantId) -> str:
    """Return the issuer of managed identity tokens of a tenant; compared to the letter, without a trailing slash."""
    return f"https://{_LOGIN_HOSTS[cloud]}/{tenant}/v2.0"


def graph(cloud: Cloud) -> str:
    """Return where Microsoft Graph is."""
    return _GRAPHS[cloud]


def audience(cloud: Cloud) -> str:
    """Return the audience a federated credential must name, in its URI form."""
    return _AUDIENCES[cloud]
