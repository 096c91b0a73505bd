"""What calls give a parameter: by its place, by its name, or unpacked from something."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def called_name(function: Function, owner: ast.AST | None) -> str:
    """Name what is called to run a function: the class whose objects it makes, or itself."""
    return owner.name if isinstance(owner, ast.ClassDef) and function.name == "__init__" else function.name


def given_by(calls: Iterable[ast.Call], function: Function, owner: ast.AST | None, name: str) -> Iterator[ast.expr]:
    """Yield what some calls give a parameter of a function; ``owner`` is what the function is defined in."""
    wanted = called_name(function, owner)
    static = any(getattr(item, "id", "") == "staticmethod" for item in function.decorator_list)
    bound = 1 if isinstance(owner, ast.ClassDef) and not static else 0
    places = [item.arg for item in (*function.args.posonlyargs, *function.args.args)][bound:]
    for call in calls:
        if getattr(call.func, "attr", getattr(call.func, "id", "")) != wanted:
            continue
        yield from (value for place, value in zip(places, call.args, strict=False) if place == name)
        yield from (item.value for item in call.keywords if item.arg in {name, None})
        yield from (item for item in call.args if isinstance(item, ast.Starred))
