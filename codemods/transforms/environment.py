"""Credentials that environment variables steer: reported, because the code does not say what they will be.

``EnvironmentCredential`` takes a secret, a certificate or a password, whichever variable is set. Where the caller says
that it is a secret or a certificate, it is rewritten:

    EnvironmentCredential()
    ->  ClientAssertionCredential(
            os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], managed_identity_assertion)

but not for a chain, which goes on to its next credential where the variables are missing.

``DefaultAzureCredential`` does the same first of all, so it matters in a file that knows AZURE_CLIENT_SECRET. Blanking
the variable is worse than leaving it: both classes then refuse to start.

Variables: https://learn.microsoft.com/python/api/azure-identity/azure.identity.environmentcredential
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.authority import cloud_of
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import (
    ASSERTION,
    Call,
    Found,
    HelperClass,
    Insert,
    Renamed,
    Report,
    Rewrite,
    Transform,
    Verdict,
)

_VARIABLES = frozenset({"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD"})
_TERRAFORM = "ARM_CLIENT_SECRET"
_SET = _VARIABLES | {_TERRAFORM}
_TENANT, _CLIENT = 'os.environ["AZURE_TENANT_ID"]', 'os.environ["AZURE_CLIENT_ID"]'
_TARGET = f"ClientAssertionCredential({_TENANT}, {_CLIENT}, managed_identity_assertion)"
_DEFAULT_TARGET = (
    f"ChainedTokenCredential({_TARGET}, DefaultAzureCredential(exclude_environment_credential=True, "
    "exclude_workload_identity_credential=True, exclude_managed_identity_credential=True))"
)
_SET_TARGET = f"no variable is set: {_TARGET} is passed where the credential is used"
_TERRAFORM_TARGET = (
    "ARM_USE_MSI=true with the client id of the managed identity, or ARM_USE_OIDC=true, without a secret"
)
_CHAIN = ".ChainedTokenCredential"
_PASSED_OVER = "in a chain it is passed over where the variables are missing, and an assertion needs them"
_SETTERS = frozenset({"os.environ.setdefault", "os.putenv", "os.environ.update"})
_SETTER_NAME = re.compile(
    r"_?((set|put|add|export|define|with|save|write)_?env(iron(ment)?)?(_?var(iable)?)?|env(_var)?_set)", re.IGNORECASE
)
_ENTRY_NAME = re.compile(r"(V1)?Env(ironment)?_?Var(iable)?(Args)?", re.IGNORECASE)


def _environment(call: Call) -> Verdict:
    module = call.module
    handled = any(node.value in _VARIABLES for node in module.strings)
    chained = any((module.qualified(node) or "").endswith(_CHAIN) for node in module.references)
    if call.unpacks or call.node.args or handled or chained:
        detail = "the file also handles AZURE_CLIENT_SECRET" if handled else _PASSED_OVER if chained else ""
        return Report(reason=ReasonCode.ENVIRONMENT_STEERED, detail=detail, target=_TARGET)
    asynchronous = ".aio." in call.construct
    values = (_TENANT, _CLIENT) if asynchronous else (_TENANT, _CLIENT, ASSERTION)
    return Rewrite(
        client=module.implied(_CLIENT, "os"),
        tenant=module.implied(_TENANT, "os"),
        secrets=(),
        edits=tuple(Insert(value=value) for value in values),
        callee=HelperClass() if asynchronous else Renamed(name="ClientAssertionCredential"),
        cloud=cloud_of(module, call.value(None, "authority")),
        asked=True,
        names=("os",),
        target=_TARGET,
    )


def _default(call: Call) -> Verdict | None:
    excluded = call.value(None, "exclude_environment_credential")
    if isinstance(excluded, ast.Constant) and excluded.value is True:
        return None
    if not any(node.value in _VARIABLES for node in call.module.strings):
        return None
    detail = "the file also handles AZURE_CLIENT_SECRET"
    return Report(reason=ReasonCode.ENVIRONMENT_STEERED, detail=detail, target=_DEFAULT_TARGET)


def _settings(module: Module) -> Iterator[Found]:
    """Find the places that put the secret into the environment of this process or of a child."""
    for node in module.strings:
        if node.value in _SET and _is_set(module, node):
            yield _found(node, str(node.value), _given(module, node))
    for used in module.references:
        parent = module.parents[used]
        if isinstance(parent, ast.Subscript) and parent.slice is used and _is_written(module, parent):
            name = used.attr if isinstance(used, ast.Attribute) else used.id
            if (named := module.constant(used) or name) in _SET:
                yield _found(used, named, _given(module, used))
    for call in module.calls:
        for keyword in call.keywords:
            given = [*call.args, *(item.value for item in call.keywords if item.arg is None)]
            environment = any(module.qualified(item) == "os.environ" for item in given)
            if keyword.arg in _SET and (environment or module.qualified(call.func) in _SETTERS):
                yield _found(keyword.value, keyword.arg, keyword.value)


def _found(node: ast.expr, variable: str, secret: ast.expr | None) -> Found:
    target = _TERRAFORM_TARGET if variable == _TERRAFORM else _SET_TARGET
    secrets = () if secret is None else (secret,)
    detail = f"{variable} is set here"
    report = Report(reason=ReasonCode.ENVIRONMENT_STEERED, secrets=secrets, detail=detail, target=target)
    return Found(node=node, construct="os.environ", report=report)


def _given(module: Module, key: ast.expr) -> ast.expr | None:
    """Give what is put under a key: the value of an entry, of an assignment, or of a call with both."""
    parent = module.parents[key]
    match parent, module.parents[parent]:
        case ast.Dict(keys=keys, values=values), _:
            return next((value for name, value in zip(keys, values, strict=True) if name is key), None)
        case ast.Subscript(), ast.Assign(value=value):
            return value
        case ast.Call(args=[first, value, *_]), _:
            return value if first is key else None
        case _:
            return None


def _is_set(module: Module, node: ast.Constant) -> bool:
    """Tell whether a text is the key of a write into the environment, of this process or of a child."""
    parent = module.parents[node]
    if isinstance(parent, ast.Subscript):
        return _is_written(module, parent)
    if isinstance(parent, ast.Dict) and node in parent.keys:
        around = module.parents[parent]
        child = isinstance(around, ast.keyword) and around.arg == "env"
        merged = isinstance(around, ast.BinOp) and _mentions_environment(module, around)
        return child or merged or _is_setter(module, around) or _mentions_environment(module, parent)
    return _is_setter(module, parent) or _is_setter_by_name(parent, node) or _is_entry(module, node)


def _is_setter_by_name(parent: ast.AST, node: ast.Constant) -> bool:
    """Tell whether a call has the name of a setter and is given a value; the patches of tests are put back."""
    if not isinstance(parent, ast.Call) or parent.args[:1] != [node] or len(parent.args) + len(parent.keywords) == 1:
        return False
    func = parent.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    patched = isinstance(func, ast.Attribute) and getattr(func.value, "id", "") == "monkeypatch"
    return not patched and _SETTER_NAME.fullmatch(name) is not None


def _is_entry(module: Module, node: ast.Constant) -> bool:
    """Tell whether a text names an entry of the environment of a container: ``V1EnvVar(name=NAME, value=x)``."""
    keyword = module.parents[node]
    call = module.parents[keyword] if isinstance(keyword, ast.keyword) and keyword.arg == "name" else None
    func = call.func if isinstance(call, ast.Call) else None
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return _ENTRY_NAME.fullmatch(name) is not None


def _is_written(module: Module, node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Store) and module.qualified(node.value) == "os.environ"


def _is_setter(module: Module, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and module.qualified(node.func) in _SETTERS


def _mentions_environment(module: Module, node: ast.AST) -> bool:
    parts = [item for item in ast.walk(node) if isinstance(item, ast.Attribute)]
    return any(module.qualified(item) == "os.environ" and not _is_read(module, item) for item in parts)


def _is_read(module: Module, node: ast.Attribute) -> bool:
    """Tell whether one variable is taken out of the environment, and not all of it."""
    parent = module.parents[node]
    return isinstance(parent, ast.Subscript) or (isinstance(parent, ast.Attribute) and parent.attr != "copy")


TRANSFORM = Transform(
    name="environment",
    literals=(b"EnvironmentCredential", *(name.encode() for name in sorted(_SET))),
    constructs={
        f"{package}.{name}": judge
        for package in ("azure.identity", "azure.identity.aio")
        for name, judge in (("EnvironmentCredential", _environment), ("DefaultAzureCredential", _default))
    },
    classes=frozenset({"azure.identity.EnvironmentCredential", "azure.identity.aio.EnvironmentCredential"}),
    targets={"EnvironmentCredential": _TARGET},
    search=_settings,
    evidence=tuple((name,) for name in _SET),
)
