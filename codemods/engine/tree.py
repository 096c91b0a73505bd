"""Every file of the project, whatever its language, in one walk; and what git ignores beside them.

Ignored files are looked for only in folders that hold a listed file: that is where a local ``.env`` lies, and a folder
that is ignored as a whole (a virtual environment, a build) is not entered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from codemods.engine.walks import Walks

_SECRET = frozenset({".streamlit", ".secrets"})
"""Folders that hold nothing but local settings: git may ignore all that is in one, or the folder."""


class Tree:
    """The files below the top folders of a project; looked at when a question is asked."""

    def __init__(self, roots: Iterable[Path], walks: Walks) -> None:
        self.roots = tuple(sorted(roots))
        self.walks = walks

    def _named(self) -> frozenset[str]:
        """List, for the moment, what git or a walk names: files, links, and folders of work trees inside this one."""
        return frozenset(text for root in self.roots for text in self.walks.texts_in(root))

    def beside(self, wanted: Callable[[Path], bool]) -> tuple[Path, ...]:
        """List regular files by their names; most files are code, which is looked at elsewhere."""
        named = (text for root in self.roots for text in self.walks.texts_in(root))
        others = (Path(text) for text in named if not text.endswith(".py") or text.endswith("setup.py"))
        return tuple(path for path in sorted(set(filter(wanted, others))) if _is_file(path))

    def ignored(self, wanted: Callable[[Path], bool]) -> tuple[Path, ...]:
        """List files that git ignores, by their names, in the folders that hold other files."""
        if not any((folder / ".git").exists() for root in self.roots for folder in (root, *root.parents)):
            return ()  # the files were walked, and all are named
        named = self._named()
        folders = {os.path.dirname(path) for path in named}  # noqa: PTH120 - a hundred thousand paths, quickly
        return tuple(sorted(filter(wanted, (path for folder in folders for path in _beside(folder, named)))))

    @cached_property
    def _sorted_out(self) -> tuple[tuple[Path, ...], tuple[Path, ...], frozenset[Path]]:
        """Separate regular files, those of work trees inside this one included, from links that lead out."""
        files: set[Path] = set()
        others: set[Path] = set()
        links: set[Path] = set()
        waiting = [Path(text) for text in self._named()]
        seen = set(waiting)
        while waiting:
            path = waiting.pop()
            if path.is_symlink():
                links.add(path)
            elif path.is_dir():
                inner = {Path(text) for text in self.walks.texts_in(path)}
                waiting += inner - seen
                seen |= inner
                others |= inner
            elif path.is_file():
                files.add(path)
        inside = [folder.resolve() for folder in self.roots]
        out = (path for path in links if not any(_target(path).is_relative_to(folder) for folder in inside))
        return tuple(sorted(files)), tuple(sorted(out)), frozenset(others)

    @property
    def files(self) -> tuple[Path, ...]:
        """List every regular file."""
        return self._sorted_out[0]

    @property
    def links(self) -> tuple[Path, ...]:
        """List the links that lead out of the project: what is behind them is not part of it."""
        return self._sorted_out[1]

    @property
    def inner(self) -> frozenset[Path]:
        """List the files of work trees inside this one."""
        return self._sorted_out[2]


def _beside(folder: str, named: Container[str]) -> Iterator[Path]:
    """List the regular files of a folder that nothing names."""
    try:
        with os.scandir(folder) as entries:
            others = [entry for entry in entries if entry.path not in named]
            yield from [Path(entry.path) for entry in others if entry.is_file(follow_symlinks=False)]
            inner = [entry.path for entry in others if entry.name in _SECRET and entry.is_dir(follow_symlinks=False)]
        for each in inner:
            yield from _beside(each, named)
    except OSError:
        return


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        return False


def _target(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.parent  # it leads nowhere
