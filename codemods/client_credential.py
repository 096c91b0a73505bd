"""What msal takes as ``client_credential``, itself or through a library on top: a secret, a certificate or neither.

Documentation: https://msal-python.readthedocs.io/en/latest/#msal.ClientApplication.params.client_credential
"""

from __future__ import annotations

import ast
import re

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.scope import Kind
from codemods.transform import ASSERTION

VALUE = f'{{"client_assertion": {ASSERTION}}}'
"""What a confidential client is given in a secret's place."""
TARGET = 'client_credential={"client_assertion": managed_identity_assertion}'

_SECRET_NAME = re.compile(r"secret|passw|pwd|private_?key|app_?key|client_?key|cert|pem|pfx", re.IGNORECASE)
_CERTIFICATE_KEYS = frozenset({"private_key", "private_key_pfx_path", "thumbprint"})


def judge_credential(module: Module, value: ast.expr) -> tuple[ReasonCode | None, bool]:
    """Tell why a credential cannot be judged, or that it is an assertion already."""
    if isinstance(value, ast.Name) and (given := module.value_once(value)) is not None:
        named = bool(_SECRET_NAME.search(value.id))
        return _judge_value(module, given, named=named)
    if isinstance(value, ast.Name) and _is_parameter(module, value):
        return None, False  # the engine reports it as supplied by callers, which says more
    return _judge_value(module, value, named=False)


def _judge_value(module: Module, value: ast.expr | None, *, named: bool) -> tuple[ReasonCode | None, bool]:
    match value:
        case ast.Dict():
            return _judge_dict(module, value)
        case ast.Constant(value=str()) | ast.JoinedStr():
            return None, False
        case ast.IfExp() | ast.Lambda() | None:
            return ReasonCode.DYNAMIC_CREDENTIAL, False
        case ast.BoolOp(values=values):
            judged = [_judge_value(module, item, named=named)[0] for item in values]
            return next((reason for reason in judged if reason is not None), None), False
        case _:
            certain = named or _is_environment(module, value) or _is_named_secret(module, value)
            return (None if certain else ReasonCode.DYNAMIC_CREDENTIAL), False


def _judge_dict(module: Module, value: ast.Dict) -> tuple[ReasonCode | None, bool]:
    keys = {module.constant(key): item for key, item in zip(value.keys, value.values, strict=True)}
    if (assertion := keys.get("client_assertion")) is not None:
        static = isinstance(assertion, ast.Constant | ast.JoinedStr | ast.Await) or _is_result(module, assertion)
        return (ReasonCode.STATIC_ASSERTION, False) if static else (None, True)
    if None in value.keys:
        return ReasonCode.HIDDEN_IN_KWARGS, False
    if keys.keys() & _CERTIFICATE_KEYS:
        return None, False
    return ReasonCode.DYNAMIC_CREDENTIAL, False


def _is_parameter(module: Module, value: ast.Name) -> bool:
    found = module.lookup(value)
    return found is not None and any(binding.kind is Kind.PARAMETER for binding in found[1])


def _is_result(module: Module, value: ast.expr) -> bool:
    """Tell whether an assertion is the result of a call, other than of one that makes a function."""
    if not isinstance(value, ast.Call):
        return False
    makers = ("azure.identity.get_bearer_token_provider", "functools.partial", "msal.AutoRefresher")
    return module.qualified(value.func) not in makers


def _is_environment(module: Module, value: ast.expr) -> bool:
    node = value.value if isinstance(value, ast.Subscript) else value
    node = node.func if isinstance(node, ast.Call) else node
    return module.qualified(node) in {"os.environ", "os.environ.get", "os.getenv", "os.environ.pop"}


def _is_named_secret(module: Module, value: ast.expr) -> bool:
    """Tell whether the last name of an expression says that it is a secret (``settings.client_secret``)."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return bool(_SECRET_NAME.search(name))
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return bool(_SECRET_NAME.search(name))
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return bool(_SECRET_NAME.search(name))
        case ast.Call(func=ast.Attribute(value=inner)) | ast.Attribute(value=inner) | ast.Await(value=inner):
            return _is_named_secret(module, inner)
        case _:
            return False
