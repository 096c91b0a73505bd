"""What one file of a run can break in another, and what another still needs.

Questions asked of the whole project: does anybody depend on the type of a credential, does anybody use a name that
would be deleted, does what the secret is read from exist without it, does anybody else need the same variable or entry.
The answers err on the side of leaving code alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from codemods.engine.candidates import Candidate, Reading, looks_like_test
from codemods.engine.composed import composed_reads, halves
from codemods.engine.definitions import Definition, Definitions
from codemods.engine.floors import Floors
from codemods.engine.flow import Blocked, Dropped, dropped_with, keys_of
from codemods.engine.guards import understand
from codemods.engine.knowledge import Knowledge
from codemods.engine.needs import needs_item, needs_variable
from codemods.engine.plan import Surroundings
from codemods.engine.project import Project
from codemods.engine.references import References
from codemods.engine.sites import Occurrence, is_rewrite
from codemods.engine.spelled import as_setting, spellings
from codemods.engine.traced import NameRead, Origin
from codemods.engine.union_tests import asked_elsewhere
from codemods.engine.uses import may_be_item
from codemods.engine.wholes import line_of_named_whole, line_of_own_whole, line_of_whole, texts_of_wholes
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.scope import Kind
from codemods.transform import Already


@dataclass(slots=True, kw_only=True)
class Neighbours:
    """The project as its files see each other; ``sites`` holds what belongs to the sites of each file.

    ``assumed`` are statements that are removed with the rewrite, or the rewrite does not happen. ``expected`` are words
    that will be asked for, so that one pass over the tree finds them all.
    """

    project: Project
    type_tests: Mapping[str, Blocked]
    references: References
    definitions: Definitions
    sites: Mapping[Path, Dropped]
    floors: Floors
    classes: frozenset[str] = frozenset()
    expected: frozenset[str] = frozenset()
    assumed: frozenset[ast.AST] = frozenset()
    known: dict[Occurrence, Blocked | None] = field(default_factory=dict)
    unions: dict[str, str | None] = field(default_factory=dict)

    def assume(self, statements: frozenset[ast.AST]) -> None:
        """Judge from now on as if some statements were not there."""
        self.assumed = self.definitions.assumed = statements
        self.known.clear()

    def of(self, candidate: Candidate) -> Surroundings:
        """Give what the rest of the project says about one file."""
        return Surroundings(
            type_tests=self.type_tests,
            used_elsewhere=partial(self._used, candidate),
            needed_elsewhere=partial(self._needed, candidate),
            too_old=partial(self.floors.too_old, candidate.listed.path),
            assumed=self.assumed,
        )

    def _used(self, candidate: Candidate, read: NameRead | str) -> str | None:
        path = candidate.listed.path
        if isinstance(read, str):
            return self.references.used_elsewhere(path, read)
        owner = read.scope.node.name if isinstance(read.scope.node, ast.ClassDef) else None
        return self.references.used_elsewhere(path, read.name, owner)

    def _needed(self, candidate: Candidate, occurrence: Occurrence) -> Blocked | None:
        if occurrence not in self.known:
            self.known[occurrence] = self._look(candidate, occurrence)
        return self.known[occurrence]

    def _look(self, candidate: Candidate, occurrence: Occurrence) -> Blocked | None:
        path, module = candidate.listed.path, candidate.file.module
        if (asked := self._asked(occurrence.site.construct)) is not None:
            return ReasonCode.TYPE_DEPENDENT, asked
        variables = [item.key for item in occurrence.trace.items if not item.holder]
        for origin in occurrence.trace.origins:
            found = self.definitions.find(path, module, origin)
            variables += found.variables
            if (blocked := self._origin(path, module, origin, found)) is not None:
                return blocked
        for variable in variables:
            if (place := self._variable(path, variable)) is not None:
                return ReasonCode.SECRET_USED_ELSEWHERE, f"{variable} in {place}"
        return None

    def _origin(self, path: Path, module: Module, origin: Origin, found: Definition) -> Blocked | None:
        """Say what cannot do without the thing that a secret is read from."""
        if found.problem is not None:
            return ReasonCode.LEFTOVER, found.problem
        if origin.attributes and (place := self._item(path, origin.attributes[-1], found.holders)) is not None:
            return ReasonCode.SECRET_USED_ELSEWHERE, place
        if origin.attributes and (place := self._whole(path, module, origin, found)) is not None:
            return ReasonCode.SECRET_USED_ELSEWHERE, f"with all of {origin.binding.name} {place}"
        for variable in found.variables:
            if (line := needs_variable(module, variable, self._is_site(path, module))) is not None:
                return ReasonCode.SECRET_USED_ELSEWHERE, f"{variable} on line {line}"
        return None

    def _asked(self, construct: str) -> str | None:
        if construct not in self.unions:
            self.project.mentioning(self.expected)  # in one pass
            self.unions[construct] = asked_elsewhere(self.project, construct) if construct in self.classes else None
        return self.unions[construct]

    def _variable(self, path: Path, variable: str) -> str | None:
        for other, module in self._others(path, as_setting(variable), variable, variable.lower()):
            line = needs_variable(module, variable, self._is_site(other, module))
            if line is not None:
                return f"{self.project.name(other)}:{line}"
        for other, module in self._others(path, lambda _: True, *halves(variable)):
            is_site = self._is_site(other, module)
            read = next((node for node in composed_reads(module, variable) if not is_site(node)), None)
            if read is not None:
                return f"{self.project.name(other)}:{read.lineno}"
        return None

    def _item(self, path: Path, key: str, holders: list[str]) -> str | None:
        for other, module in self._others(path, partial(may_be_item, key=key, holders=frozenset(holders)), key):
            line = needs_item(module, key, set(holders), self._is_site(other, module))
            if line is not None:
                return f"{self.project.name(other)}:{line}"
        return None

    def _whole(self, path: Path, module: Module, origin: Origin, found: Definition) -> str | None:
        """Find code that looks at all that the holder of a secret holds: here, where it is defined, elsewhere."""
        if (line := line_of_whole(module, origin.binding, origin.attributes[:-1])) is not None:
            return f"on line {line}"
        for place, value in found.places:
            there = module if place == path else self.project.module(place)
            if there is not None and (line := _line_of_definition(there, value, found.holders)) is not None:
                return f"in {self.project.name(place)}:{line}"
        name = _name_elsewhere(module, origin)
        texts = texts_of_wholes(name) if name is not None else ()
        for other, there in self._others(path, lambda _: True, *texts):
            if (line := line_of_named_whole(there, {name or ""})) is not None:
                return f"in {self.project.name(other)}:{line}"
        return None

    def _others(self, path: Path, may_hold: Callable[[bytes], bool], *words: str) -> Iterator[tuple[Path, Module]]:
        mentions = self.project.mentioning({*words, *self.expected})
        for other in sorted({item for word in words for item in mentions.get(word, ())} - {path}):
            data = self.project.glance(other)
            if not looks_like_test(self.project.name(other), data) and may_hold(data):
                module = self.project.module(other)
                if module is not None:
                    yield other, module

    def _is_site(self, path: Path, module: Module) -> _IsSite:
        dropped = self.sites.get(path, _NOTHING)
        return _IsSite(module=module, dropped=dropped.and_also(self.assumed) if self.assumed else dropped)


@dataclass(frozen=True, slots=True, kw_only=True)
class _IsSite:
    """Tells whether a node belongs to a site, which is judged by itself."""

    module: Module
    dropped: Dropped

    def __call__(self, node: ast.AST) -> bool:
        return bool(self.dropped.nodes) and self.dropped.holds(self.module, node)


_NOTHING = Dropped(nodes=frozenset())


def look_around(project: Project, reading: Reading, known: Knowledge) -> Neighbours:
    """Ask the project once, for all candidates."""
    return Neighbours(
        project=project,
        type_tests=_type_tests(reading.candidates, known),
        references=References(project, _names(reading.candidates)),
        definitions=Definitions(project),
        sites={item.listed.path: _site_nodes(item) for item in reading.candidates},
        floors=Floors(project),
        classes=known.classes,
        expected=frozenset(_expected(reading.candidates)),
    )


def _expected(candidates: Iterable[Candidate]) -> Iterator[str]:
    """Yield the words by which others may need the secrets of sites that could be rewritten."""
    occurrences = ((item, each) for item in candidates if not item.file.is_test for each in item.file.occurrences)
    for item, occurrence in occurrences:
        if is_rewrite(occurrence) and occurrence.trace.problem is None:
            yield occurrence.site.construct.rpartition(".")[2]
            for variable in (read.key for read in occurrence.trace.items if not read.holder):
                yield from spellings(variable)
                yield from halves(variable)
            for origin in (each for each in occurrence.trace.origins if each.attributes):
                yield origin.attributes[-1]
                name = _name_elsewhere(item.file.module, origin)
                yield from () if name is None else texts_of_wholes(name)


def _name_elsewhere(module: Module, origin: Origin) -> str | None:
    """Give the name by which other files know what holds a secret; None where it is of one function."""
    binding = origin.binding
    if binding.kind is Kind.IMPORT:
        return binding.name if binding.alias is None else binding.alias.name.rpartition(".")[2]
    return binding.name if binding in module.top.bindings.get(binding.name, ()) else None


def _line_of_definition(module: Module, value: ast.expr, holders: Collection[str]) -> int | None:
    """Find the line that looks at all of what a value is given to: the class around it, or what is called so."""
    owner = next((node for node in module.ancestors(value) if isinstance(node, ast.ClassDef)), None)
    bindings = [binding for name in holders for binding in module.top.bindings.get(name, ())]
    lines = [line_of_whole(module, binding) for binding in bindings]
    lines += [] if owner is None else [line_of_own_whole(module, owner)]
    return min((line for line in lines if line is not None), default=None)


def _names(candidates: Iterable[Candidate]) -> set[str]:
    """Collect the names that would be deleted or renamed."""
    found: set[str] = set()
    for candidate in candidates:
        for occurrence in candidate.file.occurrences if not candidate.file.is_test else ():
            if is_rewrite(occurrence):
                found |= {read.name for read in occurrence.trace.names if read.binding.kind is not Kind.IMPORT}
                func = occurrence.node.func if isinstance(occurrence.node, ast.Call) else None
                imported = isinstance(func, ast.Name) and candidate.file.module.lookup(func) is not None
                found |= {func.id} if isinstance(func, ast.Name) and imported else set()
    return found


def _site_nodes(candidate: Candidate) -> Dropped:
    """Collect the secrets of all sites of a file, reported ones included: a person is told of those already."""
    occurrences = candidate.file.occurrences
    secrets = [
        secret for item in occurrences if not isinstance(item.verdict, Already) for secret in item.verdict.secrets
    ]
    keys = {key for item in occurrences for key in keys_of(item.node, secrets)}
    dropped = dropped_with(secrets, [item.trace for item in occurrences]).and_also(keys)
    rewrites = [item for item in occurrences if is_rewrite(item)]
    guards = understand(candidate.file.source, candidate.file.module, rewrites, dropped.statements)
    return dropped.and_also(guards.nodes)


def _type_tests(candidates: Iterable[Candidate], known: Knowledge) -> dict[str, Blocked]:
    """Map each construct to the first place that depends on its type or its private attributes."""
    found: dict[str, Blocked] = {}
    for candidate in candidates:
        if candidate.file.is_test:
            continue
        for occurrence in candidate.file.occurrences:
            reason = getattr(occurrence.verdict, "reason", None)
            where = f"{occurrence.site.path}:{occurrence.site.line}"
            if reason is ReasonCode.TYPE_DEPENDENT:
                for construct in known.named(occurrence.site.construct):
                    found.setdefault(construct, (reason, where))
            elif reason is ReasonCode.PRIVATE_ATTRIBUTE_USE:
                for construct in sorted(known.classes_with(occurrence.site.construct)):
                    found.setdefault(construct, (reason, where))
    return found
