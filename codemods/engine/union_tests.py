"""Unions of types that one file names and another asks ``isinstance`` of.

``Credentials = ClientSecretCredential | DefaultAzureCredential`` matters to type checkers alone, until somebody imports
it and asks for the type of an object: the assertion-based class is none of the union's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from codemods.engine.imported import importable
from codemods.engine.indirect import is_type_test, last_name
from codemods.engine.project import Project, module_of
from codemods.engine.unions import name_of_union
from codemods.engine.uses import may_be_attribute, taken_names
from codemods.names import Module
from codemods.scope import Binding, Kind

_STAR = b"import *"
_IsOf = Callable[[int, str], bool]


class UnionTests:
    """The unions of classes, and who asks for them; each file is looked into once for all ``expected`` ones."""

    def __init__(self, project: Project, expected: Collection[str]) -> None:
        self.project = project
        self.expected = frozenset(expected)
        self._unions: dict[str, list[tuple[Path, str]]] = {}
        self._asked: dict[tuple[Path, str], str | None] = {}

    def asked_elsewhere(self, construct: str) -> str | None:
        """Name a place that asks for the type of an object by a union of another file to which a class belongs."""
        if construct not in self._unions:
            self._unions |= self._find(self.expected | {construct})
        unions = self._unions[construct]
        return next((place for home, name in unions if (place := self._test(home, name)) is not None), None)

    def _test(self, home: Path, name: str) -> str | None:
        """Name a place that asks for a name of a file; those of the same name are looked for together."""
        if (home, name) not in self._asked:
            homes = {other for unions in self._unions.values() for other, union in unions if union == name}
            for each, place in _tests(self.project, homes | {home}, name).items():
                self._asked[each, name] = place
        return self._asked[home, name]

    def _find(self, constructs: frozenset[str]) -> dict[str, list[tuple[Path, str]]]:
        """Map classes to the names that stand for a union with them, in the order of the files."""
        mentions = self.project.mentioning({construct.rpartition(".")[2] for construct in constructs})
        found: dict[str, list[tuple[Path, str]]] = {construct: [] for construct in constructs}
        for path in sorted({path for paths in mentions.values() for path in paths}):
            data = self.project.glance(path)
            module = self.project.module(path) if b"|" in data or b"Union" in data or b"Optional" in data else None
            for construct, name in sorted(set() if module is None else set(_unions(module, constructs))):
                found[construct].append((path, name))
        self.project.mentioning({name for unions in found.values() for _, name in unions})  # in one pass
        return found


def _unions(module: Module, constructs: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield classes, each with a name of the module that stands for a union with it."""
    last = {construct.rpartition(".")[2] for construct in constructs}
    for node in module.references:
        meant = [each for each in module.meanings(node) if each in constructs] if last_name(node) in last else []
        name = name_of_union(module, node) if meant else None
        found = None if name is None else module.lookup(name)
        if name is not None and found is not None and found[0] is module.top:
            yield from ((construct, name.id) for construct in meant)


def _tests(project: Project, homes: Iterable[Path], name: str) -> dict[Path, str | None]:
    """Map files that give a name its meaning to the first place in another file that asks for its type."""
    mentioning = project.mentioning({name}).get(name, ())
    taken = {other: taken_names(project.glance(other)) for other in mentioning}
    holders = {home: _holders(project, home, name, taken) for home in homes}
    found: dict[Path, str | None] = dict.fromkeys(holders)
    for other in mentioning:
        left = [home for home, place in found.items() if place is None and home != other]
        asked = _that_may_be_meant(project, other, name, {home: holders[home] for home in left}, taken[other])
        module = project.module(other) if asked else None
        if module is None:
            continue
        tests = [node for node in module.references if is_type_test(module, node)]
        for home in asked:
            is_of = partial(_is_of, project, other, holders[home])
            lines = (node.lineno for node in tests if _means(module, node, name, is_of))
            found[home] = next((f"{project.name(other)}:{line}" for line in lines), None)
    return found


def _that_may_be_meant(
    project: Project, other: Path, name: str, holders: Mapping[Path, frozenset[Path]], taken: frozenset[str] | None
) -> Collection[Path]:
    """Leave out the files that another cannot mean by a name: nothing imports it, and it stands behind no dot."""
    if not holders or may_be_attribute(project.glance(other), name):
        return holders
    imports = project.imports(other) if taken is None or taken & {name, "*"} else ()
    nodes = [node for node in imports if isinstance(node, ast.ImportFrom)]
    found = [(alias.name, module_of(node, alias)) for node in nodes for alias in node.names]
    if any(each == "*" for each, _ in found):
        return holders
    places = [place for each, place in found if each == name]
    return [home for home, own in holders.items() if any(_is_of(project, other, own, *place) for place in places)]


def _holders(project: Project, home: Path, name: str, taken: Mapping[Path, frozenset[str] | None]) -> frozenset[Path]:
    """Name the files that others may take the name from: its own, packages above it, and whoever takes it there.

    ``taken`` are the names that each file with the name may take by imports, the last ones of modules included.
    """
    found = {home, *(folder / "__init__.py" for folder in home.parents)}
    while True:
        last = {name, *(part for path in found for part in (path.stem, importable(path).name))}
        may = (other for other, names in taken.items() if other not in found and (names is None or names & last))
        more = {other for other in may if _takes(project, other, name, frozenset(found))}
        if not more:
            return frozenset(found)
        found |= more


def _takes(project: Project, other: Path, name: str, holders: frozenset[Path]) -> bool:
    """Whether a file, which mentions the name, imports it or a module that holds it."""
    for node in project.imports(other):
        for alias in node.names:
            level, dotted = module_of(node, alias)
            if isinstance(node, ast.ImportFrom):
                if alias.name == name and _is_of(project, other, holders, level, dotted):
                    return True
                dotted = f"{dotted}.{alias.name}"
            if holders.intersection(project.targets(other, level, dotted)):
                return True
    return False


def _is_of(project: Project, importer: Path, holders: frozenset[Path], level: int, dotted: str) -> bool:
    """Whether a module may be one of some files, or one of which it is not known what it takes from everywhere."""
    targets = project.targets(importer, level, dotted)
    if not targets:
        return bool(level) or project.may_hold(dotted.partition(".")[0])
    return any(target in holders or _STAR in project.glance(target) for target in targets)


def _means(module: Module, node: ast.Name | ast.Attribute, name: str, is_of: _IsOf) -> bool:
    """Tell whether an expression may be the name of the other file: imported, by a star, or as an attribute of it."""
    if isinstance(node, ast.Attribute):
        return node.attr == name and _is_in(module, node.value, is_of)
    found = module.lookup(node)
    if found is None:
        return node.id == name and bool(module.star_imports)
    return any(
        alias.name == name and isinstance(binding.node, ast.ImportFrom) and is_of(*module_of(binding.node, alias))
        for binding in found[1]
        if binding.kind is Kind.IMPORT and (alias := binding.alias) is not None
    )


def _is_in(module: Module, base: ast.expr, is_of: _IsOf) -> bool:
    """Tell whether an expression may be the other file as a module; what is bound to no import may be anything."""
    attributes: list[str] = []
    while isinstance(base, ast.Attribute):
        attributes.insert(0, base.attr)
        base = base.value
    found = module.lookup(base) if isinstance(base, ast.Name) else None
    if found is None or not found[1]:
        return True
    return any(_module_is(binding, attributes, is_of) for binding in found[1])


def _module_is(binding: Binding, attributes: list[str], is_of: _IsOf) -> bool:
    node, alias = binding.node, binding.alias
    if alias is None or not isinstance(node, ast.Import | ast.ImportFrom):
        return True
    level, dotted = module_of(node, alias)
    if isinstance(node, ast.ImportFrom):
        first = [dotted, alias.name]
    else:
        first = [alias.name if alias.asname else alias.name.partition(".")[0]]
    return is_of(level, ".".join(filter(None, (*first, *attributes))))
