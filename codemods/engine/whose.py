"""What stands for the application of a site when its source does not name it outright."""

from __future__ import annotations

import ast
from collections.abc import Collection
from hashlib import blake2s
from pathlib import PurePosixPath

from codemods.engine.attributes import kept_entry, kept_value
from codemods.engine.injected import provider_of
from codemods.engine.items import plain_text
from codemods.engine.readers import environment_variable, library_read
from codemods.engine.sites import Occurrence
from codemods.names import Module, root_name
from codemods.scope import Binding, Kind, Scope

_DEEP = 8


def application_key(module: Module, occurrence: Occurrence) -> str | None:
    """Give the client id of a site, or the expression it comes from and where that has its meaning.

    None says that one place may sign in as several applications: its client id is a parameter, is bound by a loop, or
    may be bound anew. What FastAPI puts into a parameter is one thing where the secret comes with it: then whoever else
    may call the function is looked for. Two equal names of different files are different applications until somebody
    says otherwise.
    """
    client = occurrence.verdict.client
    if client is None or occurrence.client_id is not None:
        return occurrence.client_id
    if (kept := kept_value(module, client)) is not None and isinstance(client, ast.Attribute):
        if kept[1] is None:
            return f"{kept[0].name}.{client.attr} of {occurrence.site.path}"
        client = kept[1]
    elif (entry := kept_entry(module, client)) is not None:
        if entry[1] is None:
            return f"{entry[0]} of {occurrence.site.path}"
        client = entry[1]
    injected = {
        origin.binding for origin in occurrence.trace.origins if provider_of(module, origin.binding) is not None
    }
    if _varies(module, client, 0, injected):
        return None
    if isinstance(client, ast.Name) and (given := module.given_once(client)) is not None:
        client = given[1]
    text = _text(module, client)
    read = environment_variable(module, client) or library_read(module, client)
    if isinstance(client, ast.Constant) or read is not None:
        return text
    root = root_name(client)
    found = None if root is None else module.lookup(root)
    origin = _origin(found[1][0], occurrence.site.path) if found is not None and found[1] else ""
    place = origin.rpartition(".")[0] if isinstance(client, ast.Name) else origin
    return f"{text} of {place or occurrence.site.path}"


def _origin(binding: Binding, path: str) -> str:
    """Name what an import reaches; a relative one from the top folder, so that files that import the same agree.

    The path and the name of a package may be two things, so a relative import never equals an absolute one.
    """
    node = binding.node
    if not isinstance(node, ast.ImportFrom) or not node.level or binding.alias is None:
        return binding.qualified
    above = PurePosixPath(path).parts[: -node.level]
    return f"{'/'.join((*above, *(node.module or '').split('.')))}.{binding.alias.name}"


def is_literal(key: str) -> bool:
    """Tell whether a key is a text that stands in the source and is no client id."""
    return key[:1] in {"'", '"'}


def _text(module: Module, client: ast.expr) -> str:
    # An expression that may quote something secret is known by its digest only.
    return plain_text(module, client) or f"expression {blake2s(ast.dump(client).encode(), digest_size=4).hexdigest()}"


def _varies(module: Module, node: ast.expr, depth: int, injected: Collection[Binding]) -> bool:
    """Tell whether an expression holds a name that may have more than one value."""
    for name in ast.walk(node):
        found = module.lookup(name) if isinstance(name, ast.Name) and name in module.scopes else None
        if found is None or not found[1] or not isinstance(name, ast.Name):
            continue
        kinds = {binding.kind for binding in found[1]}
        if _is_unpacked_once(module, found) or (len(found[1]) == 1 and found[1][0] in injected):
            continue
        if (given := _bound_once(module, found)) is not None:
            if depth > _DEEP or _varies(module, given, depth + 1, injected):
                return True
            continue
        if kinds & {Kind.PARAMETER, Kind.OTHER} or (Kind.ASSIGNMENT in kinds and module.assigned_once(name) is None):
            return True
        value = found[1][0].value
        if value is not None and (depth > _DEEP or _varies(module, value, depth + 1, injected)):
            return True
    return False


def _bound_once(module: Module, found: tuple[Scope, tuple[Binding, ...]]) -> ast.expr | None:
    """Give what a name gets from the one ``with`` statement or ``:=`` that binds it."""
    scope, bindings = found
    if len(bindings) != 1 or (scope is module.top and (module.late or module.star_imports)):
        return None
    match bindings[0].node:
        case ast.withitem(context_expr=value, optional_vars=ast.Name()) | ast.NamedExpr(value=value):
            return value
        case _:
            return None


def _is_unpacked_once(module: Module, found: tuple[Scope, tuple[Binding, ...]]) -> bool:
    """Tell whether a name is bound by one plain unpacking (``T, A = ...``) and by nothing else."""
    scope, bindings = found
    parent = module.parents.get(bindings[0].node)
    unpacked = isinstance(bindings[0].node, ast.Tuple | ast.List) and isinstance(parent, ast.Assign)
    return unpacked and len(bindings) == 1 and not (scope is module.top and (module.late or module.star_imports))
