"""Where Microsoft Graph and the sign-in of each cloud are. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from inventory.cloud import Cloud
from inventory.errors import TenantUnreachableError

Origin = tuple[str, str | None, int | None]
"""Scheme, host and port of a URL."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# "National cloud deployments" of the Graph documentation; authorities as azure-identity names them.
_AUTHORITIES: Mapping[Cloud, str] = {
    Cloud.PUBLIC: "https://login.microsoftonline.com",
    Cloud.USGOV: "https://login.microsoftonline.us",
    Cloud.CHINA: "https://login.chinacloudapi.cn",
}
_GRAPHS: Mapping[Cloud, str] = {
    Cloud.PUBLIC: "https://graph.microsoft.com",
    Cloud.USGOV: "https://graph.microsoft.us",
    Cloud.CHINA: "https://microsoftgraph.chinacloudapi.cn",
}
# Page "National clouds" of the Microsoft identity platform, with the older names that azure-identity still uses.
_OF_AUTHORITY: Mapping[str, Cloud] = {
    "login.microsoftonline.com": Cloud.PUBLIC,
    "login.windows.net": Cloud.PUBLIC,
    "login.microsoftonline.us": Cloud.USGOV,
    "login.usgovcloudapi.net": Cloud.USGOV,
    "login.partner.microsoftonline.cn": Cloud.CHINA,
    "login.chinacloudapi.cn": Cloud.CHINA,
}
_DOD_GRAPH = "https://dod-graph.microsoft.us"  # same authority as USGOV, an audience of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettings:
    """Where to sign in and where to read.

    ``authority_host`` defaults to AZURE_AUTHORITY_HOST, where that is not the authority of another cloud, then to the
    cloud's; ``graph_endpoint`` to the cloud's.
    ``ca_file`` (PEM) defaults to SSL_CERT_FILE, then REQUESTS_CA_BUNDLE, then to the certificates of the libraries:
    said here once, because the two HTTP libraries below read different variables.
    """

    cloud: Cloud = Cloud.PUBLIC
    tenant_id: str | None = None
    authority_host: str | None = None
    graph_endpoint: str | None = None
    ca_file: Path | None = None
    variables: str | None = None
    """What the names of the environment variables begin with that hold the credential (``inventory.sign_in``)."""
    paced: bool = True
    """Whether reads of low priority keep below the limits of Graph; a tenant of one's own may have none."""

    @property
    def authority(self) -> str:
        """The URL that tokens come from; raises TenantUnreachableError where it holds a password."""
        named = os.environ.get("AZURE_AUTHORITY_HOST", "")
        if cloud_of_authority(named) not in {None, self.cloud}:
            named = ""  # the cloud of one tenant among several, or of a plan, was chosen with more care
        host = self.authority_host or named or _AUTHORITIES[self.cloud]
        _check_bare(host, "the authority")
        return host if "://" in host else f"https://{host}"

    @property
    def endpoint(self) -> str:
        """The URL below which Graph answers, without version and trailing slash."""
        return (self.graph_endpoint or _GRAPHS[self.cloud]).rstrip("/")

    @property
    def scope(self) -> str:
        """What tokens are asked for: always a Graph of Microsoft's, also where the endpoint is another."""
        known = self.endpoint in {*_GRAPHS.values(), _DOD_GRAPH}
        return f"{self.endpoint if known else _GRAPHS[self.cloud]}/.default"

    @property
    def bundle(self) -> str | None:
        """The file of certificate authorities to trust."""
        named = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
        return str(self.ca_file) if self.ca_file else named or None


def cloud_of_authority(host: str) -> Cloud | None:
    """Return the cloud whose authority this is, as AZURE_AUTHORITY_HOST names it; None for any other host."""
    return _OF_AUTHORITY.get(host.strip().lower().rpartition("://")[2].partition("/")[0])


def checked_origin(endpoint: str, service: str = "Graph") -> Origin:
    """Return the origin of an endpoint that may be given a token: TLS, or this very machine.

    Raises TenantUnreachableError for any other.
    """
    _check_bare(endpoint, service)
    try:
        found = origin(endpoint)
    except ValueError:
        found = ("", None, None)
    scheme, host, _ = found
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOOPBACK)):
        raise TenantUnreachableError(f"{endpoint} is no address of {service}; give one that begins with https://")
    return found


def _check_bare(endpoint: str, service: str) -> None:
    """Refuse an address with a user, a password or a signature in it: messages and logs tell what was asked."""
    if any(mark in endpoint for mark in "@?#"):
        raise TenantUnreachableError(f"the address of {service} holds a user, password or query; give one without")


def origin(url: str) -> Origin:
    """Return the origin of a URL; ValueError where it is none."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port
