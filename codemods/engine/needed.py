"""Who else needs what a secret is read from: a variable, an entry, or all that its holder holds.

A file is looked into once, for all the variables that it mentions and that will be asked for. What is kept are lines:
a syntax tree takes some fifty times the memory of its text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codemods.engine.arguments import Function
from codemods.engine.candidates import looks_like_test
from codemods.engine.composed import composed_of, halves, may_compose
from codemods.engine.definitions import Definition
from codemods.engine.expected import name_elsewhere
from codemods.engine.flow import Dropped
from codemods.engine.index import READS
from codemods.engine.needs import line_of_instance, needs_item, needs_variables
from codemods.engine.project import Project
from codemods.engine.spelled import as_setting
from codemods.engine.traced import Origin
from codemods.engine.uses import NO_ITEMS, Items, items_of
from codemods.engine.wholes import (
    handed_to,
    line_in_function,
    line_of_holders,
    line_of_made,
    line_of_named_whole,
    line_of_namespace,
    line_of_own_whole,
    line_of_whole,
    texts_of_wholes,
)
from codemods.names import Module

_Lines = Mapping[str, int]


class Needed:
    """The places of a project that need something; ``sites`` holds what belongs to the sites of each file."""

    def __init__(self, project: Project, sites: Mapping[Path, Dropped]) -> None:
        self.project = project
        self.sites = sites
        self.assumed: frozenset[ast.AST] = frozenset()
        self._reads = _Answers(project=project, words=_words, look=self._read_in)
        self._composed = _Answers(project=project, words=_words_of_composed, look=self._composed_in, beside=READS)
        self._wholes: dict[tuple[Path, str, tuple[str, ...]], int | None] = {}
        self._items: dict[tuple[Path, str], Items | None] = {}

    def assume(self, statements: frozenset[ast.AST]) -> None:
        """Judge from now on as if some statements were not there."""
        self.assumed = statements
        for answers in (self._reads, self._composed):
            answers.forget()

    def expect(self, variables: Collection[str]) -> None:
        """Take note of the variables that will be asked for."""
        for answers in (self._reads, self._composed):
            answers.expect(variables)

    def variable(self, path: Path, variable: str) -> str | None:
        """Name a place of another file that cannot do without a variable, or reads it under a name that is composed."""
        return self._reads.first(path, variable) or self._composed.first(path, variable)

    def own_variables(self, path: Path, module: Module, variables: Collection[str]) -> _Lines:
        """Find the lines of a file beside its sites that cannot do without some variables."""
        return needs_variables(module, variables, self._is_site(path, module))

    def item(self, path: Path, key: str, holders: Collection[str]) -> str | None:
        """Name a place of another file that reads the same entry of the same thing."""
        names = frozenset(holders)
        for other in _others(self.project, path, (key,)):
            items = self._items_in(other, key)
            module = self.project.module(other) if items is None or items.may_be_of(names) else None
            line = None if module is None else needs_item(module, key, set(holders), self._is_site(other, module))
            if line is not None:
                return f"{self.project.name(other)}:{line}"
        return None

    def _items_in(self, other: Path, key: str) -> Items | None:
        if (other, key) not in self._items:
            data = self._code(other)
            self._items[other, key] = items_of(data, key) if data else NO_ITEMS
        return self._items[other, key]

    def instance(self, path: Path, origin: Origin) -> str | None:
        """Find a file that knows the class a secret is an attribute of, and reads it, or makes something else of it."""
        owner, key = origin.binding.node, origin.attributes[-1:]
        if not isinstance(owner, ast.ClassDef) or not key:
            return None
        known = (owner.name.encode(), path.stem.encode())
        for other in _others(self.project, path, (key[0], owner.name)):
            data = self._code(other)
            module = self.project.module(other) if any(word in data for word in known) else None
            line = None if module is None else line_of_instance(module, owner, key[0], self._is_site(other, module))
            line = line or (None if module is None else line_of_named_whole(module, owner.name))
            if line is not None:
                return f"{self.project.name(other)}:{line}"
        return None

    def whole(self, path: Path, module: Module, origin: Origin, found: Definition) -> str | None:
        """Find code that looks at all that the holder of a secret holds: here, where it is defined, elsewhere."""
        if (line := line_of_whole(module, origin.binding, origin.attributes[:-1])) is not None:
            return f"on line {line}"
        owner = origin.binding.node
        if isinstance(owner, ast.ClassDef) and (line := line_of_own_whole(module, owner, origin.attributes[:-1])):
            return f"on line {line}"
        for place, line, column in found.places:
            there = module if place == path else self.project.module(place)
            at = None if there is None else _line_of_definition(there, (line, column), found.holders)
            if at is not None:
                return f"in {self.project.name(place)}:{at}"
        name = name_elsewhere(module, origin)
        way = origin.attributes[:-1]
        for other in () if name is None else _others(self.project, path, texts_of_wholes(name, way)):
            if name is not None and (line := self._named_whole(other, name, way)) is not None:
                return f"in {self.project.name(other)}:{line}"
        return None

    def handed_on(self, path: Path, module: Module, origin: Origin) -> str | None:
        """Find a function of another file that is given the holder of a secret, and asks it for that or for all."""
        for call, given in handed_to(module, origin.binding) if len(origin.attributes) == 1 else ():
            for place, there, function in self._imported(path, module, call.func):
                line = line_in_function(there, function, call, given, origin.attributes[0])
                if line is not None:
                    return f"{self.project.name(place)}:{line}"
        return None

    def _imported(self, path: Path, module: Module, func: ast.expr) -> Iterator[tuple[Path, Module, Function]]:
        """Yield the functions of other files that an imported name, or an attribute of a module, may be."""
        root = func.value if isinstance(func, ast.Attribute) else func
        found = module.lookup(root) if isinstance(root, ast.Name) else None
        for binding in () if found is None else found[1]:
            node, alias = binding.node, binding.alias
            if not isinstance(node, ast.Import | ast.ImportFrom) or alias is None:
                continue
            level, base = (node.level, node.module or "") if isinstance(node, ast.ImportFrom) else (0, "")
            dotted = base if root is func else ".".join(filter(None, (base, alias.name)))
            name = alias.name if root is func else getattr(func, "attr", "")
            for target in self.project.targets(path, level, dotted):
                there = self.project.module(target)
                bound = () if there is None else there.top.bindings.get(name, ())
                for function in (item.node for item in bound if isinstance(item.node, Function)):
                    if there is not None:
                        yield target, there, function

    def _named_whole(self, other: Path, name: str, way: tuple[str, ...]) -> int | None:
        asked = other, name, way
        if asked not in self._wholes:
            module = self.project.module(other) if self._code(other) else None
            self._wholes[asked] = None if module is None else line_of_named_whole(module, name, way)
        return self._wholes[asked]

    def _read_in(self, other: Path, variables: Collection[str]) -> _Lines:
        data = self._code(other)
        held = frozenset(name for name in variables if data and as_setting(name)(data))
        module = self.project.module(other) if held else None
        return {} if module is None else needs_variables(module, held, self._is_site(other, module))

    def _composed_in(self, other: Path, variables: Collection[str]) -> _Lines:
        module = self.project.module(other) if may_compose(self._code(other)) else None
        found: dict[str, int] = {}
        if module is not None:
            is_site = self._is_site(other, module)
            for variable, node in composed_of(module, variables):
                if variable not in found and not is_site(node):
                    found[variable] = node.lineno
        return found

    def _code(self, path: Path) -> bytes:
        """Give the bytes of a file, none for a test: it runs without the secret or not at all."""
        data = self.project.glance(path)
        return b"" if looks_like_test(self.project.name(path), data) else data

    def _is_site(self, path: Path, module: Module) -> _IsSite:
        dropped = self.sites.get(path, _NOTHING)
        return _IsSite(module=module, dropped=dropped.and_also(self.assumed) if self.assumed else dropped)


@dataclass(slots=True, kw_only=True, eq=False)
class _Answers:
    """One question about variables: what a ``look`` finds in the files that hold some ``words`` of theirs."""

    project: Project
    words: Callable[[str], Collection[str]]
    look: Callable[[Path, Collection[str]], _Lines]
    beside: frozenset[bytes] = frozenset()
    known: dict[Path, dict[str, int | None]] = field(default_factory=dict)
    mentioned: dict[Path, set[str]] = field(default_factory=dict)

    def forget(self) -> None:
        self.known.clear()

    def expect(self, variables: Collection[str]) -> None:
        self.project.index.mentioning({word for each in variables for word in self.words(each)}, self.beside)
        for variable in variables:
            for path in _mentioning(self.project, self.words(variable), self.beside):
                self.mentioned.setdefault(path, set()).add(variable)

    def first(self, path: Path, variable: str) -> str | None:
        """Name the first place of another file."""
        for other in _others(self.project, path, self.words(variable), self.beside):
            if (line := self._line(other, variable)) is not None:
                return f"{self.project.name(other)}:{line}"
        return None

    def _line(self, other: Path, variable: str) -> int | None:
        known = self.known.setdefault(other, {})
        if variable not in known:
            names = {variable, *self.mentioned.get(other, ())} - known.keys()
            known |= {**dict.fromkeys(names), **self.look(other, names)}
        return known[variable]


@dataclass(frozen=True, slots=True, kw_only=True)
class _IsSite:
    """Tells whether a node belongs to a site, which is judged by itself."""

    module: Module
    dropped: Dropped

    def __call__(self, node: ast.AST) -> bool:
        return bool(self.dropped.nodes) and self.dropped.holds(self.module, node)


_NOTHING = Dropped(nodes=frozenset())


def _words(variable: str) -> tuple[str, str]:
    """Give a variable as itself and as a field."""
    return variable, variable.lower()


def _words_of_composed(variable: str) -> tuple[str, ...]:
    """Give a variable, which may stand among others in one text, and its halves."""
    return (variable, *halves(variable))


def _mentioning(project: Project, words: Collection[str], beside: frozenset[bytes]) -> set[Path]:
    return {path for paths in project.index.mentioning(words, beside).values() for path in paths}


def _others(
    project: Project, path: Path, words: Collection[str], beside: frozenset[bytes] = frozenset()
) -> Iterator[Path]:
    """List the files apart from one that mention something."""
    yield from sorted(_mentioning(project, words, beside) - {path})


def _line_of_definition(module: Module, place: tuple[int, int], holders: Iterable[str]) -> int | None:
    """Find the line that looks at all of what a value is given to: the class around it, or what is called so."""
    values = (node for node in module.parents if isinstance(node, ast.expr) and _place(node) == place)
    around = (node for value in values for node in module.ancestors(value))
    owner = next((node for node in around if isinstance(node, ast.ClassDef)), None)
    lines = [line_of_holders(module, frozenset(holders))]
    lines += [line_of_namespace(module)] if owner is None else [line_of_own_whole(module, owner), line_of_made(owner)]
    return min((line for line in lines if line is not None), default=None)


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset
