"""Which files a run looks at, in an order that never changes.

In a git work tree git says which files belong to the project: tracked ones, and new ones that are not ignored. Anywhere
else folders are walked, without virtual environments, installed packages and version control. Links are not followed,
and what is not a regular file (a FIFO would block for ever) is left out.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codemods.errors import CodemodError, PathNotFoundError, SymlinkError, UnreadableError

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
    """The files of a run and the folder their names are relative to."""

    base: Path
    files: tuple[Listed, ...]


def list_files(paths: Iterable[Path]) -> Listing:
    """List the Python files and notebooks of the paths; a file that is named is taken whatever its suffix."""
    roots = [_existing(path) for path in paths]
    folders = [root if root.is_dir() else root.parent for root in roots]
    base = Path(os.path.commonpath(folders)) if folders else Path()
    found: dict[str, Listed] = {}
    for root in roots:
        for path, problem in _in_folder(root) if root.is_dir() else ((root, _link_problem(root)),):
            name = path.relative_to(base).as_posix()
            found[name] = Listed(name=name, path=path, problem=problem)
    return Listing(base=base, files=tuple(found[name] for name in sorted(found)))


def _existing(path: Path) -> Path:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link that must be seen
    if not absolute.exists():
        raise PathNotFoundError(f"{path}: no such file or folder; check the path")
    return absolute.resolve() if absolute.is_dir() else absolute.parent.resolve() / absolute.name


def _link_problem(path: Path) -> SymlinkError | None:
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent):
        return SymlinkError(f"{path.name} is a link that leads out of its folder; give the file itself")
    return None


def _in_folder(root: Path) -> Iterator[_Found]:
    names = _from_git(root)
    candidates = ((root / name, None) for name in names) if names is not None else _walk(root)
    return (found for found in candidates if found[1] or (found[0].suffix in SUFFIXES and _is_regular(found[0])))


def _from_git(root: Path) -> list[str] | None:
    """Ask git; None when there is no git, no work tree, or when git ignores the very folder that was asked for."""
    if _git(root, "check-ignore", "-q", ".") is not None:
        return None
    listed = _git(root, "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", ".")
    return None if listed is None else [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return what a git command printed, or None where it said no."""
    command = ("git", "-C", str(root), *arguments)
    try:
        answer = subprocess.run(command, capture_output=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


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
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED and not _is_environment(entry.path):
                    stack.append(Path(entry.path))
            else:
                yield Path(entry.path), None


def _is_environment(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - called for every folder


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
