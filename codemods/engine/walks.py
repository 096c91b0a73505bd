"""Which files stand below a folder: in a git work tree those git names, elsewhere those a walk meets.

Every folder is asked once in a run, whoever asks.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from codemods.engine import git
from codemods.engine.source import MAX_BYTES
from codemods.errors import CodemodError, SymlinkError, UnreadableError

SUFFIXES = (".py", ".pyw", ".ipynb")
_NAMELESS = tuple(f"{os.sep}{suffix}" for suffix in SUFFIXES)
_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", "site-packages", "__pycache__", ".tox", ".nox", ".venv"})
_Found = tuple[Path, CodemodError | None]
_Met = tuple[str, CodemodError | None]


class Walks:
    """The files below the folders of a run.

    ``owner`` holds the folder whose listing named a Python file; ``large`` the files that nobody reads.
    """

    def __init__(self) -> None:
        self._names: dict[Path, tuple[str, ...] | None] = {}
        self._met: dict[Path, tuple[_Met, ...]] = {}
        self.owner: dict[Path, Path] = {}
        self.large: set[Path] = set()

    def names(self, root: Path) -> tuple[str, ...] | None:
        """Ask git; None when there is no git, no work tree, or when git ignores the very folder that was asked for."""
        if root not in self._names:
            self._names[root] = _from_git(root)
        return self._names[root]

    def has(self, root: Path) -> bool:
        """Tell whether a folder was listed, with everything in it."""
        return root in self._met

    def files_in(self, root: Path, area: Iterable[Path]) -> Iterator[_Found]:
        """List a folder; a link that leads out of the ``area`` is a problem of its own."""
        tracked = self.names(root) is not None
        for text, problem in self._all(root):
            if problem is not None:
                yield Path(text), problem
                continue
            try:
                told = os.lstat(text)
            except OSError:
                continue
            if stat.S_ISREG(told.st_mode):
                if _is_python(text):
                    yield self._own(Path(text), root, told.st_size), None
            elif stat.S_ISLNK(told.st_mode):
                if (leads_out := _out_of(Path(text), area)) is not None:
                    yield Path(text), leads_out
            elif tracked and stat.S_ISDIR(told.st_mode) and not _is_skipped(Path(text)):
                yield from self.files_in(Path(text), area)  # a work tree inside this one: git names its folder only

    def texts_in(self, root: Path) -> Iterator[str]:
        """Name everything below a folder whatever its language or kind; links are not followed."""
        return (text for text, problem in self._all(root) if problem is None)

    def _own(self, path: Path, root: Path, size: int) -> Path:
        self.owner[path] = root
        if size > MAX_BYTES:
            self.large.add(path)
        return path

    def _all(self, root: Path) -> tuple[_Met, ...]:
        if root not in self._met:
            names, top = self.names(root), f"{str(root).rstrip(os.sep)}{os.sep}"
            self._met[root] = tuple(_walk(root)) if names is None else tuple((f"{top}{name}", None) for name in names)
        return self._met[root]


def _out_of(path: Path, area: Iterable[Path]) -> SymlinkError | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None  # it leads nowhere
    code = target.is_dir() and not _is_skipped(path) if not target.is_file() else _is_python(str(path))
    if not code or any(target.is_relative_to(root) for root in area):
        return None
    return SymlinkError(f"{path.name} is a link that leads out of the given folders; give its target as well")


def _from_git(root: Path) -> tuple[str, ...] | None:
    if git.ask(root, "check-ignore", "-q", ".") is not None:
        return None
    listed = git.ask(root, "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", ".")
    return None if listed is None else tuple(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _walk(root: Path) -> Iterator[_Met]:
    """Walk folders; one that may not be listed is told, as nobody knows what is in it."""
    stack = [str(root)]
    while stack:
        folder = stack.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            yield folder, UnreadableError(f"the folder {folder} cannot be listed: {error.strerror}")
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.path, None
            elif not _is_skipped(Path(entry.path)):
                stack.append(entry.path)


def _is_skipped(folder: Path) -> bool:
    return folder.name in _SKIPPED or (folder / "pyvenv.cfg").exists()


def _is_python(text: str) -> bool:
    """Tell by its suffix, or by the first line of a file that has none, whether a file is Python."""
    if text.endswith(SUFFIXES) and not text.endswith(_NAMELESS):
        return True
    path = Path(text)
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
