"""Check an option that was added: without it, the new source is the old one.

The new tree is read as a caller sees it who does not give the option: the parameter is taken out, each choice becomes
what is chosen then, the class that only the option needs is not imported. What remains must be the old tree. What is
chosen with the option must be the same call, but for the secret.
"""

from __future__ import annotations

import ast
import copy

from codemods.engine.claims.imports import REPLACED
from codemods.engine.claims.places import Expected, same
from codemods.engine.claims.sites import SiteCheck
from codemods.errors import ClaimError
from codemods.names import Module

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_option(name: str, old: Module, new: Module, *, parameter: str, count: int) -> None:
    """Verify that a file got so many choices and that nothing changes for who does not make one."""
    choices = [node for node in new.parents if isinstance(node, ast.IfExp) and _asks(node, parameter)]
    try:
        reduced = _Without(parameter).visit(copy.deepcopy(new.tree))
    except RecursionError as error:
        raise _refusal(name, 1, "it cannot be compared") from error
    if len(choices) != count or not same(old.tree, reduced):
        raise _refusal(name, 1, "it would do something else where the option is not given")
    expected = Expected(helper="", function="", credential="", variable="", scope="", parameter=parameter)
    for choice in choices:
        sites = SiteCheck(new, new, lambda node, what: _refusal(name, getattr(node, "lineno", 1), f"of {what}"))
        if not sites.is_choice(choice.orelse, choice.body, expected):
            sites.check(choice.orelse, choice.body, expected)


def _asks(node: ast.IfExp, parameter: str) -> bool:
    return same(node.test, ast.parse(f"{parameter} is not None", mode="eval").body)


def _refusal(name: str, line: int, why: str) -> ClaimError:
    return ClaimError(f"{name}:{line}: no option can be added, because {why}; nothing was done", line=line)


class _Without(ast.NodeTransformer):
    def __init__(self, parameter: str) -> None:
        self.parameter = parameter

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        last = node.kwonlyargs[-1:]
        default = node.kw_defaults[-1:]
        plain = [item.value for item in default if isinstance(item, ast.Constant)] == [None]
        if [item.arg for item in last] == [self.parameter] and plain and last[0].annotation is None:
            node.kwonlyargs.pop()
            node.kw_defaults.pop()
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self.visit(node.orelse) if _asks(node, self.parameter) else self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        names = {alias.name for alias in node.names}
        if names & set(REPLACED) and (node.module or "").startswith("azure.identity"):
            node.names = [alias for alias in node.names if alias.name not in set(REPLACED.values())]
        return node
