"""Reads of variables whose names are parts of texts: ``os.environ[f"SHOP_{name}"]``, ``"SHOP_A SHOP_B".split()``."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from typing import Final

from codemods.engine.indirect import last_name
from codemods.engine.readers import is_environment, means
from codemods.engine.uses import may_name
from codemods.names import Module

_GETTERS: Final = frozenset({"os.getenv", "os.environ.get"})
_WORDS: Final = re.compile(r"\w+")
_LIST: Final = re.compile(r"\s*[A-Z][A-Z0-9_]*([\s,;:]+[A-Z][A-Z0-9_]*)+\s*")
_PLACES: Final = re.compile(r"(?<!\$)\$\{?(\w+)")
_MAKES: Final = re.compile(r"%\(?\w*\)?s|\{[^{}]*\}")


def halves(variable: str) -> tuple[str, ...]:
    """Give the beginnings and ends from which others may put the name of a variable together."""
    parts = variable.split("_")
    cuts = range(1, len(parts))
    heads = ("_".join(parts[:at]) + "_" for at in cuts)
    tails = ("_" + "_".join(parts[at:]) for at in cuts)
    return tuple(dict.fromkeys(part for part in (*heads, *tails) if part.strip("_")))


def composed_reads(module: Module, variable: str) -> Iterator[ast.expr]:
    """Yield the reads that may be of a variable: what they lack of its name stands in a text of the same file."""
    yield from (node for _, node in composed_of(module, (variable,)))


def composed_of(module: Module, variables: Collection[str]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the variables that reads may be of, with the read."""
    for node in module.parents:
        key = _key(module, node)
        ends = None if key is None else _ends(key)
        if isinstance(node, ast.expr) and ends is not None:
            yield from ((variable, node) for variable in variables if _may_make(module, variable, *ends))
    for text in module.strings:
        yield from ((variable, text) for variable in _listed(module, text) if variable in variables)


def _listed(module: Module, text: ast.Constant) -> Collection[str]:
    """Name what stands among others in a text that is split into words, or filled in from the environment.

    https://docs.python.org/3/library/string.html#template-strings
    """
    parent = module.parents[text]
    if _is_split(module, text):
        return _WORDS.findall(str(text.value))
    filled = isinstance(parent, ast.Call) and last_name(parent.func) == "Template"
    return _PLACES.findall(str(text.value)) if filled else ()


def _is_split(module: Module, node: ast.expr) -> bool:
    """Tell whether a text is split, itself or under the name it is given, which others may do."""
    parent = module.parents[node]
    if isinstance(parent, ast.Attribute):
        call = module.parents[parent]
        stripped = parent.attr == "strip" and isinstance(call, ast.Call) and _is_split(module, call)
        return stripped or parent.attr in {"split", "splitlines"}
    target = parent.targets[0] if isinstance(parent, ast.Assign) else getattr(parent, "target", None)
    if not isinstance(parent, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name):
        return False
    found = module.lookup(target)
    uses = [] if found is None else list(module.uses(found[0], target.id))
    listed = isinstance(node, ast.Constant) and _LIST.fullmatch(str(node.value)) is not None
    return any(_is_split(module, use) for use in uses) or (not uses and listed)


def may_compose(data: bytes) -> bool:
    """Tell whether a file may read the environment at all, from its bytes."""
    return may_name(data, {"environ", "getenv"})


def _key(module: Module, node: ast.AST) -> ast.expr | None:
    match node:
        case ast.Subscript(value=holder, slice=key) if is_environment(module, holder):
            return key
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[holder]) if is_environment(
            module, holder
        ):
            return key
        case ast.Call(func=func, args=[key, *_]) if means(module, func) in _GETTERS:
            return key
        case _:
            return None


def _ends(key: ast.expr) -> tuple[str, str] | None:
    """Give the texts that a key begins and ends with, of which one may be empty; None where it is no such text."""
    match key:
        case ast.JoinedStr(values=[first, *_] as values):
            head, tail = _text(first), _text(values[-1])
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            head, tail = _around(text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            head, tail = _text(left), _text(right)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            head, tail = _around(text)
        case _:
            return None
    return (head, tail) if head or tail else None


def _around(text: str) -> tuple[str, str]:
    parts = _MAKES.split(text)
    return (parts[0], parts[-1]) if len(parts) > 1 else ("", "")


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _may_make(module: Module, variable: str, head: str, tail: str) -> bool:
    if not (variable.startswith(head) and variable.endswith(tail)) or len(head) + len(tail) >= len(variable):
        return False
    rest = variable[len(head) : len(variable) - len(tail)].casefold()
    return rest in module.said and any(rest in str(text.value).casefold().split() for text in module.strings)
