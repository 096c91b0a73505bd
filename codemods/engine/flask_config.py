"""What a Flask app takes its settings from: the names of a class or a module, or entries that are put in.

https://flask.palletsprojects.com/en/stable/config/#configuring-from-python-files
"""

from __future__ import annotations

import ast
from typing import Final

from codemods.engine.indirect import last_name
from codemods.names import Module

_FILLS: Final = ("from_", "update", "setdefault")
_ENTRY: Final = 2
"""``app.config["NAME"]`` is two steps away from the app."""


def taken_by_app(module: Module, way: tuple[str, ...]) -> ast.Name | None:
    """Give the one class or module from which an entry comes; None where it may come from elsewhere."""
    if len(way) != _ENTRY or way[0] != "config" or not way[1].isupper() or entry_put_in(module, way[1]) is not None:
        return None
    methods = (call.func for call in module.calls if isinstance(call.func, ast.Attribute))
    fills = [func for func in methods if last_name(func.value) == "config" and func.attr.startswith(_FILLS)]
    call = module.parents[fills[0]] if len(fills) == 1 and fills[0].attr == "from_object" else None
    taken = call.args[0] if isinstance(call, ast.Call) and len(call.args) == 1 else None
    return taken if isinstance(taken, ast.Name) else None


def entry_put_in(module: Module, key: str) -> ast.Assign | None:
    """Find where an entry is put into something: ``app.config["SECRET"] = ...``."""
    for text in module.strings:
        item = module.parents[text] if text.value == key else None
        statement = module.parents[item] if isinstance(item, ast.Subscript) else None
        if isinstance(statement, ast.Assign) and item in statement.targets:
            return statement
    return None
