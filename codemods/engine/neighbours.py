"""What one file of a run can break in another, and what another still needs.

Questions asked of the whole project: does anybody depend on the type of a credential, does anybody use a name that
would be deleted, does what the secret is read from exist without it, does anybody else need the same variable or entry.
The answers err on the side of leaving code alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from codemods.engine.candidates import Candidate, Reading
from codemods.engine.definitions import Definition, Definitions
from codemods.engine.expected import name_of_body, words_of
from codemods.engine.floors import Floors
from codemods.engine.flow import Blocked, Dropped, dropped_with, keys_of
from codemods.engine.guards import understand
from codemods.engine.knowledge import Knowledge
from codemods.engine.needed import Needed
from codemods.engine.plan import Surroundings
from codemods.engine.project import Project
from codemods.engine.references import References
from codemods.engine.sites import Occurrence, is_rewrite
from codemods.engine.traced import NameRead, Origin
from codemods.engine.union_tests import UnionTests
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.scope import Kind
from codemods.transform import Already


@dataclass(slots=True, kw_only=True)
class Neighbours:
    """The project as its files see each other; ``sites`` holds what belongs to the sites of each file.

    ``assumed`` are statements that are removed with the rewrite, or the rewrite does not happen. ``expected`` are the
    sites that will be asked for, so that one pass over the tree finds the words of them all.
    """

    project: Project
    type_tests: Mapping[str, Blocked]
    references: References
    definitions: Definitions
    unions: UnionTests
    needed: Needed
    sites: Mapping[Path, Dropped]
    floors: Floors
    classes: frozenset[str] = frozenset()
    expected: tuple[tuple[Candidate, Occurrence], ...] = ()
    assumed: frozenset[ast.AST] = frozenset()
    known: dict[Occurrence, Blocked | None] = field(default_factory=dict)
    is_prepared: bool = False

    def assume(self, statements: frozenset[ast.AST]) -> None:
        """Judge from now on as if some statements were not there."""
        self.assumed = statements
        self.definitions.assume(statements)
        self.needed.assume(statements)
        self.known.clear()

    def of(self, candidate: Candidate) -> Surroundings:
        """Give what the rest of the project says about one file."""
        return Surroundings(
            type_tests=self.type_tests,
            used_elsewhere=partial(self._used, candidate),
            taken_by=partial(self.references.taken_by, candidate.listed.path),
            needed_elsewhere=partial(self._needed, candidate),
            too_old=partial(self.floors.too_old, candidate.listed.path),
            assumed=self.assumed,
        )

    def _prepare(self) -> None:
        """Let one pass over the tree find all words that are sure to be asked for, and one those that they lead to."""
        if not self.is_prepared:
            self.is_prepared = True
            words = {word for item, each in self.expected for word in words_of(item.file.module, each)}
            self.project.mentioning(words)
            self.needed.expect({variable for site in self.expected for variable in self._variables(*site)})

    def _variables(self, candidate: Candidate, occurrence: Occurrence) -> Iterator[str]:
        """Name the variables that a site reads; what is too deep is told when the site is judged."""
        yield from (item.key for item in occurrence.trace.items if not item.holder)
        for origin in occurrence.trace.origins:
            with suppress(RecursionError):
                yield from self.definitions.find(candidate.listed.path, candidate.file.module, origin).variables

    def _used(self, candidate: Candidate, read: NameRead | str) -> str | None:
        self._prepare()
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
        self._prepare()
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
            if (place := self.needed.variable(path, variable)) is not None:
                return ReasonCode.SECRET_USED_ELSEWHERE, f"{variable} in {place}"
        return None

    def _origin(self, path: Path, module: Module, origin: Origin, found: Definition) -> Blocked | None:
        """Say what cannot do without the thing that a secret is read from."""
        if found.problem is not None:
            return ReasonCode.LEFTOVER, found.problem
        if origin.attributes and (place := self.needed.item(path, origin.attributes[-1], found.holders)) is not None:
            return ReasonCode.SECRET_USED_ELSEWHERE, place
        place = self.needed.instance(path, origin) or self.needed.handed_on(path, module, origin)
        if place is not None:
            return ReasonCode.SECRET_USED_ELSEWHERE, place
        if origin.attributes and (place := self.needed.whole(path, module, origin, found)) is not None:
            return ReasonCode.SECRET_USED_ELSEWHERE, f"with all of {origin.binding.name} {place}"
        lines = self.needed.own_variables(path, module, found.variables)
        if (variable := next((each for each in found.variables if each in lines), None)) is not None:
            return ReasonCode.SECRET_USED_ELSEWHERE, f"{variable} on line {lines[variable]}"
        return None

    def _asked(self, construct: str) -> str | None:
        return self.unions.asked_elsewhere(construct) if construct in self.classes else None


def look_around(project: Project, reading: Reading, known: Knowledge) -> Neighbours:
    """Ask the project once, for all candidates."""
    expected = tuple(_expected(reading.candidates))
    sites = {item.listed.path: _site_nodes(item) for item in reading.candidates}
    return Neighbours(
        project=project,
        type_tests=_type_tests(reading.candidates, known),
        references=References(project, _names(expected)),
        definitions=Definitions(project),
        unions=UnionTests(project, known.classes & {occurrence.site.construct for _, occurrence in expected}),
        needed=Needed(project, sites),
        sites=sites,
        floors=Floors(project),
        classes=known.classes,
        expected=expected,
    )


def _expected(candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Occurrence]]:
    """Yield the sites that could be rewritten, if nothing in the project keeps them."""
    sites = ((item, each) for item in candidates if not item.file.is_test for each in item.file.occurrences)
    yield from ((item, each) for item, each in sites if is_rewrite(each) and each.trace.problem is None)


def _names(sites: Iterable[tuple[Candidate, Occurrence]]) -> set[tuple[Path, str]]:
    """Collect the names that would be deleted or renamed, each with its file."""
    return {(item.listed.path, name) for item, each in sites for name in _names_at(item.file.module, each)}


def _names_at(module: Module, occurrence: Occurrence) -> Iterator[str]:
    yield from (read.name for read in occurrence.trace.names if read.binding.kind is not Kind.IMPORT)
    func = occurrence.node.func if isinstance(occurrence.node, ast.Call) else None
    yield from [func.id] if isinstance(func, ast.Name) and module.lookup(func) is not None else []
    body = name_of_body(module, occurrence)
    yield from () if body is None else (body,)


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
