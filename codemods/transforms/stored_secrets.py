"""Where client secrets are kept: texts in the file that have their shape, and reads of a store of secrets; reported.

The shape: https://github.com/gitleaks/gitleaks (rule azure-ad-client-secret); the engine finds comments.
Stores: https://learn.microsoft.com/python/api/azure-keyvault-secrets/azure.keyvault.secrets.secretclient and
https://docs.databricks.com/dev-tools/databricks-utils (secrets) and
https://learn.microsoft.com/fabric/data-engineering/notebookutils/notebookutils-credentials
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module, root_name
from codemods.shapes import ENTRA_SECRET_WORD
from codemods.transform import Found, Report, Transform

_TARGET = "ClientAssertionCredential(tenant_id, client_id, managed_identity_assertion), which needs no secret"

_NAMED = re.compile(
    r"(client|app|application|sp|spn|principal|aad|entra|azuread)[-_ ]?(secret|password|cert|key)|sp[-_]?pass",
    re.IGNORECASE,
)
_UTILITIES = frozenset({"mssparkutils", "notebookutils", "dbutils"})


def _search(module: Module) -> Iterator[Found]:
    for text in module.strings:
        if (match := ENTRA_SECRET_WORD.search(str(text.value))) is not None:
            yield Found(node=text, construct="literal", report=_literal(text, len(match[0])))
    for call in module.calls:
        if _is_read(module, call) and any(_names_a_secret(module, argument) for argument in call.args):
            report = Report(reason=ReasonCode.VAULT_SECRET, target=_TARGET)
            yield Found(node=call, construct="get_secret", report=report)


def _literal(text: ast.Constant, length: int) -> Report:
    reason, detail = ReasonCode.LITERAL_SECRET, f"{length} characters"
    return Report(reason=reason, secrets=(text,), detail=detail, target=_TARGET)


def _is_read(module: Module, call: ast.Call) -> bool:
    func = call.func
    if not isinstance(func, ast.Attribute):
        return False
    root = root_name(func)
    if root is not None and root.id in _UTILITIES:
        return func.attr in {"getSecret", "getSecretWithLS"} or (func.attr == "get" and _is_secrets(func.value))
    if func.attr not in {"get_secret", "get_secret_properties"}:
        return False
    return any(item.qualified.startswith("azure.keyvault") for item in module.imports)


def _is_secrets(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "secrets"


def _names_a_secret(module: Module, node: ast.expr) -> bool:
    return _NAMED.search(module.constant(node) or "") is not None


TRANSFORM = Transform(
    name="stored-secrets",
    literals=(b"Q~", b"azure.keyvault", b"getSecret", b"dbutils.secrets"),
    targets={"literal": _TARGET},
    search=_search,
    evidence=(("Q~",), ("get_secret", "keyvault"), *((utility, "secret") for utility in _UTILITIES)),
)
