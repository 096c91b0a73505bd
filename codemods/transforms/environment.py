"""Credentials that environment variables steer: reported, because the code does not say what they will be.

``EnvironmentCredential`` takes a secret, a certificate or a password, whichever variable is set.
``DefaultAzureCredential`` does the same first of all, so it matters in a file that knows AZURE_CLIENT_SECRET. Blanking
the variable is worse than leaving it: both classes then refuse to start.

Variables: https://learn.microsoft.com/python/api/azure-identity/azure.identity.environmentcredential
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Call, Found, Report, Transform, Verdict

_VARIABLES = frozenset({"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD"})
_SETTERS = frozenset({"os.environ.setdefault", "os.putenv", "os.environ.update"})


def _environment(_call: Call) -> Verdict:
    return Report(reason=ReasonCode.ENVIRONMENT_STEERED)


def _default(call: Call) -> Verdict | None:
    excluded = call.value(None, "exclude_environment_credential")
    if isinstance(excluded, ast.Constant) and excluded.value is True:
        return None
    if not any(node.value in _VARIABLES for node in call.module.strings):
        return None
    return Report(reason=ReasonCode.ENVIRONMENT_STEERED, detail="the file also handles AZURE_CLIENT_SECRET")


def _settings(module: Module) -> Iterator[Found]:
    """Find the places that put the secret into the environment of this process or of a child."""
    for node in module.strings:
        if node.value in _VARIABLES and _is_set(module, node):
            detail = f"{node.value} is set here"
            yield Found(
                node=node,
                construct="os.environ",
                report=Report(reason=ReasonCode.ENVIRONMENT_STEERED, detail=detail),
            )


def _is_set(module: Module, node: ast.Constant) -> bool:
    parent = module.parents[node]
    if isinstance(parent, ast.Subscript):
        return isinstance(parent.ctx, ast.Store) and module.qualified(parent.value) == "os.environ"
    return isinstance(parent, ast.Call) and module.qualified(parent.func) in _SETTERS


TRANSFORM = Transform(
    name="environment",
    literals=(b"EnvironmentCredential", *(name.encode() for name in sorted(_VARIABLES))),
    constructs={
        f"{package}.{name}": judge
        for package in ("azure.identity", "azure.identity.aio")
        for name, judge in (("EnvironmentCredential", _environment), ("DefaultAzureCredential", _default))
    },
    search=_settings,
)
