"""Which variables nothing needs any more when the sites are rewritten, and what the project looks like without them.

A variable goes everywhere or stays everywhere. It goes when every site that reads it is rewritten, every statement that
only reads it has no use, every entry that sets it can be taken out exactly, and then nothing in the project names it,
in any language. Statements are first assumed to be dead, as sites may be held by them; where that is not proven in the
end, everything is decided again without the assumption.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods.engine.attempt import Attempt
from codemods.engine.dead import Dead
from codemods.engine.dead_code import CodeCleaner, reads_in
from codemods.engine.dead_options import required_options, without_requirement
from codemods.engine.git import uncommitted
from codemods.engine.mentions import is_python
from codemods.engine.named import Named, named_sites
from codemods.engine.neighbours import Neighbours
from codemods.engine.project import Project
from codemods.engine.search import Search, Unproven, text_of
from codemods.errors import CodemodError
from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place
from codemods.leftovers.places import place_of
from codemods.model import Request, Rewritten

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_READ_UNNAMED = re.compile(
    r"(?:AIRFLOW|APPSETTING|ARM|AZCOPY|AZD|AZURE|DATABRICKS|DOCKER|FABRIC|GITHUB|IDENTITY|MICROSOFT|MSAL|MSI|NUXT|"
    r"OAUTH2_PROXY|PULUMI|SPARK|TF|WEBSITE|WEBSITES)_.*"
)
"""Variables that libraries and tools read although no file names them, by how they begin."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fixes:
    """What becomes of each variable: ``why`` it stays, or the ``files`` that change for it, by name.

    ``owners`` are the files whose sites read it, ``changes`` the bytes of all files that change for any of them, and
    ``gone`` the lines that go, as the files are.
    """

    why: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, frozenset[Path]] = field(default_factory=dict)
    owners: Mapping[str, frozenset[Path]] = field(default_factory=dict)
    changes: Mapping[Path, bytes] = field(default_factory=dict)
    gone: frozenset[tuple[Path, int, str]] = frozenset()


def settle(
    first: Attempt, again: Callable[[], Attempt], neighbours: Neighbours, request: Request
) -> tuple[Attempt, Fixes]:
    """Find the largest set of variables that can go, and the attempt that goes with it."""
    project = neighbours.project
    sites = named_sites(first.plans, neighbours)
    every = {name for site in sites for name in site.names}
    names = sorted(name for name in every if _PLAIN.fullmatch(name))
    odd = dict.fromkeys(sorted(every - set(names)), "it is not the name of a variable")
    if not names:
        return first, Fixes(why=odd)
    project.mentioning({spelling for name in names for spelling in (name, name.lower())})  # one pass for all
    reads = {name: reads_in(project, name) for name in names if not _READ_UNNAMED.fullmatch(name)}
    dead = [each for found in reads.values() for inner in found.values() for each in inner]
    bound = {each.read.name for each in dead if each.read is not None}
    project.mentioning(bound)
    search = Search(project, {*names, *bound})
    assumed = {name: nodes for name in names if (nodes := _assumed(project, name, reads.get(name, {})))}
    current = first
    unproven: dict[str, str] = {}
    while True:
        if assumed or current is not first:
            neighbours.assume(frozenset(node for nodes in assumed.values() for node in nodes))
            current = again()
        fixes = _Fixer(current, named_sites(current.plans, neighbours), neighbours, search, request).fixes(names)
        lost = assumed.keys() & fixes.why.keys()
        if not lost:
            return current, replace(fixes, why={**odd, **fixes.why, **unproven}, gone=frozenset(_gone(fixes, project)))
        unproven |= {name: fixes.why[name] for name in lost}  # next time its site is what stays
        assumed = {name: found for name, found in assumed.items() if name not in lost}


def _assumed(project: Project, name: str, reads: Mapping[Path, tuple[Dead, ...]]) -> frozenset[ast.AST]:
    """Give the statements that only read a variable, and what makes an option required that is called like it."""
    statements = (each.statement for found in reads.values() for each in found)
    options = (each.keyword for found in required_options(project, name).values() for each in found)
    return frozenset((*statements, *options))


def _gone(fixes: Fixes, project: Project) -> Iterator[tuple[Path, int, str]]:
    for name, files in fixes.files.items():
        for path in files:
            yield from ((path, line, name) for line in _lines(project, path, name))


def _lines(project: Project, path: Path, name: str) -> Iterator[int]:
    """List the lines of a file that go with a variable."""
    if is_python(path.name):
        for dead in reads_in(project, name).get(path, ()):
            yield from range(dead.statement.lineno, (dead.statement.end_lineno or dead.statement.lineno) + 1)
        for each in required_options(project, name).get(path, ()):
            yield from range(each.call.lineno, (each.call.end_lineno or each.call.lineno) + 1)
        return
    place = place_of(project.below(path))
    if place is not None and place.cut is not None:
        cut = place.cut(project.below(path), text_of(project.data(path)), frozenset({name}))
        yield from (span.line for span in cut.gone)


class _Fixer:
    """Judges variables one after the other; what one changes is there for the next."""

    def __init__(
        self, attempt: Attempt, sites: Iterable[Named], neighbours: Neighbours, search: Search, request: Request
    ) -> None:
        self.rewritten = dict(attempt.changes)
        self.sites = tuple(sites)
        self.search, self.request = search, request
        self.project = neighbours.project
        self.changes: dict[Path, bytes] = {}

    def fixes(self, names: Iterable[str]) -> Fixes:
        why: dict[str, str] = {}
        files: dict[str, frozenset[Path]] = {}
        whose: dict[str, frozenset[Path]] = {}
        for name in names:
            try:
                owners = self._owners(name)
                changed = self._without(name, owners)
            except Unproven as unproven:
                why[name] = str(unproven)
            except CodemodError as error:
                why[name] = str(error)
            else:
                self.changes |= changed
                files[name], whose[name] = frozenset(changed), owners
        return Fixes(why=why, files=files, owners=whose, changes=self.changes)

    def _without(self, name: str, owners: frozenset[Path]) -> dict[Path, bytes]:
        """Give the bytes of the files that change when a variable goes, or raise Unproven."""
        sure = any(name in site.names and name in site.variables for site in self.sites)
        if not sure and not reads_in(self.project, name):
            return self._optional(name, owners)
        self.search.check_links(name)
        for path in self.search.files(name):
            self.project.data(path)  # read once: what is written later is compared with it
        view = self.project.with_changes({**self.rewritten, **self.changes})
        cleaner = CodeCleaner(project=view, name=name, rewritten=frozenset(self.rewritten))
        changed = dict(cleaner.clean())
        for path in self.search.files(name):
            if path not in self.search.ignored and not is_python(path.name):
                new = self._cut(name, path, view.data(path))
                changed |= {} if new is None else {path: new}
        self._check_places(changed)
        for bound in self._bound(name) - {name}:
            self.search.check_reach(bound)
        self.search.check(name, view.with_changes(changed), changed)
        self._check_committed(changed, owners)
        return changed

    def _optional(self, name: str, owners: frozenset[Path]) -> dict[Path, bytes]:
        """Give the bytes of the files in which an option is not required any more, or raise Unproven."""
        view = self.project.with_changes({**self.rewritten, **self.changes})
        changed = dict(without_requirement(view, name))
        if not changed:
            raise Unproven("no code says that it is a variable of the environment")
        self._check_places(changed)
        self._check_committed(changed, owners)
        return changed

    def _bound(self, name: str) -> set[str]:
        """Give the names of modules and classes that statements bind which only read a variable."""
        reads = [each.read for found in reads_in(self.project, name).values() for each in found]
        return {read.name for read in reads if read is not None and (read.scope.parent is None or read.scope.is_class)}

    def _owners(self, name: str) -> frozenset[Path]:
        """Give the files of the sites that read a variable; all of them are rewritten."""
        owners = [site for site in self.sites if name in site.names]
        for site in owners:
            path, line = site.candidate.listed, site.outcome.site.line
            if not isinstance(site.outcome, Rewritten) or path.path not in self.rewritten:
                raise Unproven(f"{path.name}:{line} still signs in with it")
        if _READ_UNNAMED.fullmatch(name):
            raise Unproven("libraries and tools read it without naming it")
        return frozenset(site.candidate.listed.path for site in owners)

    def _cut(self, name: str, path: Path, data: bytes) -> bytes | None:
        """Take the entries that set a variable out of a file, or raise Unproven where one cannot be."""
        place = self.search.kind(path)
        mark = _BOM if data.startswith(_BOM) else b""
        text = _decoded(data.removeprefix(_BOM))
        if not _may_be_cut(place, text) or place is None or place.cut is None or text is None:
            return None
        cut = place.cut(self.project.below(path), text, frozenset({name}))
        if cut.kept:
            raise Unproven(f"{self.project.name(path)}:{cut.kept[0].line}: {cut.kept[0].why}")
        return mark + cut.text.encode() if cut.gone else None

    def _check_places(self, changed: Iterable[Path]) -> None:
        """Refuse to change other work trees, and files that are given to programs that nobody sees."""
        for path in changed:
            if path in self.project.tree.inner:
                raise Unproven(f"{self.project.name(path)} belongs to another work tree inside this one")
            place = self.search.kind(path)
            if place is not None and place.kind is LeftoverKind.ENV_FILE and (taker := self.search.taker):
                raise Unproven(f"{taker} takes environment files and is not built here, so who reads it cannot be seen")

    def _check_committed(self, changed: Iterable[Path], owners: Iterable[Path]) -> None:
        if not self.request.apply or self.request.uncommitted:
            return
        for path in sorted(uncommitted({*changed, *owners})):
            raise Unproven(f"{self.project.name(path)} has changes that are not committed")


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _may_be_cut(place: Place | None, text: str | None) -> bool:
    return place is not None and place.cut is not None and text is not None and place.applies(text)
