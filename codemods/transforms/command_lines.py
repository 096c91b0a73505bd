"""Logins of the command line client with a secret: reported.

https://learn.microsoft.com/cli/azure/authenticate-azure-cli-service-principal
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Found, Report, Transform

# Texts for people are long, and name many commands.
_NEAR = re.compile(rb"login(?:(?!login)[\s\S]){0,600}?--service-principal")
_LOGIN_TARGET = "az login --identity --client-id CLIENT_ID_OF_THE_MANAGED_IDENTITY"


def _search(module: Module) -> Iterator[Found]:
    """Find logins of the command line client: ``az login --service-principal -p SECRET``."""
    for text in module.strings:
        if "--service-principal" not in str(text.value) or isinstance(module.parents[text], ast.Expr):
            continue
        parent = module.parents[text]
        parts = [str(item.value) for item in ast.walk(parent) if isinstance(item, ast.Constant)]
        if any("--federated-token" in part for part in parts) or not any("login" in part for part in parts):
            continue
        node = parent if isinstance(parent, ast.List | ast.Tuple | ast.JoinedStr) else text
        report = Report(
            reason=ReasonCode.OTHER_LIBRARY, detail="log in with --federated-token or --identity", target=_LOGIN_TARGET
        )
        yield Found(node=node, construct="az login", report=report)


TRANSFORM = Transform(
    name="command-lines",
    literals=(b"--service-principal",),
    search=_search,
    evidence=(("--service-principal", "login", _NEAR),),
)
