"""Variables that a secret may come from by way of another file: a function that is imported, a caller that supplies it.

As in ``reached``: nothing is rewritten by what is found here, but whoever sets these variables can be told.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from codemods.engine.arguments import Function, called_name, given_by
from codemods.engine.candidates import looks_like_test
from codemods.engine.index import READS
from codemods.engine.project import Project
from codemods.engine.reached import given_with, reached
from codemods.engine.secrets import parameter_of
from codemods.engine.sites import Occurrence
from codemods.names import Module
from codemods.scope import Kind


def callers_of(module: Module, occurrences: Iterable[Occurrence]) -> set[str]:
    """Name the functions and classes that are given the secrets of some sites, so that one pass finds their callers."""
    asked = (occurrence for occurrence in occurrences if _is_asked(occurrence))
    return {called_name(function, owner) for each in asked for function, owner, _ in _parameters(module, each)}


def reached_elsewhere(project: Project, path: Path, module: Module, occurrence: Occurrence) -> Iterator[str]:
    """Name the variables that the secret of a site may come from in other files, where this file names none."""
    if not _is_asked(occurrence):
        return
    for function, owner, name in _parameters(module, occurrence):
        for other in _callers(project, path, called_name(function, owner), owner):
            if (there := project.module(other)) is not None:
                yield from reached(there, given_by(there.calls, function, owner, name))
    for call in _calls(module, occurrence):
        yield from _returned(project, path, module, call)


def _callers(project: Project, path: Path, called: str, owner: ast.AST | None) -> Iterator[Path]:
    """List the files that may read a variable and call a function, whose file or class they say."""
    says = {path.stem.encode(), path.parent.name.encode(), getattr(owner, "name", path.stem).encode()}
    word = re.escape(called.encode())
    calls = re.compile(rb"%s(?<!\w%s)[\s\\]*\(" % (word, word)).search
    for other in project.index.mentioning({called}, READS).get(called, ()):
        data = project.glance(other)
        near = other != path and any(word in data for word in says) and calls(data) is not None
        if near and not looks_like_test(project.name(other), data):
            yield other


def _is_asked(occurrence: Occurrence) -> bool:
    unclear = occurrence.trace.problem is not None or not _secrets(occurrence)
    return unclear and not occurrence.trace.reached and all(item.holder for item in occurrence.trace.items)


def _secrets(occurrence: Occurrence) -> tuple[ast.expr, ...]:
    return getattr(occurrence.verdict, "secrets", ())


def _parameters(module: Module, occurrence: Occurrence) -> Iterator[tuple[Function, ast.AST | None, str]]:
    """Yield the functions whose parameters the secrets of a site are, with what they are defined in."""
    for secret in _secrets(occurrence):
        names = (node for node in ast.walk(secret) if isinstance(node, ast.Name) and node in module.scopes)
        for name in names:
            if isinstance(function := parameter_of(module, name), Function):
                yield function, module.parents.get(function), name.id


def _calls(module: Module, occurrence: Occurrence) -> Iterator[ast.Call]:
    given = (module.given(read.binding) for read in occurrence.trace.names)
    values = (*_secrets(occurrence), *given_with(module, occurrence.node), *given)
    for value in (each for each in values if each is not None):
        yield from (node for node in ast.walk(value) if isinstance(node, ast.Call))


def _returned(project: Project, path: Path, module: Module, call: ast.Call) -> Iterator[str]:
    """Name the variables that an imported function reads for what it returns."""
    func = call.func
    found = module.lookup(func) if isinstance(func, ast.Name) and func in module.scopes else None
    for binding in () if found is None else found[1]:
        node = binding.node
        if binding.kind is not Kind.IMPORT or not isinstance(node, ast.ImportFrom) or binding.alias is None:
            continue
        for target in project.targets(path, node.level, node.module or ""):
            there = project.module(target)
            bound = () if there is None else there.top.bindings.get(binding.alias.name, ())
            for function in (item.node for item in bound if isinstance(item.node, Function)):
                returns = (item for item in ast.walk(function) if isinstance(item, ast.Return))
                values = [item.value for item in returns if item.value is not None]
                yield from () if there is None else reached(there, values)
