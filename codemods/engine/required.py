"""Definitions that cannot do without a value: what would stop a program when the secret is gone.

A settings field without a default, a hard ``os.environ[...]`` that fills an entry of a dictionary or a keyword, a
command line option that must be given: each of them needs the secret even when nobody reads it any more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.names import Module


def required_line(module: Module, key: str) -> int | None:
    """Find the first line that needs a value for a field, an entry or an option of this name."""
    lines = sorted((*_entries(module, key), *_fields(module, key), *_options(module, key)))
    return lines[0] if lines else None


def hard_read(module: Module, node: ast.AST | None) -> bool:
    """Tell whether an expression fails when an environment variable is missing."""
    return node is not None and any(
        isinstance(part, ast.Subscript) and module.qualified(part.value) == "os.environ" for part in ast.walk(node)
    )


def _entries(module: Module, key: str) -> Iterator[int]:
    for node in module.dicts:
        for name, value in zip(node.keys, node.values, strict=True):
            if module.constant(name) == key and hard_read(module, value):
                yield value.lineno
    for call in module.calls:
        for keyword in call.keywords:
            if keyword.arg == key and hard_read(module, keyword.value):
                yield keyword.value.lineno


def _fields(module: Module, key: str) -> Iterator[int]:
    """Find fields of classes: declared without a default, or filled from the environment when the class is made."""
    for node in module.parents:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if name == key:
                if (value is None or hard_read(module, value)) and isinstance(module.parents[node], ast.ClassDef):
                    yield node.lineno
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == key:
                if hard_read(module, value) and isinstance(module.parents[node], ast.ClassDef):
                    yield node.lineno
            case _:
                continue


def _options(module: Module, key: str) -> Iterator[int]:
    """Find options of argparse (https://docs.python.org/3/library/argparse.html): positional ones are required."""
    for text in module.strings:
        call = module.parents[text]
        adds = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        name = str(text.value)
        if not adds or not isinstance(call, ast.Call) or name.lstrip("-").replace("-", "_") != key:
            continue
        required = [item.value for item in call.keywords if item.arg == "required"]
        if not name.startswith("-") or any(isinstance(item, ast.Constant) and item.value for item in required):
            yield text.lineno
