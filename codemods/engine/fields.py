"""What gives a field of a class its value: an assignment, a property, a variable of the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from codemods.names import Module

_ALIASES: Final = frozenset({"alias", "validation_alias", "env"})

_PROPERTIES: Final = frozenset({"property", "cached_property"})


def values_of_field(owner: ast.ClassDef, key: str) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """Yield what gives a field its value, with the value; None where it has none, or more than one expression."""
    for node in ast.walk(owner):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if name == key:
                yield node, value
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.Assign(targets=[ast.Attribute(attr=name)], value=value)
                | ast.AnnAssign(target=ast.Attribute(attr=name), value=value)
            ) if name == key:
                yield node, value
            case ast.FunctionDef(name=name) if name == key and node.decorator_list:
                yield node, _returned(node) if all(map(_is_property, node.decorator_list)) else None
            case _:
                continue


def _is_property(decorator: ast.expr) -> bool:
    return getattr(decorator, "attr", getattr(decorator, "id", "")) in _PROPERTIES


def _returned(function: ast.FunctionDef) -> ast.expr | None:
    """Give what a property returns, if it does nothing else."""
    match function.body:
        case [ast.Return(value=value)] | [ast.Expr(value=ast.Constant()), ast.Return(value=value)]:
            return value
        case _:
            return None


def returned_by(owner: ast.ClassDef, key: str) -> list[ast.expr]:
    """List all that a property of a class may give."""
    made = (node for node in ast.walk(owner) if isinstance(node, ast.FunctionDef) and node.name == key)
    inner = (node for function in made if function.decorator_list for node in ast.walk(function))
    return [node.value for node in inner if isinstance(node, ast.Return) and node.value is not None]


def filled_from(module: Module, owner: ast.ClassDef, key: str) -> Iterator[str]:
    """Name the variables that pydantic fills a field from, where they are not named like the field.

    https://docs.pydantic.dev/latest/concepts/pydantic_settings/#changing-environment-variable-prefix
    """
    for node in ast.walk(owner):
        match node:
            case (
                ast.keyword(arg="env_prefix", value=value)
                | ast.Assign(targets=[ast.Name(id="env_prefix")], value=value)
            ) if prefix := module.constant(value):
                yield f"{prefix}{key}".upper()
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(keywords=named)) if name == key:
                given = (item.value for item in named if item.arg in _ALIASES)
                texts = (part for value in given for part in ast.walk(value) if isinstance(part, ast.Constant))
                yield from (text.value for text in texts if isinstance(text.value, str))
            case _:
                continue
