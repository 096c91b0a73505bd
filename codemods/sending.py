"""What becomes of the body of a request: where it is used, and by what calls it is handed on."""

from __future__ import annotations

import ast
import re

from codemods.names import Module

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
FIELDS = {
    name: re.compile(rf"(?<![|,;])(^|[&?\"'\s]){name}=", re.IGNORECASE)
    for name in ("client_secret", "client_assertion")
}
"""A field for a proof in a body that is written as one text."""
SENDS = frozenset({"post", "request", "urlopen", "Request", "fetch"})
_DEEP = 4


def uses_of(module: Module, node: ast.expr) -> list[ast.expr]:
    """List where a body is used: where it stands, or where the name is read under which it is kept."""
    parent = module.parents[node]
    target = parent.targets[0] if isinstance(parent, ast.Assign) else getattr(parent, "target", None)
    return [*reads_of(module, target.id, target)] if isinstance(target, ast.Name) else [node]


def reads_of(module: Module, name: str, near: ast.AST) -> list[ast.Name]:
    """List the reads of a name in the function around a place."""
    function = next((item for item in module.ancestors(near) if isinstance(item, FUNCTIONS)), module.tree)
    return [use for use in module.reads.get(name, ()) if function is module.tree or function in module.ancestors(use)]


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
    return any(_is_of_class(module, call) for call in calls)


def goes_to_class(module: Module, node: ast.expr) -> bool:
    """Tell whether a value is an argument of a class of azure-identity, msal or its forms for web frameworks."""
    parent = module.parents[node]
    call = module.parents[parent] if isinstance(parent, ast.keyword) else parent
    return isinstance(call, ast.Call) and call.func is not node and _is_of_class(module, call)


def _is_of_class(module: Module, call: ast.Call) -> bool:
    return (module.qualified(call.func) or "").startswith(("azure.identity.", "msal.", "identity."))


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


def is_seen(module: Module, node: ast.expr, depth: int = 0) -> bool:
    """Tell whether an argument is a body that another search sees, encoded or not: a dict, a text with the secret."""
    if isinstance(node, ast.Name):
        found = module.lookup(node) if node in module.scopes else None
        values = [binding.value for binding in (() if found is None else found[1]) if binding.value is not None]
        once = values[0] if found is not None and len(found[1]) == 1 and values else None
        return any(shows_secret(module, value) for value in values) or (
            once is not None and (_shows_fields(module, once, node.id) or _is_encoded(module, once, depth))
        )
    return _is_encoded(module, node, depth) or any(
        isinstance(item, ast.Dict)
        or (isinstance(item, ast.keyword) and (item.arg or "").casefold() == "client_secret")
        or (isinstance(item, ast.Constant) and "client_secret=" in str(item.value).casefold())
        for item in ast.walk(node)
    )


def _is_encoded(module: Module, node: ast.expr, depth: int) -> bool:
    """Tell whether an expression encodes a body that is seen: ``urlencode(body).encode()``."""
    names = (item for item in ast.walk(node) if isinstance(item, ast.Name) and item is not node)
    return depth < _DEEP and isinstance(node, ast.Call) and any(is_seen(module, name, depth + 1) for name in names)


def shows_secret(module: Module, value: ast.expr) -> bool:
    """Tell whether a body is told where it is made, as its secret stands there."""
    if isinstance(value, ast.JoinedStr | ast.Constant | ast.BinOp):
        return any(
            FIELDS["client_secret"].search(str(part.value))
            for part in ast.walk(value)
            if isinstance(part, ast.Constant)
        )
    if isinstance(value, ast.Dict):
        return "client_secret" in fields_of(module, value)
    named = value.keywords if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict" else []
    return "client_secret" in {(keyword.arg or "").casefold() for keyword in named}


def fields_of(module: Module, node: ast.Dict) -> dict[str, ast.expr]:
    """Give the fields of a body by their names, which Entra reads in any case; what is unpacked has none."""
    named = ((module.constant(key), value) for key, value in zip(node.keys, node.values, strict=True))
    return {("" if name is None else name.casefold()): value for name, value in named}


def _shows_fields(module: Module, value: ast.expr, name: str) -> bool:
    """Tell whether all fields of a body stand in the file; a secret that is set later is found by another search."""
    displays = [item for item in ast.walk(value) if isinstance(item, ast.Dict)]
    keys = [module.constant(key) for item in displays for key in item.keys]
    updated = any(
        isinstance(item, ast.Attribute) and item.attr == "update" and getattr(item.value, "id", "") == name
        for item in module.references
    )
    named = "client_secret" in {str(key).casefold() for key in keys} or _is_filled_in(module, name)
    return named or (bool(keys) and None not in keys and not updated)


def _is_filled_in(module: Module, name: str) -> bool:
    """Tell whether a secret is put into a body after it was made, which is told of there."""
    texts = (text for text in module.strings if str(text.value).casefold() == "client_secret")
    return any(
        isinstance(item := module.parents[text], ast.Subscript)
        and isinstance(item.ctx, ast.Store)
        and getattr(item.value, "id", "") == name
        for text in texts
    )


def is_sent(module: Module, node: ast.Name) -> bool:
    """Tell whether something is encoded as a form, or sent as one."""
    parent = module.parents[node]
    if isinstance(parent, ast.keyword):
        return parent.arg == "data"
    func = parent.func if isinstance(parent, ast.Call) else None
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name == "urlencode" or name in SENDS
