"""Does an expression, a field or an entry give a value where a variable is not set."""

from __future__ import annotations

import ast

from codemods.engine.fields import refuses_default
from codemods.engine.indirect import last_name
from codemods.engine.readers import environment_variable, library_read
from codemods.names import Module

_WITH_DEFAULT = frozenset({"Field", "field", "ib", "attrib", "config", "env", "Option"})
_DECLARE = frozenset({"__slots__", "__all__"})
_FIELDS = frozenset({"Field", "field", "ib", "attrib"})


def is_optional(module: Module, node: ast.expr, variables: list[str]) -> bool:
    """Tell whether an expression gives a value without the secret; the variables it reads are collected."""
    read = library_read(module, node)
    if read is None:
        return _is_optional(module, node, variables)
    variables.append(read.variable)
    return read.default is not None and is_optional(module, read.default, variables)


def _is_optional(module: Module, node: ast.expr, variables: list[str]) -> bool:
    variable = environment_variable(module, node)
    match node:
        case ast.Constant(value=value):
            return value is not Ellipsis
        case ast.Call(args=[_, *rest]) if variable is not None and not node.keywords:
            variables.append(variable)
            return all(is_optional(module, item, variables) for item in rest)
        case ast.BoolOp(values=values):
            return all(is_optional(module, item, variables) for item in values)
        case ast.Call(func=ast.Name(id="SecretStr"), args=[inner]):
            return is_optional(module, inner, variables)
        case ast.Call(func=func) if last_name(func) in _WITH_DEFAULT:
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            default = named.get("default", node.args[0] if node.args and last_name(func) in _FIELDS else None)
            if isinstance(made := named.get("default_factory", named.get("factory")), ast.Lambda):
                default = made.body
            return default is not None and is_optional(module, default, variables)
        case _:
            variables.extend([] if variable is None else [variable])
            return False


def is_field_needed(module: Module, owner: ast.ClassDef, node: ast.AnnAssign) -> bool:
    """Tell whether a class cannot be made where nothing gives a field its value."""
    optional = node.value is not None and is_optional(module, node.value, [])
    return node.value is None or not optional or refuses_default(module, owner, node, node.value)


def is_variable(module: Module, node: ast.AST) -> bool:
    """Tell whether a node reads an environment variable, or is its name in such a read."""
    reads = (item for item in (node, module.parents.get(node)) if isinstance(item, ast.Subscript | ast.Call))
    return any((environment_variable(module, item) or library_read(module, item)) is not None for item in reads)


def is_definition(module: Module, node: ast.AST) -> bool:
    """Tell whether a place gives an item its optional value: an entry of a dict, or an attribute of its own class."""
    parent = module.parents.get(node)
    if isinstance(node, ast.Constant) and isinstance(parent, ast.Tuple | ast.List | ast.Set):
        statement = module.parents.get(parent)
        return isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") in _DECLARE
    if isinstance(parent, ast.Dict) and node in parent.keys:
        values = (value for key, value in zip(parent.keys, parent.values, strict=True) if key is node)
        return all(is_optional(module, value, []) for value in values)
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
    if not own or not isinstance(parent, ast.Assign | ast.AnnAssign) or parent.value is None:
        return False
    return parent.value is not node and is_optional(module, parent.value, [])
