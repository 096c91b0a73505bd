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


def _is_needed(module: Module, text: ast.Constant) -> bool:
    parent = module.parents[text]
    match parent:
        case ast.Subscript(ctx=ast.Load()):
            return environment_variable(module, parent) is not None
        case ast.Call() if (environment_variable(module, parent) or library_read(module, parent)) is not None:
            rest_is_soft = is_optional(module, parent, [])
            return not rest_is_soft or decides(module, parent)
        case ast.Call():
            return text in parent.args and last_name(parent.func) not in _HARMLESS
        case ast.List() | ast.Tuple() | ast.Set() | ast.Compare():
            return True
        case _:
            return False


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
