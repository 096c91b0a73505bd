"""Token requests that the program builds itself: reported where the file shows that they go to Entra.

The request body is a dict literal with ``client_secret`` and ``grant_type``, or a text with both. The target is the
pair ``client_assertion_type`` and ``client_assertion``.

Protocol: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Found, Report, Transform

_ENTRA = re.compile(
    r"login\.microsoftonline|login\.windows\.net|sts\.windows\.net|chinacloudapi|oauth2/(v2\.0/)?token", re.IGNORECASE
)


def _requests(module: Module) -> Iterator[Found]:
    if not any(_ENTRA.search(str(text.value)) for text in module.strings):
        return
    for node in module.dicts:
        fields = {module.constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
        if {"client_secret", "grant_type"} <= fields.keys():
            report = Report(
                reason=ReasonCode.RAW_HTTP, client=fields.get("client_id"), secrets=(fields["client_secret"],)
            )
            yield Found(node=node, construct="token request", report=report)
    for text in module.strings:
        if "client_secret=" in str(text.value) and not _is_docstring(module, text):
            yield Found(node=_whole(module, text), construct="token request", report=Report(reason=ReasonCode.RAW_HTTP))
    yield from _sessions(module)


def _sessions(module: Module) -> Iterator[Found]:
    """Find OAuth sessions of requests-oauthlib and Authlib, which send whatever secret they are given."""
    for call in module.calls:
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        session = (module.qualified(call.func) or "").endswith((".OAuth2Session", ".AsyncOAuth2Client"))
        if "client_secret" in named and (session or method in {"fetch_token", "fetch_access_token", "register"}):
            report = Report(
                reason=ReasonCode.RAW_HTTP, client=named.get("client_id"), secrets=(named["client_secret"],)
            )
            yield Found(node=call, construct="OAuth session", report=report)


def _whole(module: Module, text: ast.Constant) -> ast.expr:
    """Give the f-string a text is a part of."""
    parent = module.parents[text]
    return parent if isinstance(parent, ast.JoinedStr) else text


def _is_docstring(module: Module, text: ast.Constant) -> bool:
    return isinstance(module.parents[text], ast.Expr)


TRANSFORM = Transform(name="raw-http", literals=(b"client_secret",), search=_requests)
