"""Other ways to sign in that stand beside a site as its alternatives.

Code that offers several (a secret, a certificate, a managed identity) in one ``if``, one ``try`` or one class is
usually a library, or a product: which of them is used is its users' choice, and taking one away breaks those who chose
it. Credentials that are made one after the other (one opens the vault, the other one uses what was in it), and the
links of a chain, are no alternatives.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.engine.flow import block_of
from codemods.engine.indirect import last_name
from codemods.names import Module

_BRANCHES = ("body", "orelse", "handlers", "cases")
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_PACKAGES = ("azure.identity.", "msal.")
_OTHERS = ("Credential", "PublicClientApplication", "ManagedIdentityClient")
_LEAVES = ast.Return | ast.Raise | ast.Continue | ast.Break
_SECRETS = frozenset({
    "ClientSecretCredential", "ConfidentialClientApplication", "ClientApplication", "ClientAssertionCredential",
})  # fmt: skip


def alternative(module: Module, site: ast.AST) -> int | None:
    """Give the line of the first other kind of sign-in that is an alternative of a site."""
    if not isinstance(site, ast.Call):
        return None
    own = _kind(site)
    lines = [
        call.lineno
        for call in module.calls
        if call is not site and _is_sign_in(module, call) and _kind(call) != own and _excludes(module, call, site)
    ]
    return min(lines, default=None)


def _kind(call: ast.Call) -> str:
    """Name a way to sign in; those that take a secret, or the assertion in its place, are one."""
    name = last_name(call.func)
    return "secret" if name in _SECRETS else name


def _is_sign_in(module: Module, call: ast.Call) -> bool:
    if not last_name(call.func).endswith(_OTHERS):
        return False
    around = (parent for parent in module.ancestors(call) if isinstance(parent, ast.Call))
    if any(_kind(parent) == "secret" for parent in around):
        return False  # the managed identity an assertion comes from
    return any(meaning.startswith(_PACKAGES) for meaning in module.meanings(call.func))


def _excludes(module: Module, one: ast.AST, other: ast.AST) -> bool:
    """Tell whether only one of two calls is made, or each by a method of its own of the same class."""
    trail = {parent: child for child, parent in _steps(module, one)}
    for child, parent in _steps(module, other):
        if parent in trail:
            return _apart(module, parent, trail[parent], child)
    return False


def _steps(module: Module, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    for parent in module.ancestors(node):
        yield node, parent
        node = parent


def _apart(module: Module, common: ast.AST, one: ast.AST, other: ast.AST) -> bool:
    """Tell whether two children of the innermost common parent exclude each other."""
    match common:
        case ast.IfExp():
            return common.test not in {one, other}
        case ast.If() | ast.Try() | ast.Match() if _branch(common, one) != _branch(common, other):
            return None not in {_branch(common, one), _branch(common, other)}
        case ast.Match():
            return True
        case ast.ClassDef():
            return isinstance(one, _FUNCTIONS) and isinstance(other, _FUNCTIONS)
        case ast.BoolOp() | ast.Dict():
            return True
        case _:
            return _leaves_first(module, one, other)


def _branch(node: ast.AST, child: ast.AST) -> str | None:
    found = (name for name in _BRANCHES if isinstance(items := getattr(node, name, None), list) and child in items)
    return next(found, None)


def _leaves_first(module: Module, one: ast.AST, other: ast.AST) -> bool:
    """Tell whether the first of two statements ends with a way out, so that the second is not reached behind it."""
    if not isinstance(one, ast.stmt) or not isinstance(other, ast.stmt):
        return False
    block = block_of(module, one)
    if other not in block:
        return False
    first = min(one, other, key=block.index)
    return isinstance(first, ast.If | ast.Try) and isinstance(first.body[-1], _LEAVES)
