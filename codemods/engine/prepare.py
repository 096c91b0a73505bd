"""Turn plans into new bytes: one helper module for the files that share its place, then the files themselves.

This module and what it imports load libcst, so a run imports it only when there is something to rewrite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods.assertion import VARIABLE, Application, Names, name_all, render, serves_only
from codemods.engine.candidates import Candidate
from codemods.engine.diff import printable, unified
from codemods.engine.edits import edits_of
from codemods.engine.failure import failed, too_deep
from codemods.engine.helpers import Place
from codemods.engine.hidden import hidden_in
from codemods.engine.option_edits import option_edits
from codemods.engine.plan import Plan
from codemods.engine.project import Project
from codemods.engine.proof import Prover
from codemods.engine.sites import Occurrence
from codemods.engine.source import parse
from codemods.engine.splice import splice
from codemods.errors import CodemodError, DoesNotRoundTripError, SourceError
from codemods.model import Compared, Failed, Helper
from codemods.transform import HelperClass, Rewrite


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewFile:
    """A file as it will be."""

    candidate: Candidate
    plan: Plan
    data: bytes
    diff: str
    masked: bool
    compared: Mapping[Occurrence, tuple[Compared, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewHelper:
    """A helper module as it will be, and the files that need it; a file that needs none has no ``place``."""

    place: Place | None
    data: bytes
    helper: Helper
    files: tuple[NewFile, ...]


def prepare(
    planned: Iterable[tuple[Candidate, Plan]], prover: Prover
) -> tuple[tuple[NewHelper, ...], tuple[Failed, ...]]:
    """Compute everything that would be written; a file whose edit cannot be proven fails alone."""
    modules: dict[str, list[tuple[Candidate, Plan]]] = {}
    inline: list[tuple[Candidate, Plan]] = []
    for candidate, plan in planned:
        alone = candidate.file.inline or plan.options
        group = inline if alone else modules.setdefault(candidate.place.name, [])
        group.append((candidate, plan))
    helpers: list[NewHelper] = []
    failures: list[Failed] = []
    names = _inline_names(inline, prover.neighbours.project)
    for item in inline:
        helpers += [_inline(file, names) for file in _files([item], names, prover, failures)]
    for name in sorted(modules):
        existing = modules[name][0][0].place.existing
        names = name_all(_applications(modules[name]), None if existing is None else existing.text)
        files = _files(modules[name], names, prover, failures)
        try:
            helpers.extend([_helper(files, names)] if files else [])
        except CodemodError as error:
            failures.extend(failed(file.candidate.listed.name, error) for file in files)
    return tuple(helpers), tuple(failures)


def _applications(group: Iterable[tuple[Candidate, Plan]]) -> set[Application]:
    return {item for _, plan in group for item in plan.rewrites.values()}


def _inline_names(group: Iterable[tuple[Candidate, Plan]], project: Project) -> dict[Application, Names]:
    """Choose variables; the plain one may be another application's when some file of the project reads it already."""
    applications = _applications(group)
    readers = project.mentioning({VARIABLE}).get(VARIABLE, ()) if applications else ()
    texts = [project.data(path).decode(errors="replace") for path in readers]
    ours = all(len(applications) == 1 and serves_only(text, next(iter(applications)).key) for text in texts)
    return name_all(applications, plain=ours)


def _files(
    group: Iterable[tuple[Candidate, Plan]],
    names: Mapping[Application, Names],
    prover: Prover,
    failures: list[Failed],
) -> list[NewFile]:
    files: list[NewFile] = []
    for candidate, plan in group:
        try:
            files.append(_file(candidate, plan, names, prover))
        except CodemodError as error:
            failures.append(failed(candidate.listed.name, error))
        except RecursionError:
            failures.append(too_deep(candidate.listed.name))
    return files


def _inline(file: NewFile, names: Mapping[Application, Names]) -> NewHelper:
    """Say which variables a file reads by itself."""
    needs = sorted({(names[item].variable, item.key) for item in file.plan.rewrites.values()})
    helper = Helper(
        path=file.candidate.listed.name,
        diff="",
        variables=tuple(variable for variable, _ in needs),
        applications=tuple(application for _, application in needs),
        written=False,
    )
    return NewHelper(place=None, data=b"", helper=helper, files=(file,))


def _file(candidate: Candidate, plan: Plan, names: Mapping[Application, Names], prover: Prover) -> NewFile:
    source = candidate.file.source
    around = prover.neighbours.of(candidate)
    edits = option_edits(plan) or edits_of(plan, names, candidate.place.module, around.used_elsewhere)
    notebook = candidate.file.notebook
    data = splice(source, edits) if notebook is None else notebook.with_edits(edits)
    compared = prover.prove(candidate, plan, names, data)
    diff, masked = printable(source.name, candidate.data, data, hidden_in(candidate))
    return NewFile(candidate=candidate, plan=plan, data=data, diff=diff, masked=masked, compared=compared)


def _helper(files: list[NewFile], names: Mapping[Application, Names]) -> NewHelper:
    place = files[0].candidate.place
    wanted = {
        (
            names[application],
            isinstance(occurrence.verdict, Rewrite) and isinstance(occurrence.verdict.callee, HelperClass),
        )
        for file in files
        for occurrence, application in file.plan.rewrites.items()
    }
    old = None if place.existing is None else place.existing.data
    data = _helper_bytes(place, wanted)
    needs = sorted({(item.variable, item.application.key) for item, _ in wanted})
    helper = Helper(
        path=place.name,
        diff="" if data == old else unified(place.name, old, data),
        variables=tuple(variable for variable, _ in needs),
        applications=tuple(application for _, application in needs),
        written=False,
    )
    return NewHelper(place=place, data=data, helper=helper, files=tuple(files))


def _helper_bytes(place: Place, wanted: Iterable[tuple[Names, bool]]) -> bytes:
    """Render the helper; one that has CRLF line ends keeps them. What is no Python is not written."""
    existing = place.existing
    newline = "\n" if existing is None else existing.newline
    old = None if existing is None else existing.text.replace("\r\n", "\n")
    text = render(wanted, old)
    try:
        parse(place.name, text)
        encoded = (text.replace("\n", "\r\n") if newline == "\r\n" else text).encode(
            "utf-8" if existing is None else existing.encoding
        )
    except (SourceError, UnicodeError) as error:
        raise DoesNotRoundTripError(f"the helper {place.name} would not be Python; nothing was done") from error
    return encoded
