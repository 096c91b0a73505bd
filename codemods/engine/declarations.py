"""What a name stands for, through one import after another, and who calls it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codemods.engine.indirect import last_name
from codemods.engine.project import Project
from codemods.engine.reached import as_dict, reached
from codemods.engine.uses import may_call
from codemods.names import Module
from codemods.scope import Binding, Kind

DEEP = 8
"""Steps after which nobody follows any more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A file, with its names bound."""

    path: Path
    module: Module


class Declarations:
    """The classes and functions of a project by the names that others have for them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._calls: dict[tuple[Path, str], int | None] = {}

    def of(self, place: Place, func: ast.expr, depth: int) -> Iterator[tuple[Place, ast.stmt]]:
        """Yield the class or function a name stands for, through one import after another."""
        if not isinstance(func, ast.Name) or depth > DEEP:
            return
        bound = place.module.lookup(func)
        for binding in () if bound is None or len(bound[1]) != 1 else bound[1]:
            yield from self._declared(place, binding, 0)

    def _declared(self, place: Place, binding: Binding, depth: int) -> Iterator[tuple[Place, ast.stmt]]:
        if isinstance(binding.node, ast.ClassDef | ast.FunctionDef) and binding.kind is Kind.DEFINITION:
            yield place, binding.node
        if isinstance(binding.node, ast.ImportFrom) and binding.alias is not None and depth < DEEP:
            for target in self.project.targets(place.path, binding.node.level, binding.node.module or ""):
                module = self.project.module(target)
                for inner in () if module is None else module.top.bindings.get(binding.alias.name, ()):
                    if module is not None:
                        yield from self._declared(Place(path=target, module=module), inner, depth + 1)

    def handed(self, place: Place, call: ast.Call, key: str, depth: int) -> Iterator[str]:
        """Name the variables whose values an object is made with, here or in a method of its class that makes it."""
        given = [item.value for item in call.keywords if item.arg == key]
        yield from reached(place.module, given or [as_dict(call)])
        if not isinstance(call.func, ast.Attribute) or depth > DEEP:
            return
        for owner, node in self.of(place, call.func.value, depth):
            for method in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(method, ast.FunctionDef) and method.name == call.func.attr:
                    calls = [item for item in ast.walk(method) if isinstance(item, ast.Call)]
                    made = [inner for inner in calls if last_name(inner.func) in {"cls", last_name(call.func.value)}]
                    yield from (name for inner in made for name in self.handed(owner, inner, key, depth + 1))

    def caller_of(self, place: Place, name: str) -> str | None:
        """Find a call that gives arguments to a function of some name, anywhere in the project."""
        for path in sorted({place.path, *self.project.mentioning({name}).get(name, ())}):
            line = _line_of_call(place.module, name) if path == place.path else self._call_in(path, name)
            if line is not None:
                return f"{self.project.name(path)}:{line} calls {name}() itself"
        return None

    def _call_in(self, path: Path, name: str) -> int | None:
        asked = path, name
        if asked not in self._calls:
            module = self.project.module(path) if may_call(self.project.glance(path), name) else None
            self._calls[asked] = None if module is None else _line_of_call(module, name)
        return self._calls[asked]


def _line_of_call(module: Module, name: str) -> int | None:
    """Find the first call that gives arguments to a function of some name."""
    calls = (call for call in module.calls if last_name(call.func) == name and (call.args or call.keywords))
    return next((call.lineno for call in calls), None)
