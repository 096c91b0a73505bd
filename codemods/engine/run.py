"""One run: list, read, decide, prepare, and write when asked to.

A run without ``apply`` computes the same bytes and writes nothing. With it, a helper is written before the files that
import it, so that an interrupt between two files leaves every file working. A second run finds nothing to do.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from codemods.engine.attempt import Attempt, attempt
from codemods.engine.candidates import Candidate, Told, nobody, read_all
from codemods.engine.clients import with_clients
from codemods.engine.failure import failed
from codemods.engine.fixed import fixed_files, marked, with_fixes, write_fixed
from codemods.engine.fixing import Fixes, settle
from codemods.engine.floors import Written as Raised
from codemods.engine.git import uncommitted
from codemods.engine.helpers import check_name
from codemods.engine.knowledge import join
from codemods.engine.leftovers import leftovers_of
from codemods.engine.listing import list_files
from codemods.engine.neighbours import Neighbours, look_around
from codemods.engine.plan import Plan
from codemods.engine.project import Project
from codemods.engine.write import write
from codemods.errors import CodemodError, UncommittedError, WriteFailedError
from codemods.leftover import FixedFile
from codemods.model import Changed, Clean, Failed, FileOutcome, Helper, ReasonCode, Request, Run
from codemods.requirement import RequirementFile
from codemods.transforms import load

if TYPE_CHECKING:
    from codemods.engine.prepare import NewFile, NewHelper


def rewrite(request: Request, told: Told = nobody) -> Run:
    """Rewrite what can be rewritten below the paths of a request and report the rest; ``told`` hears how far it is."""
    with _uncollected():
        return _rewrite(request, told)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the cyclic garbage collector off: syntax is a million objects without a cycle, looked at over and over.

    https://docs.python.org/3/library/gc.html#gc.disable
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _rewrite(request: Request, told: Told) -> Run:
    if request.helper_module is not None:
        check_name(request.helper_module)
    listing = list_files(request.paths)
    known = join(load())
    project = Project(listing, keeps=request.fix_leftovers)
    reading = read_all(project, known, request, told=told)
    reading.candidates = with_clients(project, reading.candidates)
    neighbours = look_around(project, reading, known)
    tried = partial(attempt, reading.candidates, known, neighbours, request)
    current, fixes = tried(), Fixes()
    if request.fix_leftovers:
        current, fixes = settle(current, tried, neighbours, request)
    found = leftovers_of(current.plans, neighbours)
    done = _change(with_fixes(current, fixes) if fixes.changes else current, neighbours, fixes, request)
    unchanged = [
        Clean(path=item.listed.name, sites=plan.outcomes()) for item, plan in current.plans if not plan.changes
    ]
    outcomes: list[FileOutcome] = [*reading.others, *current.failures, *unchanged, *done.files]
    return Run(
        base=listing.base,
        files=tuple(sorted(outcomes, key=lambda outcome: outcome.path)),
        helpers=done.helpers,
        scanned=reading.scanned,
        candidates=reading.mentioned,
        leftovers=marked(found, fixes, project, done.written) if request.fix_leftovers else found,
        requirements=_requirements(current.plans, neighbours, done.floors),
        fixed=done.fixed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What became of the files."""

    files: tuple[FileOutcome, ...] = ()
    helpers: tuple[Helper, ...] = ()
    floors: tuple[RequirementFile, ...] = ()
    fixed: tuple[FixedFile, ...] = ()

    @property
    def written(self) -> frozenset[str]:
        """Name the files with sites and with leftovers that are written."""
        changed = {file.path for file in self.files if isinstance(file, Changed) and file.written}
        return frozenset(changed | {file.path for file in self.fixed if file.written})


def _requirements(
    plans: Iterable[tuple[Candidate, Plan]], neighbours: Neighbours, done: tuple[RequirementFile, ...]
) -> tuple[RequirementFile, ...]:
    """Add to the files that are raised those that keep code as it is."""
    reason = ReasonCode.VERSION_FLOOR
    blocked = [item.listed.path for item, plan in plans if any(code is reason for code, _ in plan.blocked.values())]
    known = {each.path for each in done}
    told = neighbours.floors.files((), blocked, None).files
    return tuple(sorted((*done, *(each for each in told if each.path not in known)), key=lambda each: each.path))


def _change(current: Attempt, neighbours: Neighbours, fixes: Fixes, request: Request) -> _Done:
    """Write what changes, or only say what it would become: requirements, helpers, code, and then what is dead."""
    prepared = current.prepared
    outcomes: list[FileOutcome] = []
    helpers: list[Helper] = []
    paths = [file.candidate.listed.path for new in prepared for file in new.files]
    floors = neighbours.floors
    unsafe = _unsafe(prepared, floors.changing(paths), request)
    offering = frozenset(file.candidate.listed.path for new in prepared for file in new.files if file.plan.options)
    raised = floors.files(_safe(prepared, unsafe), (), unsafe if request.apply else None, offering)
    for each in prepared:
        outcomes += [_refused(file, raised) for file in each.files if file.candidate.listed.path in raised.refused]
        new = replace(
            each, files=tuple(file for file in each.files if file.candidate.listed.path not in raised.refused)
        )
        if not new.files:
            continue
        if all(file.candidate.listed.path.resolve() in unsafe for file in new.files):
            outcomes += [_write(file, unsafe) for file in new.files]
            continue
        helper, finished = _finish(new, unsafe, apply=request.apply)
        helpers.extend([helper] if helper.variables else [])
        outcomes.extend(finished)
    done = _Done(files=tuple(outcomes), helpers=tuple(helpers), floors=raised.files)
    return _fix(done, current, fixes, neighbours, request) if fixes.changes else done


def _fix(done: _Done, current: Attempt, fixes: Fixes, neighbours: Neighbours, request: Request) -> _Done:
    """Remove leftovers when the code that read them is written; one that cannot be is a failure."""
    found = fixed_files(current, fixes, neighbours.project)
    if not request.apply:
        return replace(done, fixed=tuple(each.file for each in found))
    paths = {path for path in current.changes if neighbours.project.name(path) in done.written}
    fixed = write_fixed(found, paths)
    failures = [failed(file.path, WriteFailedError(file.problem)) for file in fixed if file.problem]
    return replace(done, files=(*done.files, *failures), fixed=tuple(file for file in fixed if not file.problem))


def _refused(file: NewFile, raised: Raised) -> Failed:
    """Leave code alone whose requirements could not be raised: it would not run."""
    name, path = file.candidate.listed.name, file.candidate.listed.path
    return failed(name, WriteFailedError(f"not written, because of {raised.refused[path]}"))


def _finish(new: NewHelper, unsafe: frozenset[Path], *, apply: bool) -> tuple[Helper, list[FileOutcome]]:
    """Write a helper and then its files, or only say what they would become."""
    if not apply:
        return new.helper, [_changed(file, written=False) for file in new.files]
    try:
        if new.place is not None and new.helper.diff:
            _refuse_uncommitted(new.place.path, unsafe)
            write(new.place.path, old=None if new.place.existing is None else new.place.existing.data, new=new.data)
    except CodemodError as error:
        blocked = WriteFailedError(f"not written, because its helper was refused: {error}")
        return new.helper, [failed(file.candidate.listed.name, blocked) for file in new.files]
    return replace(new.helper, written=True), [_write(file, unsafe) for file in new.files]


def _unsafe(prepared: Iterable[NewHelper], beside: Iterable[Path], request: Request) -> frozenset[Path]:
    """Collect what would be written although git could not bring it back."""
    if not request.apply or request.uncommitted:
        return frozenset()
    places = [new.place for new in prepared if new.place is not None and new.helper.diff]
    helpers = [place.path for place in places if place.existing is not None]
    return uncommitted([*helpers, *beside, *(file.candidate.listed.path for new in prepared for file in new.files)])


def _safe(prepared: Iterable[NewHelper], unsafe: frozenset[Path]) -> list[Path]:
    """Name the code that nothing uncommitted keeps as it is: requirements are raised for no other."""
    return [
        file.candidate.listed.path
        for new in prepared
        if new.place is None or not new.helper.diff or new.place.path.resolve() not in unsafe
        for file in new.files
        if file.candidate.listed.path.resolve() not in unsafe
    ]


def _refuse_uncommitted(path: Path, unsafe: frozenset[Path]) -> None:
    if path.resolve() in unsafe:
        raise UncommittedError(
            f"{path.name} has changes that are not committed (an earlier rewrite counts, too), or git gives no answer "
            "about it (see git status there); commit or stash them, or allow it with --uncommitted"
        )


def _write(file: NewFile, unsafe: frozenset[Path]) -> FileOutcome:
    try:
        _refuse_uncommitted(file.candidate.listed.path, unsafe)
        write(file.candidate.listed.path, old=file.candidate.data, new=file.data)
    except CodemodError as error:
        return failed(file.candidate.listed.name, error)
    return _changed(file, written=True)


def _changed(file: NewFile, *, written: bool) -> Changed:
    return Changed(
        path=file.candidate.listed.name,
        diff=file.diff,
        sites=file.plan.outcomes(file.compared),
        written=written,
        masked=file.masked,
    )
