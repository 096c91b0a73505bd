"""Read the listed files, keep those that mention something a transform knows, and find their sites."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from codemods.assertion import is_ours
from codemods.engine.failure import failed, too_deep
from codemods.engine.file import File
from codemods.engine.helpers import Place, named_place, place_for
from codemods.engine.knowledge import Knowledge
from codemods.engine.listing import Listed
from codemods.engine.literals import Literals
from codemods.engine.notebook import Notebook, read_notebook
from codemods.engine.project import Project
from codemods.engine.roots import place_of
from codemods.engine.sites import Occurrence, find
from codemods.engine.source import decode, parse, read
from codemods.errors import CodemodError
from codemods.model import Category, Clean, Failed, LibraryMode, ReasonCode, Reported, Request, Site
from codemods.names import Module

# First lines of notebooks that Databricks and Fabric export as source.
_EXPORTS = ("# Databricks notebook source", "# Fabric notebook source")
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_TEST_FILE = re.compile(r"test_.*|.*_test|conftest")
_TEST_LIBRARY = re.compile(
    rb"^[ \t]*(?:import|from)[ \t]+(?:pytest|unittest|mock|nose|hypothesis|behave|robot)\b", re.MULTILINE
)

Placed = Callable[[Project, Path, Module], Place]


class Told(Protocol):
    """Hears the name of a step, how much of it is done, and how much there is (None: not known)."""

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Take note."""


def nobody(name: str, count: int, total: int | None = None) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A file with at least one site, and the place of its helper; ``data`` are its bytes as they were read."""

    listed: Listed
    file: File
    place: Place
    data: bytes


@dataclass(slots=True, kw_only=True)
class Reading:
    """What reading the tree gave; filled once. ``mentioned`` holds the files that passed the prefilter."""

    scanned: int = 0
    mentioned: dict[str, bytes] = field(default_factory=dict)
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
    """Read every file of a listing once; a file that fails is an outcome, not the end of the run.

    ``placed`` finds the place of a candidate's helper, by default with a look at the whole project.
    """
    literals = {literal for transform in known.transforms for literal in transform.literals}
    mentioned = Literals(literals).occur_in
    reading = Reading()
    found: list[tuple[Listed, bytes]] = []
    for listed in project.listing.files:
        reading.scanned += 1
        told("files", reading.scanned, len(project.listing.files))
        try:
            if listed.problem is not None:
                raise listed.problem
            data = read(listed.path)
            if mentioned(data):
                found.append((listed, data))
        except CodemodError as error:
            reading.add(failed(listed.name, error))
    if placed is None:
        project.mentioning({place_of(listed.path).name for listed, _ in found if listed.path.suffix != ".ipynb"})
    for listed, data in found:
        reading.mentioned[listed.name] = data
        reading.add(_outcome(project, listed, data, known, request, placed=placed or _placing(request)))
    return reading


def _outcome(
    project: Project, listed: Listed, data: bytes, known: Knowledge, request: Request, *, placed: Placed
) -> Candidate | Clean | Failed | None:
    try:
        return _analyse(project, listed, data, known, request, placed=placed)
    except CodemodError as error:
        return failed(listed.name, error)
    except RecursionError:
        return too_deep(listed.name)


def looks_like_test(name: str, data: bytes) -> bool:
    """Tell whether a file is test code by its name, or by its folder and what it imports.

    A folder alone says little: the program that is deployed to the test environment stands in one, too.
    """
    *folders, file = name.split("/")
    lowered = {folder.lower() for folder in folders}
    if _TEST_FILE.fullmatch(file.rpartition(".")[0]) or (file == "conf.py" and lowered & {"doc", "docs"}):
        return True
    return bool(lowered & _TEST_FOLDERS) and _TEST_LIBRARY.search(data) is not None


def _analyse(
    project: Project, listed: Listed, data: bytes, known: Knowledge, request: Request, *, placed: Placed
) -> Candidate | Clean | None:
    if listed.path.suffix == ".ipynb":
        return _notebook(project, listed, data, known, request, placed=placed)
    source = decode(listed.name, data)
    if is_ours(source.text):
        return None
    module = Module(parse(listed.name, source.text))
    project.know(listed.path, data, module)
    occurrences = find(source, module, known, project.may_hold)
    if not occurrences:
        return None
    place = placed(project, listed.path, module)
    is_test = looks_like_test(listed.name, data)
    file = File(
        source=source,
        module=module,
        occurrences=_set_apart(occurrences) if is_test else occurrences,
        is_test=is_test and not request.include_tests,
        helper=place.module,
        helper_taken=place.taken,
        helper_unknown=place.unknown,
        inline=request.inline or bool(place.unknown),
        held=source.text.startswith(_EXPORTS),
        add_option=request.library_mode is LibraryMode.ADD_OPTION,
        environment_credential=request.environment_credential,
    )
    return Candidate(listed=listed, file=file, place=place, data=data)


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


def _notebook(
    project: Project, listed: Listed, data: bytes, known: Knowledge, request: Request, *, placed: Placed
) -> Candidate | Clean | None:
    notebook = read_notebook(listed.name, data)
    if notebook is None:
        mentioned = any(name.encode() in data for name in known.class_names)
        return _unread(listed, 1, "it is not a Python notebook of version 4") if mentioned else None
    module = Module(parse(listed.name, notebook.source.text))
    occurrences = find(notebook.source, module, known, project.may_hold)
    if not occurrences:
        return _lost_cells(listed, notebook, known)
    is_test = looks_like_test(listed.name, data)
    file = File(
        source=notebook.source,
        module=module,
        occurrences=_set_apart(occurrences) if is_test else occurrences,
        is_test=is_test and not request.include_tests,
        helper="",
        helper_taken=False,
        inline=True,
        held=not request.notebooks,
        notebook=notebook,
    )
    return Candidate(listed=listed, file=file, place=placed(project, listed.path, module), data=data)


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
