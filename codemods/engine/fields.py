"""What gives a field of a class its value: an assignment, a property, a variable of the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from codemods.engine.readers import environment_variable
from codemods.names import Module

_ALIASES: Final = frozenset({"alias", "validation_alias", "env"})

_CALLED: Final = frozenset({"validator", "converter"})
_CHECKS: Final = _CALLED | {"min_length", "max_length", "pattern", "regex", "gt", "ge"}
_OPEN: Final = frozenset({"Optional", "Any", "object"})
_KEEPERS: Final = frozenset(
    {"dataclasses.dataclass", "attrs.define", "attrs.frozen", "attr.s", "attr.define", "attr.frozen"}
)
_RUN: Final = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__attrs_pre_init__"})
_PROPERTIES: Final = frozenset({"property", "cached_property"})


def values_of_field(owner: ast.ClassDef, key: str) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """Yield what gives a field its value, with the value; None where it has none, or more than one expression."""
    for node in ast.walk(owner):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if name == key:
                yield node, value
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.Assign(targets=[ast.Attribute(attr=name)], value=value)
                | ast.AnnAssign(target=ast.Attribute(attr=name), value=value)
            ) if name == key:
                yield node, value
            case ast.FunctionDef(name=name) if name == key and node.decorator_list:
                yield node, returned_by_property(node)
            case _:
                continue


def returned_by_property(function: ast.FunctionDef) -> ast.expr | None:
    """Give what a property returns, if it does nothing else."""
    plain = bool(function.decorator_list) and all(map(_is_property, function.decorator_list))
    return _returned(function) if plain else None


def _is_property(decorator: ast.expr) -> bool:
    return getattr(decorator, "attr", getattr(decorator, "id", "")) in _PROPERTIES


def _returned(function: ast.FunctionDef) -> ast.expr | None:
    match function.body:
        case [ast.Return(value=value)] | [ast.Expr(value=ast.Constant()), ast.Return(value=value)]:
            return value
        case _:
            return None


def returned_by(owner: ast.ClassDef, key: str) -> list[ast.expr]:
    """List all that a property of a class may give."""
    made = (node for node in ast.walk(owner) if isinstance(node, ast.FunctionDef) and node.name == key)
    inner = (node for function in made if function.decorator_list for node in ast.walk(function))
    return [node.value for node in inner if isinstance(node, ast.Return) and node.value is not None]


def filled_from(module: Module, owner: ast.ClassDef, key: str) -> Iterator[str]:
    """Name the variables that pydantic fills a field from, where they are not named like the field.

    https://docs.pydantic.dev/latest/concepts/pydantic_settings/#changing-environment-variable-prefix
    """
    for node in ast.walk(owner):
        match node:
            case (
                ast.keyword(arg="env_prefix", value=value)
                | ast.Assign(targets=[ast.Name(id="env_prefix")], value=value)
            ) if prefix := module.constant(value):
                yield f"{prefix}{key}".upper()
            case ast.keyword(arg="secrets_dir") | ast.Assign(targets=[ast.Name(id="secrets_dir")]):
                yield key  # the name of a file in that folder
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(keywords=named)) if name == key:
                given = (item.value for item in named if item.arg in _ALIASES)
                texts = (part for value in given for part in ast.walk(value) if isinstance(part, ast.Constant))
                yield from (text.value for text in texts if isinstance(text.value, str))
            case _:
                continue


def refuses_default(module: Module, owner: ast.ClassDef, node: ast.AST, value: ast.expr) -> bool:
    """Tell whether a class does not take the default of a field: it is checked like any other value.

    pydantic-settings validates defaults (https://docs.pydantic.dev/latest/concepts/pydantic_settings/), and takes
    None for any type in version 1; attrs calls validators and converters (https://www.attrs.org/en/stable/init.html).
    """
    checks = {item.arg for item in value.keywords} & _CHECKS if isinstance(value, ast.Call) else set()
    settings = [base for base in owner.bases if _last(base).endswith("Settings")]
    if not settings or not isinstance(node, ast.AnnAssign):
        return bool(checks & _CALLED)
    if checks or _is_constrained(node.annotation):
        return True
    old = all(module.qualified(base) == "pydantic.BaseSettings" for base in settings)
    return not old and _may_be_none(module, value) and not _takes_none(node.annotation)


def _is_constrained(annotation: ast.expr) -> bool:
    """Tell whether a type asks for more than a text: ``constr(min_length=1)``, ``Annotated[str, Field(...)]``."""
    calls = (node for node in ast.walk(annotation) if isinstance(node, ast.Call))
    return any(item.arg in _CHECKS for call in calls for item in call.keywords)


def _may_be_none(module: Module, value: ast.expr) -> bool:
    """Tell whether a default may be None: by itself, or where a variable is not set."""
    match value:
        case ast.Constant(value=given):
            return given is None
        case ast.Call(func=func) if _last(func) == "Field":
            named = [item.value for item in value.keywords if item.arg == "default"]
            named += [item.value.body for item in value.keywords if isinstance(item.value, ast.Lambda)]
            return any(_may_be_none(module, item) for item in (*value.args[:1], *named))
        case ast.Call(args=[_]) if environment_variable(module, value) is not None:
            return True
        case ast.BoolOp(op=ast.Or(), values=values):
            return _may_be_none(module, values[-1])
        case _:
            return False


def _takes_none(annotation: ast.expr) -> bool:
    """Tell whether a type has room for None; one that is written as a text is read as such."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return "None" in annotation.value or "Optional" in annotation.value
    words = (node for node in ast.walk(annotation) if isinstance(node, ast.Name | ast.Attribute | ast.Constant))
    return any((isinstance(node, ast.Constant) and node.value is None) or _last(node) in _OPEN for node in words)


def _last(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def handed_to_field(module: Module, node: ast.stmt, call: ast.Call, key: str) -> ast.expr | None:
    """Give what a call hands to a field of a plain data class, which keeps it and does nothing else with it.

    https://docs.python.org/3/library/typing.html#typing.NamedTuple, dataclasses, https://www.attrs.org
    """
    if (
        not isinstance(node, ast.ClassDef)
        or any(item.arg is None for item in call.keywords)
        or not _is_plain(module, node)
    ):
        return None
    fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
    names = [getattr(item.target, "id", "") for item in fields]
    if key not in names or any(isinstance(item, ast.Starred) for item in call.args) or len(call.args) > len(names):
        return None
    named = {item.arg: item.value for item in call.keywords}
    by_place = dict(zip(names, call.args, strict=False))
    checked = isinstance(value := fields[names.index(key)].value, ast.Call) and any(
        item.arg in _CALLED or item.arg in {"init", "kw_only", "alias"} for item in value.keywords
    )
    return None if checked else named.get(key, by_place.get(key))


def _is_plain(module: Module, owner: ast.ClassDef) -> bool:
    """Tell whether a class has fields and methods, and none that runs when an object is made."""
    methods = {item.name for item in owner.body if isinstance(item, ast.FunctionDef)}
    calls = [item.func if isinstance(item, ast.Call) else item for item in owner.decorator_list]
    named = [module.qualified(item) for item in calls]
    options = {item.arg for each in owner.decorator_list if isinstance(each, ast.Call) for item in each.keywords}
    made = [module.qualified(base) for base in owner.bases] == ["typing.NamedTuple"] and not named
    kept = (
        not owner.bases and len(named) == 1 and named[0] in _KEEPERS and options <= {"frozen", "slots", "eq", "order"}
    )
    return (made or kept) and not methods & _RUN


def variable_of_dynaconf(module: Module, call: ast.Call, way: tuple[str, ...]) -> Iterator[str]:
    """Name the variable that Dynaconf reads an entry from (https://www.dynaconf.com/envvars/)."""
    if (module.qualified(call.func) or "").startswith("dynaconf."):
        prefix = next(
            (module.constant(item.value) for item in call.keywords if item.arg == "envvar_prefix"), "DYNACONF"
        )
        yield "_".join(filter(None, (prefix, "__".join(way)))).upper()


def part_of_settings(owner: ast.ClassDef, key: str) -> ast.Name | None:
    """Give the class of a field that holds further fields, in a class of settings."""
    if not any(_last(base).endswith(("Settings", "BaseModel")) for base in owner.bases):
        return None
    fields = (item for item in owner.body if isinstance(item, ast.AnnAssign) and _last(item.target) == key)
    return next((item.annotation for item in fields if isinstance(item.annotation, ast.Name)), None)


def nested_variable(module: Module, owner: ast.ClassDef, way: tuple[str, ...]) -> Iterator[str]:
    """Name the variable of a field within a field.

    https://docs.pydantic.dev/latest/concepts/pydantic_settings/#parsing-environment-variable-values
    """
    named = {node.arg: module.constant(node.value) for node in ast.walk(owner) if isinstance(node, ast.keyword)}
    if (delimiter := named.get("env_nested_delimiter")) is not None:
        yield f"{named.get('env_prefix') or ''}{delimiter.join(way)}".upper()
