"""Names that stand for several types, such as ``Credentials = ClientSecretCredential | DefaultAzureCredential``.

They matter to type checkers alone, unless a program asks ``isinstance`` of one, or does something else with it.

Rules: https://docs.python.org/3/library/typing.html#type-aliases
"""

from __future__ import annotations

import ast

from codemods.engine.indirect import is_annotation, is_type_test, last_name
from codemods.model import ReasonCode
from codemods.names import Module

_UNIONS = frozenset({"Union", "Optional"})
_GENERICS = frozenset({"list", "tuple", "dict", "set", "frozenset", "type"})


def name_of_union(module: Module, node: ast.AST) -> ast.Name | None:
    """Give the name that a union of types is bound to, for a class that is part of it."""
    union = False
    while (parent := module.parents.get(node)) is not None:
        if isinstance(parent, ast.stmt):
            return _target(parent, node) if union else None
        if isinstance(parent, ast.Subscript) and parent.slice is node and _is_generic(parent):
            union = union or last_name(parent.value) in _UNIONS
        elif isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.BitOr):
            union = True
        elif not isinstance(parent, ast.Tuple):
            return None
        node = parent
    return None


def use_of_union(module: Module, name: ast.Name) -> ReasonCode | None:
    """Tell what a union is used for in its file, other than for annotations."""
    found = module.lookup(name)
    if found is None or len(found[1]) != 1:
        return ReasonCode.CLASS_AS_VALUE
    for use in module.uses(found[0], name.id):
        if is_type_test(module, use):
            return ReasonCode.TYPE_DEPENDENT
        if not (is_annotation(module, use) or _is_cast(module, use) or name_of_union(module, use)):
            return ReasonCode.CLASS_AS_VALUE
    return None


def _target(statement: ast.stmt, value: ast.AST) -> ast.Name | None:
    """Give the one name that a statement binds to a value."""
    targets = getattr(statement, "targets", None) or [getattr(statement, field, None) for field in ("target", "name")]
    names = [target for target in targets if isinstance(target, ast.Name)]
    return names[0] if len(targets) - targets.count(None) == len(names) == 1 and _value(statement) is value else None


def _value(statement: ast.stmt) -> ast.expr | None:
    """Give what a statement binds; ``type X = ...`` of Python 3.12 has one as well."""
    return getattr(statement, "value", None)


def _is_generic(node: ast.Subscript) -> bool:
    name = last_name(node.value)
    return name in _GENERICS or (name[:1].isupper() and any(letter.islower() for letter in name))


def _is_cast(module: Module, node: ast.AST) -> bool:
    parent = module.parents[node]
    return isinstance(parent, ast.Call) and last_name(parent.func) == "cast" and parent.args[:1] == [node]
