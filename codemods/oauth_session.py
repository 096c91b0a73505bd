"""OAuth sessions of requests-oauthlib and Authlib: reported, with what puts an assertion into their requests."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from codemods import token_request
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.provider import is_elsewhere, names_entra
from codemods.template import text_of
from codemods.transform import Found, Report

_OAUTHLIB_TARGET = f"""session.fetch_token(token_url, include_client_id=True, \
client_assertion_type="{token_request.ASSERTION_TYPE}", client_assertion=managed_identity_assertion())"""
_AUTHLIB_TARGET = (
    'session.register_client_auth_method(("managed_identity", add_assertion)) with '
    'token_endpoint_auth_method="managed_identity", where add_assertion adds client_assertion_type and '
    "client_assertion to the body of each request"
)
_REGISTER_TARGET = (
    'oauth.register(name, client_id=..., client_auth_methods=[("managed_identity", add_assertion)], '
    'token_endpoint_auth_method="managed_identity")'
)
_SETTINGS = "the settings of an OAuth client: the assertion is added by a method of the client"
_ADDRESSES = ("_url", "_endpoint", "_uri")
_CLIENT_ADDRESSES = frozenset({"access_token_url", "authorize_url", "server_metadata_url", "api_base_url"})
"""https://docs.authlib.org/en/latest/client/frameworks.html"""
_SESSIONS = (".OAuth2Session", ".AsyncOAuth2Client", ".OAuth2Client", ".AsyncOAuth2Session")
_ADDRESS = re.compile(r"https?://[^/]*[^/{}]([:/]|$)", re.IGNORECASE)


def search(module: Module, *, entra: bool) -> Iterator[Found]:
    """Find OAuth sessions of requests-oauthlib and Authlib, which send whatever secret they are given."""
    elsewhere = any(_ADDRESS.match(str(text.value)) for text in module.strings if "://" in str(text.value))
    positional = module.imports_package("authlib")
    for call in module.calls:
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        if "client_secret" not in named and not positional:
            continue
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        qualified = module.qualified(call.func) or ""
        session = qualified.endswith(_SESSIONS)
        secret = named.get("client_secret")
        if secret is None and session and qualified.startswith("authlib.") and len(call.args) > 1:
            secret = call.args[1]
        if secret is None or not (session or method in {"fetch_token", "fetch_access_token", "register"}):
            continue
        if is_given_elsewhere(module, {name or "": value for name, value in named.items()}):
            continue
        asks = method == "fetch_token" and "token_url" in named and not is_elsewhere(module, named["token_url"])
        if entra or ((session or asks) and not elsewhere):
            client = named.get("client_id", call.args[0] if session and call.args else None)
            target = _target(module, qualified, method)
            report = Report(reason=ReasonCode.RAW_HTTP, client=client, secrets=(secret,), target=target)
            yield Found(node=call, construct="OAuth session", report=report)


def is_given_elsewhere(module: Module, named: Mapping[str, ast.expr]) -> bool:
    """Tell whether a client, or its settings, has addresses of somebody else and none that may be Entra's."""
    given = [value for name, value in named.items() if name.endswith(_ADDRESSES) and "redirect" not in name]
    return any(is_elsewhere(module, value) for value in given) and not any(
        names_entra(text_of(module, value) or "") for value in given
    )


def is_client_settings(fields: Collection[str]) -> bool:
    """Tell whether fields are the settings of a client of Authlib: an address to ask, beside its id and secret."""
    return any(name in _CLIENT_ADDRESSES for name in fields) and "grant_type" not in fields


def settings(node: ast.Dict, client: ast.expr | None, secret: ast.expr) -> Found:
    """Report the settings of a client."""
    report = Report(
        reason=ReasonCode.RAW_HTTP, client=client, secrets=(secret,), detail=_SETTINGS, target=_REGISTER_TARGET
    )
    return Found(node=node, construct="OAuth client", report=report)


def _target(module: Module, qualified: str, method: str) -> str:
    if method == "register":
        return _REGISTER_TARGET
    authlib = qualified.startswith("authlib.") or module.imports_package("authlib")
    return _AUTHLIB_TARGET if authlib else _OAUTHLIB_TARGET
