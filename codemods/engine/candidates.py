"""Read the listed files, keep those that mention something a transform knows, and find their sites."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from codemods.assertion import is_ours
from codemods.engine.expected import words_of
from codemods.engine.failure import failed, too_deep
from codemods.engine.file import File
from codemods.engine.helpers import Place, named_place, nowhere, place_for
from codemods.engine.index import READS, SIGNS
from codemods.engine.knowledge import Knowledge
from codemods.engine.leftover_makers import TEXTS
from codemods.engine.listing import Listed
from codemods.engine.notebook import Notebook, read_notebook
from codemods.engine.project import Project, module_stem
from codemods.engine.sites import Occurrence, find, is_rewrite
from codemods.engine.source import Source, decode, parse, read
from codemods.engine.started import WORDS
from codemods.engine.texts import Texts
from codemods.errors import CodemodError
from codemods.model import Category, Clean, Failed, LibraryMode, ReasonCode, Reported, Request, Site
from codemods.names import Module
from codemods.transform import Transform

# First lines of notebooks that Databricks and Fabric export as source.
_EXPORTS = ("# Databricks notebook source", "# Fabric notebook source")
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_TEST_FILE = re.compile(r"test_.*|.*_test|conftest")
_TEST_LIBRARY = re.compile(
    rb"^[ \t]*(?:import|from)[ \t]+(?:pytest|unittest|mock|nose|hypothesis|behave|robot)\b", re.MULTILINE
)

_RARE = 12
"""Letters of a name that hardly stands in a file for another reason."""
_NOTED = TEXTS | SIGNS | READS
Placed = Callable[[Project, Path, Module], Place]


class Told(Protocol):
    """Hears the name of a step, how much of it is done, and how much there is (None: not known)."""

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Take note."""


def nobody(name: str, count: int, total: int | None = None) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A file with at least one site; ``data`` are its bytes as they were read."""

    listed: Listed
    file: File
    data: bytes

    @property
    def place(self) -> Place:
        """Say where its helper stands."""
        return self.file.place


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """A file with at least one site, before anybody knows where its helper stands."""

    listed: Listed
    data: bytes
    source: Source
    module: Module
    occurrences: tuple[Occurrence, ...]
    notebook: Notebook | None = None

    @property
    def is_test(self) -> bool:
        """Tell whether the file is test code."""
        return looks_like_test(self.listed.name, self.data)

    def is_placed(self, request: Request) -> bool:
        """Tell whether a helper could be needed: what is only reported, whatever its place, never needs one."""
        wanted = request.include_tests or not self.is_test
        added = request.library_mode is LibraryMode.ADD_OPTION
        return wanted and any(is_rewrite(each) and (each.trace.problem is None or added) for each in self.occurrences)


@dataclass(slots=True, kw_only=True)
class Reading:
    """What reading the tree gave; filled once. ``mentioned`` counts the files that passed the prefilter."""

    scanned: int = 0
    mentioned: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    others: list[Failed | Clean] = field(default_factory=list)

    def add(self, found: Candidate | Failed | Clean | None) -> None:
        """Keep what a file gave."""
        if isinstance(found, Candidate):
            self.candidates.append(found)
        elif found is not None:
            self.others.append(found)


def read_all(
    project: Project, known: Knowledge, request: Request, *, told: Told = nobody, placed: Placed | None = None
) -> Reading:
    """Read every file of a listing that may matter; a file that fails is an outcome, not the end of the run.

    ``placed`` finds the place of a candidate's helper, by default with a look at the whole project.
    """
    reading = Reading()
    looks: list[_Look] = []
    for listed, data in _mentioning(project, known, reading, told):
        reading.mentioned += 1
        try:
            found = _look(project, listed, data, known)
        except CodemodError as error:
            reading.add(failed(listed.name, error))
        except RecursionError:
            reading.add(too_deep(listed.name))
        else:
            looks += [found] if isinstance(found, _Look) else []
            reading.add(None if isinstance(found, _Look) else found)
    for look in looks:
        project.index.expect(word for each in look.occurrences for word in words_of(look.module, each))
    wanted = () if placed is not None else tuple(look.listed.path for look in looks if look.is_placed(request))
    if request.app is not None or request.targets is not None:  # there will be something to place
        _expect(project, wanted)
    for look in looks:
        reading.add(_candidate(look, request, _where(project, look, request, placed or _placing(request), wanted)))
    return reading


def _expect(project: Project, wanted: Collection[Path]) -> None:
    """Ask in one pass for all that the places of helpers, and the names of their files, will need."""
    project.index.expect((*WORDS, *map(module_stem, wanted)) if wanted else ())
    project.importing(wanted)


def _where(
    project: Project, look: _Look, request: Request, placed: Placed, wanted: tuple[Path, ...]
) -> Callable[[], Place]:
    """Find the place of a helper when it is asked for, once; the importers of all ``wanted`` files in one pass."""

    @cache
    def where() -> Place:
        if not look.is_placed(request):
            return nowhere(look.listed.path)
        _expect(project, wanted)
        return placed(project, look.listed.path, look.module)

    return where


def _mentioning(project: Project, known: Knowledge, reading: Reading, told: Told) -> Iterator[tuple[Listed, bytes]]:
    """Yield the files that mention what a transform knows, and note what else is in files that others will ask for."""
    literals, search = _search(known.transforms)
    files, noted = project.listing.files, {text: list[str]() for text in search.texts}
    passed = set(files.texts)
    for text in files.texts:
        reading.scanned += 1
        told("files", reading.scanned, len(files))
        try:
            if (problem := files.problems.get(text)) is not None:
                raise problem
            found = search.of(data := read(text))
        except CodemodError as error:
            reading.add(failed(files.listed(text).name, error))
            passed.remove(text)
            continue
        if found and not found.isdisjoint(literals):
            yield files.listed(text), data
        for each in found:
            noted[each].append(text)
    project.index.note(passed, noted)


@cache
def _search(transforms: tuple[Transform, ...]) -> tuple[frozenset[bytes], Texts]:
    """Search for what some transforms know; a process that rewrites one tree after the other makes it once."""
    literals = frozenset(literal for transform in transforms for literal in transform.literals)
    names = (name.rpartition(".")[2].encode() for each in transforms for name in (*each.classes, *each.constructs))
    return literals, Texts({*literals, *(name for name in names if len(name) >= _RARE), *_NOTED})


def looks_like_test(name: str, data: bytes) -> bool:
    """Tell whether a file is test code by its name, or by its folder and what it imports.

    A folder alone says little: the program that is deployed to the test environment stands in one, too.
    """
    *folders, file = name.split("/")
    lowered = {folder.lower() for folder in folders}
    if _TEST_FILE.fullmatch(file.rpartition(".")[0]) or (file == "conf.py" and lowered & {"doc", "docs"}):
        return True
    return bool(lowered & _TEST_FOLDERS) and _TEST_LIBRARY.search(data) is not None


def _look(project: Project, listed: Listed, data: bytes, known: Knowledge) -> _Look | Clean | None:
    """Find the sites of a file."""
    if listed.path.suffix == ".ipynb":
        return _look_at_notebook(project, listed, data, known)
    source = decode(listed.name, data)
    if is_ours(source.text):
        return None
    seen = known.evidence.of(source.text)
    if not seen:
        return None
    module = Module(parse(listed.name, source.text))
    occurrences = find(source, module, known, project.may_hold, seen=seen)
    if occurrences:
        project.know(listed.path, data, module)
    return (
        _Look(listed=listed, data=data, source=source, module=module, occurrences=occurrences) if occurrences else None
    )


def _candidate(look: _Look, request: Request, where: Callable[[], Place]) -> Candidate:
    source, notebook, is_test = look.source, look.notebook, look.is_test
    file = File(
        source=source,
        module=look.module,
        occurrences=_set_apart(look.occurrences) if is_test else look.occurrences,
        is_test=is_test and not request.include_tests,
        where=where,
        without_module=notebook is not None or request.inline,
        held=not request.notebooks if notebook is not None else source.text.startswith(_EXPORTS),
        add_option=notebook is None and request.library_mode is LibraryMode.ADD_OPTION,
        environment_credential=notebook is None and request.environment_credential,
        notebook=notebook,
    )
    return Candidate(listed=look.listed, file=file, data=look.data)


def _set_apart(occurrences: tuple[Occurrence, ...]) -> tuple[Occurrence, ...]:
    """Mark sites as those of test or documentation code."""
    return tuple(replace(each, site=replace(each.site, category=_category(each.site))) for each in occurrences)


def _category(site: Site) -> Category:
    if site.path.rpartition("/")[2] == "conf.py":
        return Category.DOCUMENTATION
    return Category.TEST if site.category is Category.CODE else site.category


def _placing(request: Request) -> Placed:
    name = request.helper_module
    if name is None:
        return place_for
    return lambda project, path, _module: named_place(project, path, name)


def _look_at_notebook(project: Project, listed: Listed, data: bytes, known: Knowledge) -> _Look | Clean | None:
    notebook = read_notebook(listed.name, data)
    if notebook is None:
        mentioned = any(name.encode() in data for name in known.class_names)
        return _unread(listed, 1, "it is not a Python notebook of version 4") if mentioned else None
    source = notebook.source
    module = Module(parse(listed.name, source.text))
    occurrences = find(source, module, known, project.may_hold)
    if not occurrences:
        return _lost_cells(listed, notebook, known)
    return _Look(listed=listed, data=data, source=source, module=module, occurrences=occurrences, notebook=notebook)


def _lost_cells(listed: Listed, notebook: Notebook, known: Knowledge) -> Clean | None:
    """Report a cell that mentions a class and cannot be read as Python."""
    for cell in notebook.cells:
        if cell.lost and any(name in cell.text for name in known.class_names):
            line = notebook.text.count("\n", 0, cell.value.start) + 1
            return _unread(listed, line, f"cell {cell.number} cannot be read as Python")
    return None


def _unread(listed: Listed, line: int, detail: str) -> Clean:
    reason = ReasonCode.NOTEBOOK
    site = Site(path=listed.name, line=line, column=1, construct="notebook")
    return Clean(path=listed.name, sites=(Reported(site=site, reason=reason, advice=reason.advice, detail=detail),))
