"""Files that are opened to be read into one name, and for nothing else."""

from __future__ import annotations

import ast

from codemods.names import Module


def opening_of(module: Module, statement: ast.AST) -> ast.With | None:
    """Give the ``with open(...) as f:`` around an assignment that is all it is there for."""
    around = module.parents.get(statement)
    match around:
        case ast.With(items=[ast.withitem(context_expr=opened, optional_vars=ast.Name(id=name) as target)], body=[_]):
            found = module.scopes[target].lookup(name) if opens(opened) else None
            uses = [] if found is None else list(module.uses(found[0], name))
            read = bool(uses) and all(around in module.ancestors(use) for use in uses)
            return around if read and found is not None and len(found[1]) == 1 else None
        case _:
            return None


def opened_for(module: Module, func: ast.Attribute) -> ast.expr | None:
    """Give what opens the file that a name stands for, where its one line only reads it into another name."""
    statement = next((node for node in module.ancestors(func) if isinstance(node, ast.stmt)), None)
    around = None if statement is None else opening_of(module, statement)
    item = None if around is None else around.items[0]
    same = item is not None and getattr(item.optional_vars, "id", "") == getattr(func.value, "id", None)
    return item.context_expr if same and item is not None else None


def opens(node: ast.expr) -> bool:
    """Tell whether an expression opens a file: to read what is open already would leave it at another place."""
    func = node.func if isinstance(node, ast.Call) else None
    return (isinstance(func, ast.Name) and func.id == "open") or (
        isinstance(func, ast.Attribute) and func.attr == "open"
    )
