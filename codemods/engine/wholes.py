"""Code that looks at whatever something holds, without naming it: ``for name, value in CONFIG.items()``.

A check that nothing is missing, a copy, a call with ``**options`` need the secret among the others. What is looked at
one by one, under names that are written out, is found by those names.

pydantic: https://docs.pydantic.dev/latest/concepts/validators/; dataclasses:
https://docs.python.org/3/library/dataclasses.html
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Final

from codemods.engine.indirect import last_name
from codemods.engine.items import item_of
from codemods.names import Module
from codemods.scope import Binding, Kind

_METHODS: Final = frozenset({
    "items", "values", "model_dump", "model_dump_json", "dict", "_asdict", "asdict", "as_dict", "to_dict",
})  # fmt: skip
_ATTRIBUTES: Final = frozenset({"__dict__", "__annotations__", "__dataclass_fields__", "model_fields", "_fields"})
_FUNCTIONS: Final = frozenset({
    "vars", "asdict", "astuple", "fields", "all", "any", "dict", "list", "tuple", "set", "dumps", "validate",
    "iter_errors", "model_validate", "parse_obj", "from_dict",
})  # fmt: skip
_NAMED: Final = frozenset({"getattr", "hasattr", "setattr"})
_VALIDATORS: Final = frozenset({"field_validator", "validator", "model_validator", "root_validator"})
_LOOK_AT_FIELDS: Final = frozenset({
    "dataclass", "define", "frozen", "mutable", "attrs", "s", "final", "total_ordering", "runtime_checkable", "unique",
    "ABCMeta", "cache", "lru_cache",
})  # fmt: skip
"""What asks for no values when a class is made with it."""
_DEEP: Final = 3
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def texts_of_wholes(name: str, way: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give the texts one of which stands in a file that looks at all of something of another file."""
    found = sorted({*_METHODS, "__dict__"} - {"model_dump_json"})
    methods = (f"{part}.{method}" for part in (name, *way) for method in found)
    functions = (f"{function}({name}" for function in ("vars", "asdict", "fields", "all", "getattr"))
    return (*methods, *functions)


def line_of_whole(module: Module, binding: Binding, way: tuple[str, ...] = ()) -> int | None:
    """Find the first line that looks at all of what a name stands for, or of what is reached from it by a ``way``."""
    names = (node for node in module.references if isinstance(node, ast.Name) and node.id == binding.name)
    own = [node for node in names if (found := module.lookup(node)) is not None and binding in found[1]]
    return min((line for node in own for line in _lines(module, node, way, _DEEP)), default=None)


def line_of_holders(module: Module, names: Collection[str]) -> int | None:
    """Find the first line of a file that looks at all of something it calls by one of some names, wherever it does."""
    found = [node for node in module.references if isinstance(node, ast.Name) and node.id in names]
    return min((line for node in found for line in _lines(module, node, (), _DEEP)), default=None)


def line_of_named_whole(module: Module, name: str, way: tuple[str, ...] = ()) -> int | None:
    """Find the first line that looks at all of something that is imported under a name, or of what it leads to."""
    found = [node for node in module.references if last_name(node) == name and _is_imported(module, node)]
    return min((line for node in found for line in _lines(module, node, way, _DEEP)), default=None)


def handed_to(module: Module, binding: Binding) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Yield the calls that are given what a name stands for, with the argument that it is."""
    names = (node for node in module.references if isinstance(node, ast.Name) and node.id == binding.name)
    for node in names:
        found, parent = module.lookup(node), module.parents[node]
        call = module.parents[parent] if isinstance(parent, ast.keyword) else parent
        if found is not None and binding in found[1] and isinstance(call, ast.Call) and call.func is not node:
            yield call, node


def line_in_function(module: Module, function: _Function, call: ast.Call, given: ast.expr, key: str) -> int | None:
    """Find the first line of a function that reads an entry of what it is given by a call, or looks at all of it."""
    places = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
    named = [item.arg for item in call.keywords if item.value is given and item.arg is not None]
    at = [place for place, value in zip(places, call.args, strict=False) if value is given]
    lines = [line for name in (*named, *at) for line in _lines_of_parameter(module, function, name, _DEEP)]
    for node in ast.walk(function):
        item = item_of(node)
        if item is not None and item[1] == key and getattr(item[0], "id", "") in {*named, *at}:
            lines.append(getattr(node, "lineno", 1))
    return min(lines, default=None)


def line_of_own_whole(module: Module, owner: ast.ClassDef, way: tuple[str, ...] = ()) -> int | None:
    """Find the first line of a class that looks at all of its fields, or of one of them, or lets a library do it."""
    lines = []
    for function in (node for node in ast.walk(owner) if isinstance(node, _Function)):
        validators = [item for item in function.decorator_list if isinstance(item, ast.Call)]
        named = [item for item in validators if last_name(item.func) in _VALIDATORS]
        if any(isinstance(text, ast.Constant) and text.value == "*" for item in named for text in item.args):
            lines.append(function.lineno)
        given = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
        before = named or any(last_name(item) in _VALIDATORS for item in function.decorator_list)
        for name in given[: 2 if before else 1]:
            lines += _lines_of_parameter(module, function, name, _DEEP, way)
    return min(lines, default=None)


def line_of_namespace(module: Module) -> int | None:
    """Find the first line of a module that looks up its own names by a text that is not written there."""
    calls = (call for call in module.calls if last_name(call.func) in {"globals", "vars"} and not call.args)
    lines = [call.lineno for call in calls if _is_read(module, call)]
    items = (module.parents[node] for node in module.references if module.qualified(node) == "sys.modules")
    own = (item for item in items if isinstance(item, ast.Subscript) and getattr(item.slice, "id", "") == "__name__")
    return min((*lines, *(item.lineno for item in own)), default=None)


def line_of_made(owner: ast.ClassDef) -> int | None:
    """Find the line of a class that is given to a function, or to another class, which may look at all of it."""
    made = (item.value for item in owner.keywords if item.arg in {None, "metaclass"})
    decorators = (item.func if isinstance(item, ast.Call) else item for item in owner.decorator_list)
    unknown = {last_name(item) for item in (*made, *decorators)} - _LOOK_AT_FIELDS
    return owner.lineno if unknown else None


def _is_read(module: Module, call: ast.Call) -> bool:
    """Tell whether a namespace is more than written into, or read for a name that is written out."""
    match parent := module.parents[call]:
        case ast.Subscript(slice=key):
            return isinstance(parent.ctx, ast.Load) and module.constant(key) is None
        case ast.Attribute(attr=name):
            around = module.parents[parent]
            given = around.args[:1] if isinstance(around, ast.Call) else []
            return name not in {"update", "setdefault", "pop", "__setitem__"} and not _is_text(module, given)
        case _:
            return True


def _is_imported(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is a name that is imported, or an attribute of one."""
    root = node.value if isinstance(node, ast.Attribute) else node
    found = module.lookup(root) if isinstance(root, ast.Name) else None
    return found is not None and any(binding.kind is Kind.IMPORT for binding in found[1])


def _lines(module: Module, node: ast.expr, way: tuple[str, ...], depth: int) -> Iterator[int]:
    """Yield the lines that look at all of an expression, or of one that is the next step of a way."""
    parent = module.parents[node]
    if _is_whole(module, node, parent):
        yield node.lineno
    item = item_of(parent)
    if way and item is not None and item[0] is node and item[1] == way[0] and isinstance(parent, ast.expr):
        yield from _lines(module, parent, way[1:], depth)
    elif depth and isinstance(parent, ast.Call) and node is parent.func:
        yield from _lines(module, parent, way, depth - 1)  # an object of a class, or what a function gives
    elif depth and isinstance(parent, ast.Call):
        for function, name in _taken_by(module, parent, node):
            yield from (node.lineno for _ in _lines_of_parameter(module, function, name, depth - 1))
    elif depth and isinstance(parent, ast.Assign) and isinstance(target := parent.targets[0], ast.Name):
        found = module.lookup(target)
        for use in () if found is None or parent.value is not node else module.uses(found[0], target.id):
            yield from _lines(module, use, way, depth - 1)


def _is_whole(module: Module, node: ast.expr, parent: ast.AST) -> bool:
    """Tell whether what an expression stands in looks at all that it holds."""
    whole = False
    match parent:
        case ast.Attribute(attr=name):
            call = module.parents[parent]
            called = [call] if isinstance(call, ast.Call) and call.func is parent else []
            unnamed = name == "get" and any(not _is_text(module, item.args[:1]) for item in called)
            whole = name in _ATTRIBUTES or (bool(called) and name in _METHODS) or unnamed
        case ast.Subscript(value=holder, slice=key, ctx=ast.Load()):
            whole = holder is node and module.constant(key) is None
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[holder]):
            whole = holder is node and module.constant(left) is None
        case ast.Call(func=func, args=[first, *rest]) if first is node:
            name = last_name(func)
            whole = name in _FUNCTIONS or (name in _NAMED and not _is_text(module, rest[:1]))
        case ast.keyword(arg=None) | ast.Starred():
            whole = True
        case ast.For(iter=source) | ast.comprehension(iter=source):
            whole = source is node
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=value):
            whole = value is node
        case ast.Dict(keys=keys, values=values):
            whole = any(key is None and value is node for key, value in zip(keys, values, strict=True))
        case _:
            pass
    return whole


def _is_text(module: Module, given: list[ast.expr]) -> bool:
    return bool(given) and module.constant(given[0]) is not None


def _taken_by(module: Module, call: ast.Call, node: ast.expr) -> Iterator[tuple[_Function, str]]:
    """Yield the functions of the file that are called with something, and the parameters that it becomes."""
    found = module.lookup(call.func) if isinstance(call.func, ast.Name) else None
    for binding in () if found is None else found[1]:
        if isinstance(function := binding.node, _Function):
            places = [*function.args.posonlyargs, *function.args.args]
            at = next((index for index, item in enumerate(call.args) if item is node), len(places))
            if at < len(places):
                yield function, places[at].arg


def _lines_of_parameter(
    module: Module, function: _Function, name: str, depth: int, way: tuple[str, ...] = ()
) -> Iterator[int]:
    inside = (item for item in ast.walk(function) if isinstance(item, ast.Name) and item.id == name)
    for node in inside:
        if node in module.scopes and isinstance(node.ctx, ast.Load):
            yield from _lines(module, node, way, depth)
