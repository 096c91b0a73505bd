"""Functions of a file that do nothing but read the variable they are given, or end the program where it is missing.

def require(name): value = os.getenv(name); if not value: raise RuntimeError(name); return value
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from codemods.names import Module
from codemods.scope import Kind

_READS: Final = frozenset({"os.getenv", "os.environ.get"})
_ENDS: Final = frozenset({"sys.exit"})
_STATEMENTS: Final = (ast.Assign, ast.AnnAssign, ast.If, ast.Raise, ast.Return, ast.Try, ast.Expr)
_OTHERS: Final = (
    ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.Starred,
)  # fmt: skip
"""Expressions that such a function has no need of."""


def reads_only(module: Module, func: ast.expr) -> bool:
    """Tell whether a name stands for a function of this file with one parameter, of which all this is so."""
    found = module.lookup(func) if isinstance(func, ast.Name) and func in module.scopes else None
    if found is None or len(found[1]) != 1 or found[1][0].kind is not Kind.DEFINITION:
        return False
    function = found[1][0].node
    if not isinstance(function, ast.FunctionDef) or function.decorator_list or found[0] is not module.top:
        return False
    given = function.args
    if len(given.args) != 1 or given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg or given.defaults:
        return False
    name = given.args[0].arg
    return _reads(module, function, name) and all(_is_plain(module, node, name) for node in _nodes(function))


def _nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)


def _reads(module: Module, function: ast.FunctionDef, name: str) -> bool:
    """Tell whether the parameter names the only variable that is read."""
    keys = [key for node in _nodes(function) if (key := _key(module, node)) is not None]
    return bool(keys) and all(isinstance(key, ast.Name) and key.id == name for key in keys)


def _key(module: Module, node: ast.AST) -> ast.expr | None:
    match node:
        case ast.Subscript(value=holder, slice=key) if module.qualified(holder) == "os.environ":
            return key
        case ast.Call(func=func, args=[key, *_]) if module.qualified(func) in _READS:
            return key
        case _:
            return None


def _is_plain(module: Module, node: ast.AST, name: str) -> bool:
    """Tell whether a part of a function changes nothing outside of it."""
    match node:
        case ast.Call():
            return _is_plain_call(module, node)
        case ast.Assign(targets=targets):
            return all(isinstance(target, ast.Name) and target.id != name for target in targets)
        case ast.AnnAssign(target=target):
            return isinstance(target, ast.Name) and target.id != name
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant | ast.Call)
        case ast.stmt():
            return isinstance(node, _STATEMENTS)
        case _:
            return not isinstance(node, _OTHERS)


def _is_plain_call(module: Module, call: ast.Call) -> bool:
    """Accept reads of the environment, the making of an error that is raised, ends of the program, and ``strip()``."""
    meaning, func = module.qualified(call.func) or "", call.func
    if meaning in _READS or meaning in _ENDS:
        return True
    if isinstance(func, ast.Attribute):
        return func.attr in {"strip", "format"} and not call.keywords
    return isinstance(module.parents[call], ast.Raise)
