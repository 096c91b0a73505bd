"""Reads of a variable: from the environment, or through a library that looks there or into a file in its stead.

python-decouple: https://github.com/HBNetwork/python-decouple; environs: https://github.com/sloria/environs;
django-environ: https://django-environ.readthedocs.io; starlette: https://www.starlette.io/config/

They only read, and stop where the variable is missing and no default is given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from codemods.engine.envfunctions import reads_only
from codemods.names import Module

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FUNCTIONS: Final = frozenset({"decouple.config"})
_MAKERS: Final[Mapping[str, frozenset[str]]] = {
    "decouple.AutoConfig": frozenset(),
    "decouple.Config": frozenset(),
    "environ.Env": frozenset({"str"}),
    "environ.FileAwareEnv": frozenset({"str"}),
    "environs.Env": frozenset({"str"}),
    "starlette.config.Config": frozenset(),
}
"""Classes whose objects are called to read a variable, and the methods that read a text."""
_GETTERS: Final = frozenset({"os.getenv", "os.environ.get"})
_PARSES: Final = frozenset({"json.loads", "yaml.safe_load", "tomllib.loads", "toml.loads"})
_OPTIONS: Final = frozenset({"default", "cast", "subcast", "validate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRead:
    """A read of one variable; ``default`` is what is taken where it is missing, None where the program stops."""

    variable: str
    default: ast.expr | None
    written: str


def environment_variable(module: Module, node: ast.expr) -> str | None:
    """Name the environment variable an expression reads, also through ``env = os.environ``."""
    match node:
        case ast.Subscript(value=holder, slice=key) if is_environment(module, holder):
            return module.constant(key)
        case ast.Call(func=func, args=[key, *_]) if means(module, func) in _GETTERS:
            return module.constant(key)
        case _:
            return None


def is_environment(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is ``os.environ`` itself."""
    return means(module, node) == "os.environ"


def means(module: Module, node: ast.expr) -> str | None:
    """Name what an expression means, also through a name that was given it, or ``os`` that a star import brings."""
    if isinstance(node, ast.Attribute):
        holder = means(module, node.value)
        return None if holder is None else f"{holder}.{node.attr}"
    if isinstance(node, ast.Name) and (value := module.value_once(node)) is not None:
        return module.qualified(value)
    if isinstance(node, ast.Name) and node.id == "os" and module.star_imports and module.lookup(node) is None:
        return "os"
    return module.qualified(node)


def variables_inside(module: Module, node: ast.expr) -> tuple[str, ...]:
    """Name the variables whose text is parsed into an object: they hold more than the secret."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or module.qualified(node.func) not in _PARSES:
        return ()
    text = node.args[0]
    if isinstance(text, ast.Name):
        text = module.value_once(text) or text
    variable = environment_variable(module, text)
    return () if variable is None else (variable,)


def library_read(module: Module, node: ast.AST) -> LibraryRead | None:
    """Tell which variable a call reads, where that is certain: one name, no prefix, known options."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    variable, options = module.constant(node.args[0]), {item.arg: item.value for item in node.keywords}
    if variable is None or _VARIABLE.fullmatch(variable) is None or not options.keys() <= _OPTIONS:
        return None
    if not options and len(node.args) == 1 and reads_only(module, node.func):
        return LibraryRead(variable=variable, default=None, written=f"{_last(node.func)}({variable!r})")
    reader = _reader(module, node.func)
    if reader is None or len(node.args) > (2 if _takes_default(reader, node.func) else 1):
        return None
    default = node.args[1] if len(node.args) > 1 else options.get("default")
    return LibraryRead(variable=variable, default=default, written=f"{_last(node.func)}({variable!r})")


def _reader(module: Module, func: ast.expr) -> str | None:
    """Name the function of a library that is called, or the class of the object."""
    if module.qualified(func) in _FUNCTIONS:
        return module.qualified(func)
    holder = func.value if isinstance(func, ast.Attribute) else func
    made = module.value_once(holder) if isinstance(holder, ast.Name) else None
    maker = module.qualified(made.func) if isinstance(made, ast.Call) else None
    if not isinstance(made, ast.Call) or maker is None or maker not in _MAKERS or _is_prefixed(module, made):
        return None
    return maker if not isinstance(func, ast.Attribute) or func.attr in _MAKERS[maker] else None


def _takes_default(reader: str, func: ast.expr) -> bool:
    """Tell whether a second place is the default; elsewhere it is the type."""
    return reader.startswith("decouple.") or isinstance(func, ast.Attribute)


def _is_prefixed(module: Module, made: ast.Call) -> bool:
    """Tell whether names may be put together with a prefix."""
    named = any("prefix" in (item.arg or "prefix") for item in made.keywords)
    return named or any(isinstance(node, ast.Attribute) and "prefix" in node.attr for node in module.references)


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
