"""What an authority says: its cloud, its tenant, and whether it is one of an organization's Entra tenant at all.

A managed identity and the application that trusts it are in one tenant of one cloud, so an assertion can replace a
secret there and nowhere else: not for everybody's accounts, for customers (B2C, External ID) or with AD FS.

Hosts: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud and
https://learn.microsoft.com/entra/external-id/customers/concept-supported-features-customers
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from codemods.model import Cloud
from codemods.names import Module
from codemods.template import gap_after, text_of

SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})

_HOSTS = {
    "login.microsoftonline.com": Cloud.PUBLIC,
    "login.microsoft.com": Cloud.PUBLIC,
    "login.windows.net": Cloud.PUBLIC,
    "sts.windows.net": Cloud.PUBLIC,
    "login.microsoftonline.us": Cloud.USGOV,
    "login.usgovcloudapi.net": Cloud.USGOV,
    "login.chinacloudapi.cn": Cloud.CHINA,
    "login.partner.microsoftonline.cn": Cloud.CHINA,
}
_HOST = re.compile(r"(?:https://)?[^/]+/")
_CUSTOMERS = {".b2clogin.com": "B2C", ".ciamlogin.com": "External ID"}
_NAMES = {
    "AZURE_PUBLIC_CLOUD": Cloud.PUBLIC,
    "AZURE_GOVERNMENT": Cloud.USGOV,
    "AZURE_CHINA": Cloud.CHINA,
}
_CONSTANTS = {
    f"azure.identity.{holder}.{name}": cloud
    for holder in ("AzureAuthorityHosts", "KnownAuthorities")
    for name, cloud in _NAMES.items()
} | {
    "msal.authority.AZURE_PUBLIC": Cloud.PUBLIC,
    "msal.authority.AZURE_US_GOVERNMENT": Cloud.USGOV,
    "msal.authority.AZURE_CHINA": Cloud.CHINA,
}
_DEPTH = 4


def authority_of(module: Module, node: ast.expr | None) -> str | None:
    """Read the text of an authority as far as it is certain; an unknown part of it reads as ``{}``."""
    return text_of(module, node)


def tenant_of(module: Module, address: ast.expr | None) -> ast.expr | None:
    """Find the tenant in an address such as f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"."""
    return gap_after(module, address, _HOST)


def cloud_of(module: Module, node: ast.expr | None) -> Cloud | None:
    """Tell the cloud an authority argument names, when the source says it; of several, one that is not the public."""
    found = set() if node is None else set(_clouds(module, node, 0))
    return min(found - {Cloud.PUBLIC}, key=lambda cloud: cloud.name, default=next(iter(found), None))


def _clouds(module: Module, node: ast.expr, depth: int) -> Iterator[Cloud]:
    """Yield the clouds of all hosts that an expression may put into an authority: a default, an entry of a table."""
    if (cloud := _HOSTS.get(_host(authority_of(module, node)))) is not None:
        yield cloud
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute) and (module.qualified(part) or "") in _CONSTANTS:
            yield _CONSTANTS[module.qualified(part) or ""]
        elif isinstance(part, ast.Name) and depth < _DEPTH and part in module.scopes:
            if (value := module.value_once(part)) is not None:
                yield from _clouds(module, value, depth + 1)
        elif isinstance(part, ast.Constant) and part is not node:
            host = _host(str(part.value))
            yield from [_HOSTS[host]] if host in _HOSTS else []


def _host(text: str | None) -> str:
    try:
        return (urlsplit(text if "//" in text else f"//{text}").hostname or "").lower() if text else ""
    except ValueError:
        return ""


def is_shared(text: str | None) -> bool:
    """Tell whether an authority, or a tenant, stands for everybody."""
    return bool(SHARED_TENANTS & set((text or "").lower().split("/")))


def not_entra(module: Module, authority: ast.expr | None, tenant: ast.expr | None = None) -> str:
    """Say why an authority is not one of an organization's Entra tenant; empty where nothing says so."""
    text = authority_of(module, authority)
    host = _host(text)
    named = {(module.constant(tenant) or "").lower(), *(text or "").lower().rstrip("/").split("/")[3:]}
    for end, kind in _CUSTOMERS.items():
        if end in (text or "").lower():
            return f"the authority is of {kind}"
    if "adfs" in named:
        return "the authority is of AD FS"
    certain = "{" not in (text or "").partition("//")[2].partition("/")[0] and "." in host
    return "the host of the authority is none of Entra's" if certain and host not in _HOSTS else ""


def unseen(module: Module, authority: ast.expr | None) -> str:
    """Say what a reviewer has to look at where an authority is given, and the source does not say all of it."""
    parts = () if authority is None else tuple(_texts(module, authority, 0))
    if any(is_shared(part) for part in parts):
        return "the authority may be everybody's (common, organizations, consumers): it must name the tenant"
    if authority is None or cloud_of(module, authority) is not None:
        return ""
    return "the authority does not stand here: it must name the tenant, in the cloud of the assertion's audience"


def _texts(module: Module, node: ast.expr, depth: int) -> Iterator[str]:
    """Yield the texts of which an expression may be made: defaults, branches, what names stand for."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.Name) and depth < _DEPTH and part in module.scopes:
            value = module.value_once(part)
            yield from () if value is None else _texts(module, value, depth + 1)
