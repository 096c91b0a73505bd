"""Parameters that FastAPI fills by calling a function (https://fastapi.tiangolo.com/tutorial/dependencies/).

settings: Annotated[Settings, Depends(get_settings)]    settings: Settings = Depends(get_settings)
SettingsDep = Annotated[Settings, Depends(get_settings)]    settings: SettingsDep
"""

from __future__ import annotations

import ast
from typing import Final

from codemods.names import Module
from codemods.scope import Binding, Kind

_DEPENDS: Final = frozenset({"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends"})
_ANNOTATED: Final = frozenset({"typing.Annotated", "typing_extensions.Annotated"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


def provider_of(module: Module, binding: Binding) -> ast.Name | None:
    """Give the name of the function whose result a parameter gets, if it says so and nothing else."""
    function = function_of(module, binding)
    if function is None or not isinstance(binding.node, ast.arg):
        return None
    default = _default(function, binding.node)
    found = [_depends_on(module, node) for node in (default, *_metadata(module, binding.node.annotation)) if node]
    named = [node for node in found if node is not None]
    return named[0] if len(named) == 1 and (default is None or named[0] is found[0]) else None


def function_of(module: Module, binding: Binding) -> Function | None:
    """Give the function that a parameter belongs to."""
    if binding.kind is not Kind.PARAMETER or not isinstance(binding.node, ast.arg):
        return None
    function = module.parents[binding.node]
    return function if isinstance(function, Function) else None


def _default(function: Function, parameter: ast.arg) -> ast.expr | None:
    places = [*function.args.posonlyargs, *function.args.args]
    given = function.args.defaults
    pairs = [*zip(places[len(places) - len(given) :], given, strict=True)]
    late = [*zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)]
    return next((value for place, value in (*pairs, *late) if place is parameter), None)


def _metadata(module: Module, annotation: ast.expr | None) -> list[ast.expr]:
    """List what stands behind the type in ``Annotated``, also under a name for it."""
    if isinstance(annotation, ast.Name) and (binding := module.assigned_once(annotation)) is not None:
        annotation = binding.value
    if not isinstance(annotation, ast.Subscript) or module.qualified(annotation.value) not in _ANNOTATED:
        return []
    return annotation.slice.elts[1:] if isinstance(annotation.slice, ast.Tuple) else []


def _depends_on(module: Module, node: ast.expr) -> ast.Name | None:
    match node:
        case ast.Call(func=func, args=[ast.Name() as provider]) if module.qualified(func) in _DEPENDS:
            return provider
        case _:
            return None
