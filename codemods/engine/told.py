"""What a place does with a secret, in words that say what to do about it; never a value."""

from __future__ import annotations

import ast
from typing import Final

from codemods.engine.indirect import last_name
from codemods.engine.readers import environment_variable, library_read
from codemods.names import Module

_WRITES: Final = frozenset({"print", "debug", "info", "warning", "error", "exception", "critical", "log"})


def use_in_words(module: Module, node: ast.AST) -> str:
    """Say what a use is and how it goes away; an empty text where no more is known than that there is one."""
    statement: ast.AST = node
    for parent in module.ancestors(node):
        if (words := _words(module, parent, statement)) is not None:
            return words
        statement = parent
    return ""


def _words(module: Module, parent: ast.AST, child: ast.AST) -> str | None:
    """Judge the nearest thing around a use that says what it is for; None: look further out."""
    match parent:
        case ast.List() | ast.Tuple() | ast.Set() if isinstance(child, ast.Constant):
            return "in a list: take it out of the list"
        case ast.Call(func=func) if child is not func and not _reads(module, parent):
            return _given(last_name(func))
        case ast.Return() | ast.Yield():
            return "handed to callers: they have to do without it first"
        case ast.Assign() | ast.AnnAssign() | ast.keyword(arg=str()):
            return "read once more: remove that read, or what needs it"
        case _:
            return "" if isinstance(parent, ast.stmt) else None


def _given(name: str) -> str | None:
    if name in _WRITES:
        return f"written by {name}(): leave it out there"
    return f"given to {name}(): that has to do without it first" if name and name != "bool" else None


def _reads(module: Module, call: ast.Call) -> bool:
    return environment_variable(module, call) is not None or library_read(module, call) is not None
