"""Which dependency files belong to a Python file, and whether they allow what would be written into it.

A file belongs to the nearest folder above it that has a dependency file, with what those files include. Everything is
read when it is asked for, once.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from codemods.engine.diff import unified
from codemods.engine.project import Project
from codemods.engine.source import read
from codemods.engine.write import write
from codemods.errors import CodemodError, UncommittedError
from codemods.floors.format import Format
from codemods.floors.formats import format_of
from codemods.floors.judge import Judgement, Judgements, judge
from codemods.requirement import Requirement, RequirementFile, RequirementStatus

_REQUIREMENTS = "requirements"
_CREDENTIALS = re.compile(r"://[^/\s@]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """The dependency files of one folder: their bytes, and what was judged of their texts.

    ``offering`` is the judgement for code that only lets callers pass an assertion: it imports nothing more.
    """

    data: dict[Path, bytes]
    judgements: Judgements
    offering: Judgements


class Floors:
    """The dependency files of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._scopes: dict[Path, _Scope] = {}
        self._folders: dict[Path, list[Path]] | None = None

    def too_old(self, path: Path) -> str | None:
        """Name the requirement that keeps a Python file as it is, with what should stand there."""
        scope = self._scope(path)
        found = None if scope is None else scope.judgements.obstacle
        return None if found is None else f"{found.path}:{found.line} {found.package}: {found.why}; needs {found.new}"

    def files(
        self,
        rewritten: Iterable[Path],
        blocked: Iterable[Path],
        unsafe: frozenset[Path] | None,
        offering: Container[Path] = frozenset(),
    ) -> Written:
        """Say what becomes of the dependency files of some Python files.

        Those of ``rewritten`` are written, unless ``unsafe`` (what git could not bring back) is None; those of
        ``blocked`` are only told. What is ``offering`` an assertion to its callers needs no other package.
        """
        done: dict[Path, RequirementFile] = {}
        refused: dict[Path, str] = {}
        for path in sorted(rewritten, key=lambda each: each in offering):  # who needs more comes first
            scope = self._scope(path)
            for place in () if scope is None else scope.data:
                if scope is not None and place not in done:
                    judged = scope.offering if path in offering else scope.judgements
                    done[place] = self._file(place, scope.data[place], judged, unsafe)
                if place in done and done[place].problem:
                    refused[path] = f"{done[place].path}: {done[place].problem}"
        for path in blocked:
            scope = self._scope(path)
            for place in () if scope is None else scope.data:
                if scope is not None and place not in done:
                    name = self.project.name(place)
                    done[place] = _told(name, scope.judgements.files[name])
        listed = sorted((each for each in done.values() if each.requirements), key=lambda each: each.path)
        return Written(files=tuple(listed), refused=refused)

    def changing(self, rewritten: Iterable[Path]) -> frozenset[Path]:
        """List the files that would be written."""
        scopes = [scope for path in rewritten if (scope := self._scope(path)) is not None]
        return frozenset(
            place
            for scope in scopes
            for place in scope.data
            if scope.judgements.files[self.project.name(place)].new is not None
        )

    def _file(self, place: Path, old: bytes, judged: Judgements, unsafe: frozenset[Path] | None) -> RequirementFile:
        name = self.project.name(place)
        judgement = judged.files[name]
        if judgement.new is None:
            return RequirementFile(path=name, requirements=judgement.requirements)
        new = _bytes(judgement.new, old)
        diff = _diff(name, old, new)
        if unsafe is None:
            return RequirementFile(path=name, requirements=judgement.requirements, diff=diff)
        try:
            if place.resolve() in unsafe:
                raise UncommittedError(f"{name} has changes that are not committed; commit them, or give --uncommitted")
            write(place, old=old, new=new)
        except CodemodError as error:
            return RequirementFile(path=name, requirements=judgement.requirements, diff=diff, problem=str(error))
        return RequirementFile(path=name, requirements=judgement.requirements, diff=diff, written=True)

    def _scope(self, path: Path) -> _Scope | None:
        folders = self._by_folder()
        for folder in path.parents:
            if folder in folders:
                if folder not in self._scopes:
                    self._scopes[folder] = self._read(folders[folder])
                return self._scopes[folder]
            if folder in self.project.roots:
                return None
        return None

    def _by_folder(self) -> dict[Path, list[Path]]:
        """Give the files to their folders; those of a folder ``requirements`` to the one above it."""
        if self._folders is None:
            self._folders = {}
            for path in self.project.others:
                if self._format(path) is not None:
                    folder = path.parent.parent if path.parent.name == _REQUIREMENTS else path.parent
                    self._folders.setdefault(folder, []).append(path)
        return self._folders

    def _format(self, path: Path) -> Format | None:
        return format_of("/".join(path.parts[-2:]))

    def _read(self, paths: list[Path]) -> _Scope:
        """Read files and what they include; one that cannot be read is told as such."""
        texts: dict[str, tuple[Format, str]] = {}
        data: dict[Path, bytes] = {}
        unread: dict[str, Judgement] = {}
        waiting = [(path, self._format(path)) for path in paths]
        while waiting:
            path, form = waiting.pop()
            if path in data or form is None:
                continue
            name = self.project.name(path)
            try:
                data[path] = read(path)
                texts[name] = form, _text(data[path])
            except (CodemodError, UnicodeDecodeError) as error:
                data.setdefault(path, b"")
                unread[name] = _unread(name, error)
                continue
            inner = [(path.parent / each).resolve() for each in form.includes(texts[name][1])]
            waiting += [(each, form) for each in inner if self._is_inside(each)]
        judged, offering = (
            Judgements(files={**judge(texts, generates=each).files, **unread}) for each in (True, False)
        )
        return _Scope(data=data, judgements=judged, offering=offering)

    def _is_inside(self, path: Path) -> bool:
        return path.is_file() and any(path.is_relative_to(root) for root in self.project.roots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files that declare dependencies, and the Python files that must stay because one could not be written."""

    files: tuple[RequirementFile, ...] = ()
    refused: dict[Path, str]


def _diff(name: str, old: bytes, new: bytes) -> str:
    """Compare two versions; what an address of a package index says before its host is hidden."""
    diff = unified(name, old, new)
    hidden = _CREDENTIALS.sub("://********@", diff)
    note = f"# {name}: credentials in addresses are masked in this diff; git cannot apply it, use --apply\n"
    return diff if hidden == diff else note + hidden


def _told(name: str, judgement: Judgement) -> RequirementFile:
    """Tell of files whose code stays as it is: nothing is raised there."""
    told = {RequirementStatus.TOO_OLD, RequirementStatus.UNREADABLE, RequirementStatus.SUFFICIENT}
    return RequirementFile(
        path=name, requirements=tuple(each for each in judgement.requirements if each.status in told)
    )


def _unread(name: str, error: Exception) -> Judgement:
    why = str(error) if isinstance(error, CodemodError) else "it is not UTF-8"
    requirement = Requirement(path=name, line=1, package="azure-identity", status=RequirementStatus.UNREADABLE, why=why)
    return Judgement(requirements=(requirement,))


_BOM = b"\xef\xbb\xbf"


def _text(data: bytes) -> str:
    return data.removeprefix(_BOM).decode()


def _bytes(text: str, old: bytes) -> bytes:
    return (_BOM if old.startswith(_BOM) else b"") + text.encode()
