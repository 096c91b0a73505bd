"""Turn plans into new bytes: one helper module for the files that share its place, then the files themselves.

This module and what it imports load libcst, so a run imports it only when there is something to rewrite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods.assertion import Application, Names, name_all, render
from codemods.engine.candidates import Candidate
from codemods.engine.diff import printable, spellings, unified
from codemods.engine.edits import edits_of
from codemods.engine.failure import failed
from codemods.engine.helpers import Place
from codemods.engine.plan import Plan
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
    """A helper module as it will be, and the files that need it."""

    place: Place
    data: bytes
    helper: Helper
    files: tuple[NewFile, ...]


def prepare(
    planned: Iterable[tuple[Candidate, Plan]], prover: Prover
) -> tuple[tuple[NewHelper, ...], tuple[Failed, ...]]:
    """Compute everything that would be written; a file whose edit cannot be proven fails alone."""
    groups: dict[str, list[tuple[Candidate, Plan]]] = {}
    for candidate, plan in planned:
        groups.setdefault(candidate.place.name, []).append((candidate, plan))
    helpers: list[NewHelper] = []
    failures: list[Failed] = []
    for name in sorted(groups):
        existing = groups[name][0][0].place.existing
        applications = {item for _, plan in groups[name] for item in plan.rewrites.values()}
        names = name_all(applications, None if existing is None else existing.text)
        files: list[NewFile] = []
        for candidate, plan in groups[name]:
            try:
                files.append(_file(candidate, plan, names, prover))
            except CodemodError as error:
                failures.append(failed(candidate.listed.name, error))
        try:
            helpers.extend([_helper(files, names)] if files else [])
        except CodemodError as error:
            failures.extend(failed(file.candidate.listed.name, error) for file in files)
    return tuple(helpers), tuple(failures)


def _file(candidate: Candidate, plan: Plan, names: Mapping[Application, Names], prover: Prover) -> NewFile:
    source = candidate.file.source
    around = prover.neighbours.of(candidate)
    data = splice(source, edits_of(plan, names, candidate.place.module, around.used_elsewhere))
    compared = prover.prove(candidate, plan, names, data)
    literals = [node for occurrence in candidate.file.occurrences for node in occurrence.trace.literals]
    hidden = (text for node in literals for text in spellings(source.segment(node), getattr(node, "value", None)))
    diff, masked = printable(source.name, source.data, data, hidden)
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
