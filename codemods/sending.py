"""What becomes of the body of a request: where it is used, and by what calls it is handed on."""

from __future__ import annotations

import ast

from codemods.names import Module

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def uses_of(module: Module, node: ast.expr) -> list[ast.expr]:
    """List where a body is used: where it stands, or where the name is read under which it is kept."""
    parent = module.parents[node]
    target = parent.targets[0] if isinstance(parent, ast.Assign) else getattr(parent, "target", None)
    return [*reads_of(module, target.id, target)] if isinstance(target, ast.Name) else [node]


def reads_of(module: Module, name: str, near: ast.AST) -> list[ast.Name]:
    """List the reads of a name in the function around a place."""
    function = next((item for item in module.ancestors(near) if isinstance(item, FUNCTIONS)), module.tree)
    users = [use for use in module.references if isinstance(use, ast.Name) and use.id == name]
    return [use for use in users if function is module.tree or function in module.ancestors(use)]


def reads_of_holder(module: Module, holder: ast.expr) -> list[ast.expr]:
    """List the reads of what an item is put into: a name, or an attribute of an object."""
    if isinstance(holder, ast.Attribute):
        attributes = (node for node in module.references if isinstance(node, ast.Attribute))
        return [node for node in attributes if node.attr == holder.attr]
    return [*reads_of(module, holder.id, holder)] if isinstance(holder, ast.Name) else []


def is_json(module: Module, node: ast.expr) -> bool:
    """Tell whether a body is sent as JSON, which Entra's token endpoint does not take."""
    parents = [module.parents[use] for use in uses_of(module, node)]
    return any(isinstance(parent, ast.keyword) and parent.arg == "json" for parent in parents)


def is_unpacked_into_class(module: Module, uses: list[ast.expr]) -> bool:
    """Tell whether fields are the arguments of a class of azure-identity or msal, which are told of there."""
    keywords = [parent for use in uses if isinstance(parent := module.parents[use], ast.keyword) and parent.arg is None]
    calls = [call for item in keywords if isinstance(call := module.parents[item], ast.Call)]
    return any((module.qualified(call.func) or "").startswith(("azure.identity.", "msal.")) for call in calls)


def calls_around(module: Module, node: ast.AST) -> list[ast.Call]:
    """List the calls that a node is an argument of, or a part of one, from the inside out."""
    return [parent for parent in module.ancestors(node) if isinstance(parent, ast.Call)]


def calls_inside(module: Module, call: ast.Call) -> list[ast.Call]:
    """List the calls of a function of this file that is called, by its name or as a method of its own object."""
    functions = _functions(module, call.func)
    return [item for function in functions for item in ast.walk(function) if isinstance(item, ast.Call)]


def _functions(module: Module, func: ast.expr) -> list[ast.AST]:
    match func:
        case ast.Name():
            found = module.lookup(func)
            return [item.node for item in ([] if found is None else found[1]) if isinstance(item.node, FUNCTIONS)]
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            return [node for node in module.parents if isinstance(node, FUNCTIONS) and node.name == name]
        case _:
            return []


def takes_secret(module: Module, func: ast.expr) -> bool:
    """Tell whether a function of this file has a parameter for the secret: what it does with it is told there."""
    found = [node.args for node in _functions(module, func) if isinstance(node, FUNCTIONS)]
    named = [{item.arg for item in (*args.args, *args.kwonlyargs)} for args in found]
    return bool(named) and all("client_secret" in names for names in named)


def arguments_of(call: ast.Call) -> list[ast.expr]:
    """List what a call is given, by place and by name."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def method_of(call: ast.Call) -> str:
    """Name the method or function that is called; empty for any other expression."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
