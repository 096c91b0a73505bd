"""Settings by which web frameworks sign people in with a secret: they name no class, and are reported by their names.

social-auth: https://python-social-auth.readthedocs.io/en/latest/backends/azuread.html
django-allauth: https://docs.allauth.org/en/latest/socialaccount/providers/microsoft.html (and openid_connect)
django-auth-adfs: https://django-auth-adfs.readthedocs.io/en/latest/settings_ref.html
mozilla-django-oidc: https://mozilla-django-oidc.readthedocs.io/en/stable/settings.html
django-microsoft-auth: https://django-microsoft-auth.readthedocs.io/en/latest/usage.html
JupyterHub: https://oauthenticator.readthedocs.io/en/latest/reference/api/gen/oauthenticator.azuread.html
pgAdmin: https://www.pgadmin.org/docs/pgadmin4/latest/oauth2.html
fastapi-users: https://frankie567.github.io/httpx-oauth/oauth2/ (microsoft)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.provider import knows_entra, names_entra
from codemods.transform import Found, Report, Transform, reports

_TARGET = (
    'identity.web.Auth(client_credential={"client_assertion": managed_identity_assertion}, ...), or its form for the '
    "web framework, in place of this library"
)
_NAMED = re.compile(
    r"(?P<social>SOCIAL_AUTH_(?:\w+_)?(?:AZUREAD_\w*OAUTH2|MICROSOFT_GRAPH)_)SECRET|(?P<app>MICROSOFT_AUTH_)CLIENT_SECRET"
    r"|(?P<oidc>OIDC_RP_)CLIENT_SECRET"
)
_AUTHENTICATOR = "OAuthenticator"
_ENTRIES = (("client_id", "secret"), ("OAUTH2_CLIENT_ID", "OAUTH2_CLIENT_SECRET"), ("CLIENT_ID", "CLIENT_SECRET"))
_TENANTS = frozenset({"TENANT_ID"})
_GRAPH = frozenset({"httpx_oauth.clients.microsoft.MicrosoftGraphOAuth2"})


def _search(module: Module) -> Iterator[Found]:
    assigned = dict(_assigned(module))
    for name, value in assigned.items():
        match = _NAMED.fullmatch(name)
        if match is None or not _is_secret(value) or (match["oidc"] and not knows_entra(module)):
            continue
        start = match["social"] or match["app"] or match["oidc"]
        client = assigned.get(f"{start}KEY") or assigned.get(f"{start}CLIENT_ID")
        yield _found(value, client, assigned.get(f"{start}TENANT_ID"), value, name)
    yield from _authenticators(module)
    yield from _entries(module)


def _assigned(module: Module) -> Iterator[tuple[str, ast.expr]]:
    """Pair names with what they are given, of the module and of classes."""
    for node in module.parents:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case _:
                continue


def _authenticators(module: Module) -> Iterator[Found]:
    """Find ``c.AzureAdOAuthenticator.client_secret = ...``; the general class may be of any provider."""
    given: dict[str, dict[str, ast.expr]] = {}
    for node in module.parents:
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Attribute(attr=owner), attr=key)], value=value) if (
                owner.endswith(_AUTHENTICATOR)
            ):
                given.setdefault(owner, {})[key] = value
            case _:
                continue
    for owner, keys in given.items():
        secret = keys.get("client_secret")
        if secret is not None and _is_secret(secret) and ("Azure" in owner or knows_entra(module)):
            yield _found(secret, keys.get("client_id"), keys.get("tenant_id"), secret, f"{owner}.client_secret")


def _entries(module: Module) -> Iterator[Found]:
    """Find dictionaries with a client id and a secret that belong to Microsoft's provider."""
    for node in module.dicts:
        fields = {module.constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
        for client, secret in _ENTRIES:
            value = fields.get(secret)
            if client in fields and value is not None and _is_secret(value) and _is_microsofts(module, node, fields):
                tenant = next((fields[name] for name in _TENANTS if name in fields), None)
                yield _found(node, fields[client], tenant, value, "provider settings")


def _is_microsofts(module: Module, node: ast.Dict, fields: Mapping[str | None, ast.expr]) -> bool:
    if _TENANTS & fields.keys() or any(names_entra(str(text)) for text in _texts(node)):
        return True
    inner: ast.AST = node
    for parent in module.ancestors(node):
        pairs = zip(parent.keys, parent.values, strict=True) if isinstance(parent, ast.Dict) else ()
        if any(value is inner and module.constant(key) == "microsoft" for key, value in pairs):
            return True
        inner = parent
    return False


def _texts(node: ast.Dict) -> Iterator[object]:
    return (item.value for item in ast.walk(node) if isinstance(item, ast.Constant))


def _is_secret(value: ast.expr) -> bool:
    """Tell whether a setting may hold a secret: it is not left out or empty."""
    return not isinstance(value, ast.Constant) or (isinstance(value.value, str) and bool(value.value))


def _found(node: ast.expr, client: ast.expr | None, tenant: ast.expr | None, secret: ast.expr, construct: str) -> Found:
    report = Report(reason=ReasonCode.OTHER_LIBRARY, client=client, tenant=tenant, secrets=(secret,), target=_TARGET)
    return Found(node=node, construct=construct, report=report)


TRANSFORM = Transform(
    name="framework-settings",
    literals=(
        b"SOCIAL_AUTH_",
        b"MICROSOFT_AUTH_CLIENT_SECRET",
        b"OIDC_RP_CLIENT_SECRET",
        b"OAUTH2_CLIENT_SECRET",
        b"AUTH_ADFS",
        b"SOCIALACCOUNT_PROVIDERS",
        b"OAuthenticator",
        b"MicrosoftGraphOAuth2",
    ),
    constructs=dict.fromkeys(
        _GRAPH,
        reports(ReasonCode.OTHER_LIBRARY, client=(0, "client_id"), secret=(1, "client_secret"), target=_TARGET),
    ),
    classes=_GRAPH,
    targets={"MicrosoftGraphOAuth2": _TARGET},
    search=_search,
    evidence=(
        ("social_auth_", "_secret"),
        ("microsoft_auth_client_secret",),
        ("oidc_rp_client_secret",),
        ("oauth2_client_secret", "oauth2_client_id"),
        ("auth_adfs", "client_secret"),
        ("socialaccount_providers", "secret"),
        ("oauthenticator", "client_secret"),
    ),
)
