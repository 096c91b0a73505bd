"""What in another file of the project stops, or takes another way, when a variable or an entry is gone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator

from codemods.engine.attributes import is_settings, line_of_filled
from codemods.engine.indirect import last_name
from codemods.engine.items import item_of
from codemods.engine.optional import is_definition, is_field_needed, is_optional
from codemods.engine.readers import environment_variable, library_read
from codemods.names import Module, root_name

_HARMLESS = frozenset({"setdefault", "print", "debug", "info", "warning", "error", "exception", "log", "delenv"})


def needs_variables(module: Module, variables: Collection[str], is_site: Callable[[ast.AST], bool]) -> dict[str, int]:
    """Find the first lines that cannot do without some environment variables; one that nothing needs has none."""
    lines = [
        (str(text.value), text.lineno)
        for text in module.strings
        if text.value in variables and not is_site(text) and _is_needed(module, text)
    ]
    lines += _settings(module, variables)
    found: dict[str, int] = {}
    for variable, line in lines:
        found[variable] = min(line, found.get(variable, line))
    return found


def needs_item(module: Module, key: str, holders: set[str], is_site: Callable[[ast.AST], bool]) -> int | None:
    """Find the first line that reads the same entry of the same thing, whatever it is called there."""
    names = {binding.name for binding in module.imports if binding.alias and binding.alias.name in holders}
    names |= {binding.name for binding in module.imports if binding.qualified.rpartition(".")[2] in holders}
    for node in module.parents:
        found = item_of(node)
        if found is None or found[1] != key or is_site(node) or is_definition(module, node):
            continue
        root = root_name(found[0])
        if root is None or root.id in names | holders or _is_of_flask(found[0], key):
            return getattr(node, "lineno", 1)
    return None


def _is_of_flask(holder: ast.expr, key: str) -> bool:
    """Tell whether an entry is one of an app, which takes over all names of a module or class that are in capitals.

    https://flask.palletsprojects.com/en/stable/api/#flask.Config.from_object
    """
    return isinstance(holder, ast.Attribute) and holder.attr == "config" and key.isupper()


def line_of_instance(module: Module, owner: ast.ClassDef, key: str, is_site: Callable[[ast.AST], bool]) -> int | None:
    """Find the first line that reads an attribute of some object, derives from its class, or fills one of settings."""
    lines = [] if not is_settings(owner) else [line_of_filled(module, owner.name)]
    for node in module.parents:
        if isinstance(node, ast.ClassDef) and any(last_name(base) == owner.name for base in node.bases):
            lines.append(node.lineno)
        elif (item := item_of(node)) is not None and item[1] == key and not is_site(node):
            root = root_name(item[0])
            lines += [] if root is not None and root.id in {"self", "cls"} else [getattr(node, "lineno", 1)]
    return min((line for line in lines if line is not None), default=None)


def _is_needed(module: Module, node: ast.expr) -> bool:
    """Tell whether a text that names a variable, or a name that stands for the text, is used where it must be set."""
    parent = module.parents[node]
    match parent:
        case ast.Subscript(ctx=ast.Load()):
            return environment_variable(module, parent) is not None
        case ast.Call():
            return _is_read(module, parent, node)
        case ast.Dict():
            return is_listed(module, node)
        case ast.Assign(targets=[ast.Name() as name]) | ast.AnnAssign(target=ast.Name() as name):
            return parent.value is node and _stands_for_need(module, name)
        case _:
            return isinstance(parent, ast.List | ast.Tuple | ast.Set | ast.Compare)


def _is_read(module: Module, call: ast.Call, node: ast.expr) -> bool:
    """Tell whether a call reads a variable that must be set, or may do so."""
    if (environment_variable(module, call) or library_read(module, call)) is not None:
        return not is_optional(module, call, []) or decides(module, call)
    return node in call.args and last_name(call.func) not in _HARMLESS


def is_listed(module: Module, node: ast.expr) -> bool:
    """Tell whether a variable is a key of a table, and is not set there for this process or another one."""
    table = module.parents[node]
    if not isinstance(table, ast.Dict) or node not in table.keys:
        return False
    value = table.values[table.keys.index(node)]
    around = module.parents[table]
    if isinstance(around, ast.keyword):
        return "env" not in (around.arg or "env").lower()
    target = around.targets[0] if isinstance(around, ast.Assign) else getattr(around, "target", None)
    found = module.lookup(target) if isinstance(target, ast.Name) else None
    if found is None or not isinstance(target, ast.Name) or not _is_written_out(value):
        return False
    return any(_goes_through(module.parents[use], use) for use in module.uses(found[0], target.id))


def _goes_through(parent: ast.AST, use: ast.expr) -> bool:
    """Tell whether a table is looked at key by key, or compared with other keys."""
    if isinstance(parent, ast.For | ast.comprehension):
        return parent.iter is use
    keys = isinstance(parent, ast.Attribute) and parent.attr in {"items", "keys"}
    return keys or isinstance(parent, ast.Call | ast.BinOp | ast.Starred)


def _is_written_out(value: ast.expr) -> bool:
    """Tell whether a value is not read from anywhere: what is said of a variable, whether it must be there."""
    return not any(isinstance(item, ast.Call | ast.Subscript | ast.Name | ast.Attribute) for item in ast.walk(value))


def _stands_for_need(module: Module, name: ast.Name) -> bool:
    """Tell whether a name for a variable is used where that must be set; one that others may use is."""
    found = module.lookup(name)
    if found is None:
        return True
    uses = list(module.uses(found[0], name.id))
    shared = isinstance(found[0].node, ast.Module | ast.ClassDef)
    return (shared and not uses) or any(_is_needed(module, use) for use in uses)


def decides(module: Module, node: ast.expr) -> bool:
    """Tell whether a value that may be missing decides something, itself or under the name it is given."""
    parent = module.parents[node]
    if isinstance(parent, ast.Attribute | ast.BoolOp | ast.Compare | ast.UnaryOp | ast.If | ast.Assert | ast.IfExp):
        return True
    if (
        isinstance(parent, ast.Assign)
        and len(parent.targets) == 1
        and isinstance(target := parent.targets[0], ast.Name)
    ):
        found = module.lookup(target)
        uses = () if found is None else module.uses(found[0], target.id)
        return any(_decides(module, use) for use in uses)
    return False


def _decides(module: Module, use: ast.expr) -> bool:
    return isinstance(
        module.parents[use], ast.BoolOp | ast.Compare | ast.UnaryOp | ast.If | ast.Assert | ast.IfExp | ast.While
    )


def _settings(module: Module, variables: Collection[str]) -> Iterator[tuple[str, int]]:
    """Find fields without a default of classes that pydantic fills from variables of the same name."""
    for node, owner in module.parents.items():
        if isinstance(node, ast.AnnAssign) and isinstance(owner, ast.ClassDef) and isinstance(node.target, ast.Name):
            folded = node.target.id.lower()
            named = [variable for variable in variables if variable.lower() == folded]
            filled = any(last_name(base).endswith("Settings") for base in owner.bases)
            if named and filled and is_field_needed(module, owner, node):
                yield from ((variable, node.lineno) for variable in named)
