"""Reads of one thing out of another, in all the ways they are written, and texts of them that hold no secret."""

from __future__ import annotations

import ast
import re

from codemods.engine.readers import environment_variable, library_read
from codemods.names import Module
from codemods.shapes import ENTRA_SECRET

_SECRETIVE = re.compile(r"secret|passw|pwd|key|cert|pem|pfx", re.IGNORECASE)
_OPTION = re.compile(rf"(?=.*(?:{_SECRETIVE.pattern}))[a-z_.-]+", re.IGNORECASE)
"""An option that is certainly a name."""


def plain_text(module: Module, node: ast.expr | None) -> str | None:
    """Write an expression down if it can hold no secret: names, attributes, items, environment variables, ids."""
    match node:
        case None:
            return None
        case ast.Name(id=name):
            return name
        case ast.Constant(value=str(text)):
            return None if ENTRA_SECRET.search(text) else repr(text)
        case ast.Attribute(value=value, attr=attr):
            inner = plain_text(module, value)
            return None if inner is None else f"{inner}.{attr}"
        case _:
            return _plain_item(module, node)


def _plain_item(module: Module, node: ast.expr) -> str | None:
    read = library_read(module, node)
    if (variable := environment_variable(module, node) if read is None else read.variable) is not None:
        return f"os.environ[{variable!r}]"
    if (item := item_of(node)) is not None and (holder := plain_text(module, item[0])) is not None:
        return f"{holder}[{item[1]!r}]"
    return None


def item_of(node: ast.AST) -> tuple[ast.expr, str] | None:
    """Split a read of one item into its holder and its key, whatever way it is written."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=holder, attr="get"),
            args=[ast.Constant(value=str(section)), ast.Constant(value=str(option))],
        ) if option and not _SECRETIVE.search(section):
            return holder, f"{section}/{option}"  # configparser, not a default
        case (
            ast.Attribute(value=holder, attr=key)
            | ast.Subscript(value=holder, slice=ast.Constant(value=str(key)))
            | ast.Call(func=ast.Attribute(value=holder, attr="get" | "pop"), args=[ast.Constant(value=str(key)), *_])
            | ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[holder, ast.Constant(value=str(key)), *_])
            | ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()], comparators=[holder])
        ):
            return holder, key
        case _:
            return None


def shown_key(key: str) -> str:
    """Write down a key, but not the second argument of a ``get`` that may as well be a default: the secret itself."""
    section, slash, option = key.partition("/")
    return key if not slash or _OPTION.fullmatch(option) else f"{section}/..."
