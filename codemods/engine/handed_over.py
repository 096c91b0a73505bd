"""Calls of libraries that no transform describes, but that are given what only an application of Entra has together.

A tenant beside a client secret goes to nothing else: ``Connection(tenant_id=T, client_id=A, client_secret=S)``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Report

_TENANTS = ("tenant_id", "tenant", "azure_tenant_id")
_SECRETS = ("client_secret", "azure_client_secret")
_CLIENTS = ("client_id", "app_id", "application_id", "azure_client_id")
_TARGET = (
    "ClientAssertionCredential(tenant_id, client_id, managed_identity_assertion), or a token of it, where the library "
    "takes a credential or a token"
)


def handed_over(module: Module, call: ast.Call, is_own: Callable[[str], bool]) -> tuple[str, Report] | None:
    """Report a call that hands a secret to somebody else's library; code of the project is told of by itself."""
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    secret, tenant, client = (_first(named, names) for names in (_SECRETS, _TENANTS, _CLIENTS))
    if secret is None or tenant is None or _is_nothing(secret):
        return None
    library = module.qualified(call.func) or ""
    top = library.partition(".")[0]
    if not top or top in sys.stdlib_module_names or is_own(top) or _hands_on_a_class(module, call):
        return None
    report = Report(reason=ReasonCode.OTHER_LIBRARY, client=client, tenant=tenant, secrets=(secret,), target=_TARGET)
    return library, report


def _hands_on_a_class(module: Module, call: ast.Call) -> bool:
    """Tell whether the secret is for a class of azure-identity or msal that is passed as well, and told of there."""
    classes = (module.qualified(value) or "" for value in call.args)
    return any(name.startswith(("azure.identity.", "msal.")) for name in classes)


def _first(named: dict[str, ast.expr], names: tuple[str, ...]) -> ast.expr | None:
    return next((named[name] for name in names if name in named), None)


def _is_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value
