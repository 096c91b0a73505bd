"""What a class gives its attributes, and a statement its names, as far as one expression says it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.names import Binding, Kind, Module

_NOTHING = ast.Constant(value=None)


def is_given(module: Module, owner: ast.ClassDef, key: str) -> bool:
    """Tell whether an attribute of a class is filled from outside: by a parameter or as a declared field."""
    for node in ast.walk(owner):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=None) if name == key and module.parents[node] is owner:
                return True
            case ast.AnnAssign(target=ast.Name(id=name)) if name == key and module.parents[node] is owner:
                return bool(owner.decorator_list or owner.bases)
            case ast.Assign(targets=[ast.Name(id=name)]) if name == key and module.parents[node] is owner:
                return False
            case (
                ast.Assign(targets=[ast.Attribute(attr=name)], value=value)
                | ast.AnnAssign(target=ast.Attribute(attr=name), value=ast.expr() as value)
            ) if name == key:
                return any(_is_parameter(module, part) for part in ast.walk(value))
            case _:
                continue
    return True


def values_of(module: Module, owner: ast.ClassDef, key: str) -> Iterator[ast.expr]:
    """Yield what an attribute of a class is given inside of the class."""
    for node in ast.walk(owner):
        match node:
            case (
                ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Attribute(attr=name), value=ast.expr() as value)
            ) if name == key:
                yield value
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if name == key and module.parents[node] is owner:
                yield value
            case _:
                continue


def given_to(module: Module, binding: Binding) -> ast.expr:
    """Give what a name is bound to, as far as one expression says it: its place in a tuple, the value of ``:=``."""
    node = binding.node
    statement = module.parents.get(node)
    match node, statement:
        case ast.NamedExpr(value=value), _:
            return value
        case ast.Tuple(elts=names) | ast.List(elts=names), ast.Assign(
            value=ast.Tuple(elts=values) | ast.List(elts=values)
        ):
            pairs = zip(names, values, strict=False) if len(names) == len(values) else ()
            return next((value for name, value in pairs if getattr(name, "id", "") == binding.name), _NOTHING)
        case _:
            return binding.value or _NOTHING


def _is_parameter(module: Module, node: ast.AST) -> bool:
    found = module.lookup(node) if isinstance(node, ast.Name) else None
    return found is not None and any(binding.kind is Kind.PARAMETER for binding in found[1])
