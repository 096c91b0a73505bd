"""Which files a run looks at, in an order that never changes.

In a git work tree git says which files belong to the project: tracked ones, and new ones that are not ignored; a work
tree inside it is asked by itself. Anywhere else folders are walked, without virtual environments, installed packages
and version control. Links are not followed: one that leads out of the given folders is told. What is not a regular
file (a FIFO would block for ever) is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

from codemods.engine.walks import Walks
from codemods.errors import CodemodError, NotARegularFileError, PathNotFoundError, SymlinkError


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Listed:
    """A file to look at: where it is, and what it is called in reports and diffs."""

    name: str
    path: Path
    problem: CodemodError | None = None


class Files(Sequence[Listed]):
    """The files of a run by their names; each is made when it is asked for, as there may be a hundred thousand.

    ``texts`` are their paths, and ``problems`` says by these why some are not read.
    """

    def __init__(self, name: Callable[[str], str], texts: Iterable[str], problems: Mapping[str, CodemodError]) -> None:
        self._name = name
        self.texts = tuple(sorted(texts, key=name))
        self.problems = problems

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[Listed]:
        return map(self.listed, self.texts)

    @overload
    def __getitem__(self, index: int) -> Listed: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Listed, ...]: ...

    def __getitem__(self, index: int | slice) -> Listed | tuple[Listed, ...]:
        """Give one file, or some."""
        found = self.texts[index]
        return self.listed(found) if isinstance(found, str) else tuple(map(self.listed, found))

    def listed(self, text: str) -> Listed:
        """Give the file with a path."""
        return Listed(name=self._name(text), path=Path(text), problem=self.problems.get(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a run, the folder their names are relative to, and the deepest folder that holds them all.

    ``walks`` holds what was listed, for the next who needs it.
    """

    base: Path
    common: Path
    folders: tuple[Path, ...]
    files: Files
    walks: Walks = field(default_factory=Walks, repr=False, compare=False)

    def name(self, path: Path | str) -> str:
        """Name a file as the files of the run are named."""
        text, top = str(path), f"{str(self.base).rstrip(os.sep)}{os.sep}"
        below = text[len(top) :] if text.startswith(top) else os.path.relpath(text, self.base)
        return below.replace(os.sep, "/")


def list_files(paths: Iterable[Path]) -> Listing:
    """List the Python files and notebooks of the paths; a file that is named is taken whatever its suffix."""
    roots = [_existing(path) for path in paths]
    folders = [root if root.is_dir() else root.parent for root in roots]
    common = Path(os.path.commonpath(folders)) if folders else Path()
    base = _base(common)
    listing = Listing(base=base, common=common, folders=tuple(dict.fromkeys(folders)), files=Files(str, (), {}))
    found: dict[str, CodemodError | None] = {}
    for root in roots:
        found.update(listing.walks.files_in(root, roots) if root.is_dir() else ((str(root), _own_problem(root)),))
    problems = {text: problem for text, problem in found.items() if problem is not None}
    return replace(listing, files=Files(listing.name, found, problems))


def _base(common: Path) -> Path:
    """Name files as seen from the working directory, so that a diff applies there; else from what they share."""
    try:
        here = Path.cwd().resolve()
    except FileNotFoundError:
        return common
    return here if common.is_relative_to(here) and here != here.parent else common


def _existing(path: Path) -> Path:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link that must be seen
    if not absolute.exists():
        raise PathNotFoundError(f"{path}: no such file or folder; check the path")
    return absolute.resolve() if absolute.is_dir() else absolute.parent.resolve() / absolute.name


def _own_problem(path: Path) -> CodemodError | None:
    """Say why a file that was asked for by its name is not read."""
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent):
        return SymlinkError(f"{path.name} is a link that leads out of its folder; give the file itself")
    if not path.is_file():
        return NotARegularFileError(f"{path.name} is a pipe, a socket or a device; give a file or a folder")
    return None
