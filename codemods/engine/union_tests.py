"""Unions of types that one file names and another asks ``isinstance`` of.

``Credentials = ClientSecretCredential | DefaultAzureCredential`` matters to type checkers alone, until somebody imports
it and asks for the type of an object: the assertion-based class is none of the union's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from codemods.engine.indirect import is_type_test, last_name
from codemods.engine.project import Project
from codemods.engine.unions import name_of_union
from codemods.names import Kind, Module


def asked_elsewhere(project: Project, construct: str) -> str | None:
    """Name a place that asks for the type of an object by a union of another file to which a class belongs."""
    last = construct.rpartition(".")[2]
    for path in project.mentioning({last}).get(last, ()):
        data = project.glance(path)
        module = project.module(path) if b"|" in data or b"Union" in data or b"Optional" in data else None
        for name in sorted(set() if module is None else set(_unions(module, construct))):
            place = next(_tests(project, path, name), None)
            if place is not None:
                return place
    return None


def _unions(module: Module, construct: str) -> Iterator[str]:
    """Yield the names of the module that stand for a union with a class."""
    last = construct.rpartition(".")[2]
    for node in module.references:
        if last_name(node) == last and construct in module.meanings(node):
            name = name_of_union(module, node)
            found = None if name is None else module.lookup(name)
            if name is not None and found is not None and found[0] is module.top:
                yield name.id


def _tests(project: Project, home: Path, name: str) -> Iterator[str]:
    for other in project.mentioning({name}).get(name, ()):
        module = project.module(other) if other != home else None
        for node in () if module is None else module.references:
            if module is not None and _means(module, node, name) and is_type_test(module, node):
                yield f"{project.name(other)}:{node.lineno}"


def _means(module: Module, node: ast.Name | ast.Attribute, name: str) -> bool:
    """Tell whether an expression may be the name of the other file: imported, by a star, or as an attribute of it."""
    if isinstance(node, ast.Attribute):
        return node.attr == name
    found = module.lookup(node)
    if found is None:
        return node.id == name and bool(module.star_imports)
    return any(
        binding.kind is Kind.IMPORT and binding.alias is not None and binding.alias.name == name for binding in found[1]
    )
