"""Read the listed files, keep those that mention something a transform knows, and find their sites."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codemods.assertion import HELPER_FILE, is_ours
from codemods.engine.failure import failed
from codemods.engine.helpers import Place, place_for
from codemods.engine.knowledge import Knowledge
from codemods.engine.listing import Listed
from codemods.engine.plan import File
from codemods.engine.project import Project
from codemods.engine.roots import place_of
from codemods.engine.sites import find
from codemods.engine.source import decode, parse, read
from codemods.errors import CodemodError, DoesNotParseError
from codemods.model import Clean, Failed, ReasonCode, Reported, Site
from codemods.names import Module

_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_TEST_FILE = re.compile(r"test_.*|.*_test|conftest")
_TEST_LIBRARY = re.compile(
    rb"^[ \t]*(?:import|from)[ \t]+(?:pytest|unittest|mock|nose|hypothesis|behave|robot)\b", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A file with at least one site, and the place of its helper."""

    listed: Listed
    file: File
    place: Place


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


def read_all(project: Project, known: Knowledge, *, include_tests: bool) -> Reading:
    """Read every file of a listing once; a file that fails is an outcome, not the end of the run."""
    literals = {literal for transform in known.transforms for literal in transform.literals}
    mentions = re.compile(b"|".join(re.escape(literal) for literal in sorted(literals))).search
    reading = Reading()
    found: list[tuple[Listed, bytes]] = []
    for listed in project.listing.files:
        reading.scanned += 1
        try:
            if listed.problem is not None:
                raise listed.problem
            data = read(listed.path)
            if mentions(data) is not None:
                found.append((listed, data))
        except CodemodError as error:
            reading.add(failed(listed.name, error))
    project.mentioning({place_of(listed.path).name for listed, _ in found if listed.path.suffix != ".ipynb"})
    for listed, data in found:
        reading.mentioned[listed.name] = data
        reading.add(_outcome(project, listed, data, known, include_tests=include_tests))
    return reading


def _outcome(
    project: Project, listed: Listed, data: bytes, known: Knowledge, *, include_tests: bool
) -> Candidate | Clean | Failed | None:
    try:
        return _analyse(project, listed, data, known, include_tests=include_tests)
    except CodemodError as error:
        return failed(listed.name, error)
    except RecursionError:
        return failed(listed.name, DoesNotParseError(f"{listed.name} is nested too deeply; it was left alone"))


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
    project: Project, listed: Listed, data: bytes, known: Knowledge, *, include_tests: bool
) -> Candidate | Clean | None:
    if listed.path.suffix == ".ipynb":
        return _notebook(listed) if any(name.encode() in data for name in known.class_names) else None
    source = decode(listed.name, data)
    if listed.path.name == HELPER_FILE and is_ours(source.text):
        return None
    module = Module(parse(listed.name, source.text))
    project.know(listed.path, data, module)
    occurrences = find(source, module, known, project.may_hold)
    if not occurrences:
        return None
    place = place_for(project, listed.path, module)
    file = File(
        source=source,
        module=module,
        occurrences=occurrences,
        is_test=looks_like_test(listed.name, data) and not include_tests,
        helper_taken=place.taken,
        helper_unknown=place.unknown,
    )
    return Candidate(listed=listed, file=file, place=place)


def _notebook(listed: Listed) -> Clean:
    reason = ReasonCode.NOTEBOOK
    site = Site(path=listed.name, line=1, column=1, construct="notebook")
    return Clean(path=listed.name, sites=(Reported(site=site, reason=reason, advice=reason.advice),))
