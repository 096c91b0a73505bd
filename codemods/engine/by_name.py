"""Texts that name a class or a private attribute of one, where the program asks what an object is.

if type(credential).__name__ == "ClientSecretCredential":          getattr(credential, "_client_credential")
"""

from __future__ import annotations

import ast

from codemods.engine.indirect import last_name
from codemods.names import Module

_NAMES = frozenset({"__name__", "__qualname__"})
_WRITES_DOWN = frozenset({"repr", "str", "type"})
_LOOKS_UP = frozenset({"getattr", "hasattr", "setattr", "delattr"})


def is_name_test(module: Module, text: ast.Constant) -> bool:
    """Tell whether a text is compared with the name of a class: by an operator, among others, or by a pattern."""
    parent: ast.AST = module.parents[text]
    if isinstance(parent, ast.Tuple | ast.List | ast.Set):
        parent = module.parents[parent]
    if isinstance(parent, ast.Compare):
        return any(_is_name(module, side) for side in (parent.left, *parent.comparators))
    subjects = (item.subject for item in module.ancestors(text) if isinstance(item, ast.Match))
    return isinstance(parent, ast.MatchValue) and any(_is_name(module, item) for item in subjects)


def is_looked_up(module: Module, text: ast.Constant) -> bool:
    """Tell whether a text is the attribute that a function of Python's looks up."""
    parent = module.parents[text]
    return isinstance(parent, ast.Call) and last_name(parent.func) in _LOOKS_UP and parent.args[1:2] == [text]


def _is_name(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is the name of a class, or what an object is written down as."""
    value = module.value_once(node) if isinstance(node, ast.Name) else None
    inside = [item for each in (node, value) if each is not None for item in ast.walk(each)]
    return any(
        (isinstance(item, ast.Attribute) and item.attr in _NAMES)
        or (isinstance(item, ast.Call) and last_name(item.func) in _WRITES_DOWN and "type" in _called(item))
        for item in inside
    )


def _called(call: ast.Call) -> set[str]:
    """Name the functions that are called in an expression."""
    return {last_name(item.func) for item in ast.walk(call) if isinstance(item, ast.Call)}
