"""What a class gives its attributes, a statement its names and an option its parameter, where it is written down."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.engine.fields import returned_by_property
from codemods.engine.items import item_of
from codemods.engine.unpacking import elements_of
from codemods.names import Module
from codemods.scope import Binding, Kind

_OWN = frozenset({"self", "cls"})
_NOTHING = ast.Constant(value=None)


def is_given(module: Module, owner: ast.ClassDef, key: str) -> bool:
    """Tell whether an attribute of a class is filled from outside: by a parameter or as a declared field."""
    for node in ast.walk(owner):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=None) if name == key and module.parents[node] is owner:
                return True
            case ast.AnnAssign(target=ast.Name(id=name)) if name == key and module.parents[node] is owner:
                return bool(owner.decorator_list or (owner.bases and not is_settings(owner)))
            case ast.Assign(targets=[ast.Name(id=name)]) if name == key and module.parents[node] is owner:
                return False
            case (
                ast.Assign(targets=[ast.Attribute(attr=name)], value=value)
                | ast.AnnAssign(target=ast.Attribute(attr=name), value=ast.expr() as value)
            ) if name == key:
                return any(_is_parameter(module, part) for part in ast.walk(value))
            case ast.Assign(targets=[ast.Tuple() | ast.List()]) if (
                part := _part(module, owner, node, key)
            ) is not None:
                return any(_is_parameter(module, each) for each in ast.walk(part))
            case _:
                continue
    properties = (node for node in ast.walk(owner) if isinstance(node, ast.FunctionDef) and node.name == key)
    return all(returned_by_property(node) is None for node in properties)


def binding_of_kept(module: Module, owner: ast.ClassDef, key: str) -> Binding | None:
    """Give the binding of a class that gives an attribute its value itself, in plain assignments and nowhere else.

    A class of which another one of the file is made, or which is made of another one, may get it there.
    """
    found = [item for item in module.top.bindings.get(owner.name, ()) if item.node is owner]
    bases = [base for base in owner.bases if not getattr(base, "id", "").endswith(("Settings", "object"))]
    classes = (node for node in module.parents if isinstance(node, ast.ClassDef))
    derived = any(getattr(base, "id", "") == owner.name for node in classes for base in node.bases)
    if not found or bases or owner.keywords or derived:
        return None
    given = list(values_of(module, owner, key))
    stores = [node for node in ast.walk(owner) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    kept = [node for node in stores if node.attr == key]
    plain = all(isinstance(node.value, ast.Name) and node.value.id == "self" for node in kept) and all(
        isinstance(module.parents[node], ast.Assign | ast.AnnAssign) for node in kept
    )
    return found[0] if given and plain else None


def kept_value(module: Module, node: ast.expr) -> tuple[ast.ClassDef, ast.expr | None] | None:
    """Give the class that ``self.x`` is kept by, and its one value; None for a value that settings are filled with."""
    if not isinstance(node, ast.Attribute) or getattr(node.value, "id", "") not in _OWN:
        return None
    owner = next((item for item in module.ancestors(node) if isinstance(item, ast.ClassDef)), None)
    if owner is None:
        return None
    if is_settings(owner):
        fields = [item for item in owner.body if isinstance(item, ast.AnnAssign)]
        own = any(getattr(item.target, "id", "") == node.attr for item in fields)
        return (owner, None) if own and line_of_filled(module, owner.name) is None else None
    if is_given(module, owner, node.attr) or binding_of_kept(module, owner, node.attr) is None:
        return None
    given = list(values_of(module, owner, node.attr))
    return (owner, given[0]) if len(given) == 1 else None


def kept_entry(module: Module, node: ast.expr) -> tuple[str, ast.expr | None] | None:
    """Name an entry of what an object keeps (``self.config["x"]``) by its class and the way; give its value if seen."""
    way: list[str] = []
    while (item := item_of(node)) is not None and getattr(item[0], "id", "") not in _OWN:
        node, key = item
        way.insert(0, key)
    kept = kept_value(module, node) if way else None
    if kept is None or not isinstance(node, ast.Attribute):
        return None
    value = kept[1]
    for key in way:
        named = zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ()
        value = next((each for name, each in named if module.constant(name) == key), None)
    return f"{kept[0].name}.{'.'.join((node.attr, *way))}", value


def is_settings(owner: ast.ClassDef) -> bool:
    """Tell whether a class is one of settings, which are filled from the environment."""
    return bool(owner.bases) and all(getattr(base, "id", "").endswith("Settings") for base in owner.bases)


def line_of_filled(module: Module, owner: str) -> int | None:
    """Find the first line that makes an object of a class of settings from something that it is given."""
    calls = (call for call in module.calls if call.args or call.keywords)
    named = (call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) == owner)
    return next((call.lineno for call in named), None)


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
            case ast.FunctionDef(name=name) if (
                name == key and module.parents[node] is owner and (given := returned_by_property(node)) is not None
            ):
                yield given
            case ast.Assign(targets=[ast.Tuple() | ast.List()]) if (
                part := _part(module, owner, node, key)
            ) is not None:
                yield part
            case _:
                continue


def _part(module: Module, owner: ast.ClassDef, node: ast.Assign, key: str) -> ast.expr | None:
    """Give what an attribute gets by its place in a tuple: ``self.tenant, self.secret = a, b``."""
    names, values = elements_of(node.targets[0]), elements_of(node.value)
    if len(names) != len(values):
        return node.value if any(getattr(name, "attr", "") == key for name in names) else None
    for name, value in zip(names, values, strict=True):
        of_class = isinstance(name, ast.Name) and name.id == key and module.parents[node] is owner
        if of_class or (isinstance(name, ast.Attribute) and name.attr == key):
            return value
    return None


def given_to(module: Module, binding: Binding) -> ast.expr:
    """Give what a name is bound to, as far as one expression says it; a chain of names (``a = b = x``) included."""
    chained = binding.node.value if isinstance(binding.node, ast.Assign) else None
    return module.given(binding) or chained or _NOTHING


def _is_parameter(module: Module, node: ast.AST) -> bool:
    found = module.lookup(node) if isinstance(node, ast.Name) else None
    return found is not None and any(binding.kind is Kind.PARAMETER for binding in found[1])


def variables_of_option(module: Module, function: ast.AST, name: str) -> tuple[str, ...]:
    """Name the variables that fill a parameter which is an option of the command line.

    click: https://click.palletsprojects.com/en/stable/options/#values-from-environment-variables; typer:
    https://typer.tiangolo.com/tutorial/arguments/envvar/
    """
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    options = [item for item in function.decorator_list if isinstance(item, ast.Call) and _is_for(module, item, name)]
    named = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    own = [item.annotation for item in named if item.arg == name and item.annotation is not None]
    calls = [node for part in (*own, *default_of(function, name)) for node in ast.walk(part)]
    options += [node for node in calls if isinstance(node, ast.Call)]
    given = [keyword.value for option in options for keyword in option.keywords if keyword.arg == "envvar"]
    texts = (module.constant(node) for value in given for node in ast.walk(value) if isinstance(node, ast.expr))
    return tuple(text for text in texts if text is not None)


def _is_for(module: Module, option: ast.Call, name: str) -> bool:
    """Tell whether an option of click fills a parameter: the one it names, or that of its longest flag."""
    texts = [text for text in map(module.constant, option.args) if text is not None]
    explicit = [text for text in texts if text.isidentifier()]
    return name in (explicit or [text.lstrip("-").replace("-", "_").lower() for text in texts])


def default_of(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> list[ast.expr]:
    """Give what a parameter is where nobody gives it anything, if it says so."""
    places = [*function.args.posonlyargs, *function.args.args]
    late = places[len(places) - len(function.args.defaults) :]
    pairs = [*zip(late, function.args.defaults, strict=True)]
    keyword_only = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    pairs += [(place, value) for place, value in keyword_only if value is not None]
    return [value for place, value in pairs if place.arg == name]
