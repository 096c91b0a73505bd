"""Which files a run looks at, in an order that never changes.

In a git work tree git says which files belong to the project: tracked ones, and new ones that are not ignored; a work
tree inside it is asked by itself. Anywhere else folders are walked, without virtual environments, installed packages
and version control. Links are not followed: one that leads out of the given folders is told. What is not a regular
file (a FIFO would block for ever) is left out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codemods.engine import git
from codemods.errors import CodemodError, NotARegularFileError, PathNotFoundError, SymlinkError, UnreadableError

SUFFIXES = (".py", ".pyw", ".ipynb")
_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", "site-packages", "__pycache__", ".tox", ".nox", ".venv"})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Listed:
    """A file to look at: where it is, and what it is called in reports and diffs."""

    name: str
    path: Path
    problem: CodemodError | None = None


_Found = tuple[Path, CodemodError | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a run, the folder their names are relative to, and the deepest folder that holds them all.

    ``whole`` are the folders that were listed with everything in them.
    """

    base: Path
    common: Path
    folders: tuple[Path, ...]
    files: tuple[Listed, ...]
    whole: tuple[Path, ...] = ()


def list_files(paths: Iterable[Path]) -> Listing:
    """List the Python files and notebooks of the paths; a file that is named is taken whatever its suffix."""
    roots = [_existing(path) for path in paths]
    folders = [root if root.is_dir() else root.parent for root in roots]
    common = Path(os.path.commonpath(folders)) if folders else Path()
    base = _base(common)
    found: dict[str, Listed] = {}
    for root in roots:
        for path, problem in files_in(root, roots) if root.is_dir() else ((root, _own_problem(root)),):
            name = path.relative_to(base).as_posix()
            found[name] = Listed(name=name, path=path, problem=problem)
    files = tuple(found[name] for name in sorted(found))
    whole = tuple(root for root in roots if root.is_dir())
    return Listing(base=base, common=common, folders=tuple(dict.fromkeys(folders)), files=files, whole=whole)


def files_in(root: Path, area: Iterable[Path]) -> Iterator[_Found]:
    """List a folder; a link that leads out of the ``area`` is a problem of its own."""
    names = _from_git(root)
    for path, problem in _walk(root) if names is None else ((root / name, None) for name in names):
        if problem is not None:
            yield path, problem
            continue
        mode = _mode(path)
        if stat.S_ISLNK(mode):
            if (leads_out := _out_of(path, area)) is not None:
                yield path, leads_out
        elif names is not None and stat.S_ISDIR(mode):  # a work tree inside this one: git names its folder only
            if not _is_skipped(path):
                yield from files_in(path, area)
        elif stat.S_ISREG(mode) and _is_python(path):
            yield path, None


def others_in(root: Path, wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """List what is wanted below a folder whatever its language; links are not followed."""
    names = _from_git(root)
    for path, problem in _walk(root) if names is None else ((root / name, None) for name in names):
        if problem is None and wanted(path) and _is_regular(path):
            yield path


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


def _out_of(path: Path, area: Iterable[Path]) -> SymlinkError | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None  # it leads nowhere
    code = target.is_dir() and not _is_skipped(path) if not target.is_file() else _is_python(path)
    if not code or any(target.is_relative_to(root) for root in area):
        return None
    return SymlinkError(f"{path.name} is a link that leads out of the given folders; give its target as well")


def _from_git(root: Path) -> list[str] | None:
    """Ask git; None when there is no git, no work tree, or when git ignores the very folder that was asked for."""
    if git.ask(root, "check-ignore", "-q", ".") is not None:
        return None
    listed = git.ask(root, "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", ".")
    return None if listed is None else [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _walk(root: Path) -> Iterator[_Found]:
    """Walk folders; one that may not be listed is told, as nobody knows what is in it."""
    stack = [root]
    while stack:
        folder = stack.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            yield folder, UnreadableError(f"the folder {folder} cannot be listed: {error.strerror}")
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path), None
            elif not _is_skipped(Path(entry.path)):
                stack.append(Path(entry.path))


def _is_skipped(folder: Path) -> bool:
    return folder.name in _SKIPPED or (folder / "pyvenv.cfg").exists()


def _is_python(path: Path) -> bool:
    """Tell by its suffix, or by the first line of a file that has none, whether a file is Python."""
    if path.suffix in SUFFIXES:
        return True
    if "." in path.name:
        return False
    try:
        with path.open("rb") as file:
            first = file.readline(200)
    except OSError:
        return False
    return first.startswith(b"#!") and b"python" in first


def _is_regular(path: Path) -> bool:
    return stat.S_ISREG(_mode(path))


def _mode(path: Path) -> int:
    """Say what a file is, links themselves included; 0 is nothing that can be looked at."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0
