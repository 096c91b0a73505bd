"""Which files stand below a folder: in a git work tree those git names, elsewhere those a walk meets.

Every folder is asked once in a run, whoever asks. A tree may have a hundred thousand files, and a path object takes
four times the memory of its text, so what is kept for each file is its text.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from codemods.engine import git
from codemods.errors import CodemodError, SymlinkError, UnreadableError

SUFFIXES = (".py", ".pyw", ".ipynb")
_NAMELESS = tuple(f"{os.sep}{suffix}" for suffix in SUFFIXES)
_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", "site-packages", "__pycache__", ".tox", ".nox", ".venv"})
_Found = tuple[str, CodemodError | None]
_Met = tuple[str, CodemodError]


class Walks:
    """The files below the folders of a run."""

    def __init__(self) -> None:
        self._tracked: dict[Path, bytes | None] = {}
        self._met: dict[Path, tuple[bytes, tuple[_Met, ...]]] = {}

    def is_tracked(self, root: Path) -> bool:
        """Ask git; no when there is no git, no work tree, or when git ignores the very folder that was asked for."""
        return self._from_git(root) is not None

    def has(self, root: Path) -> bool:
        """Tell whether a folder was listed, with everything in it."""
        return root in self._met

    def _from_git(self, root: Path) -> bytes | None:
        if root not in self._tracked:
            self._tracked[root] = _listed_by_git(root)
        return self._tracked[root]

    def files_in(self, root: Path, area: Iterable[Path]) -> Iterator[_Found]:
        """Give the paths in a folder; a link that leads out of the ``area`` is a problem of its own."""
        tracked = self.is_tracked(root)
        yield from self._all(root)[1]
        for text in self.texts_in(root):
            try:
                told = os.lstat(text)
            except OSError:
                continue
            if stat.S_ISREG(told.st_mode):
                if _is_python(text):
                    yield text, None
            elif stat.S_ISLNK(told.st_mode):
                if (leads_out := _out_of(Path(text), area)) is not None:
                    yield text, leads_out
            elif tracked and stat.S_ISDIR(told.st_mode) and not _is_skipped(Path(text)):
                yield from self.files_in(Path(text), area)  # a work tree inside this one: git names its folder only

    def texts_in(self, root: Path) -> Iterator[str]:
        """Name everything below a folder whatever its language or kind; links are not followed."""
        top = f"{str(root).rstrip(os.sep)}{os.sep}"
        return (f"{top}{os.fsdecode(name)}" for name in _split(self._all(root)[0]))

    def _all(self, root: Path) -> tuple[bytes, tuple[_Met, ...]]:
        """Give the names below a folder, each with a zero byte behind it, and the folders that cannot be listed."""
        if root not in self._met:
            names = self._from_git(root)
            self._met[root] = _walk(root) if names is None else (names, ())
        return self._met[root]


def _split(names: bytes) -> Iterator[bytes]:
    """Yield names one by one: a list of all of them would be as large as the tree."""
    start = 0
    while (end := names.find(b"\0", start)) >= 0:
        if end > start:
            yield names[start:end]
        start = end + 1


def _out_of(path: Path, area: Iterable[Path]) -> SymlinkError | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None  # it leads nowhere
    code = target.is_dir() and not _is_skipped(path) if not target.is_file() else _is_python(str(path))
    if not code or any(target.is_relative_to(root) for root in area):
        return None
    return SymlinkError(f"{path.name} is a link that leads out of the given folders; give its target as well")


def _listed_by_git(root: Path) -> bytes | None:
    if git.ask(root, "check-ignore", "-q", ".") is not None:
        return None
    return git.ask(root, "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", ".")


def _walk(root: Path) -> tuple[bytes, tuple[_Met, ...]]:
    """Walk folders; one that may not be listed is told, as nobody knows what is in it."""
    stack, above = [str(root)], len(str(root).rstrip(os.sep)) + 1
    names, problems = bytearray(), list[_Met]()
    while stack:
        folder = stack.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            problems.append((folder, UnreadableError(f"the folder {folder} cannot be listed: {error.strerror}")))
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                names += os.fsencode(entry.path[above:]) + b"\0"
            elif not _is_skipped(Path(entry.path)):
                stack.append(entry.path)
    return bytes(names), tuple(problems)


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
