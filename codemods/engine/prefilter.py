"""Which of many files may hold one of some texts, without reading every file into this process.

Two rungs, and where the first gives no answer the second does: ``git grep`` reads from the disk whatever git, or a
walk, lists below a folder, tracked or not (https://git-scm.com/docs/git-grep); else each file is read once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from codemods.engine import git
from codemods.engine.literals import shortest_of
from codemods.engine.walks import SUFFIXES, Walks

_FEW = 200
"""Files that are read in less time than another program takes to start."""
_WORD = re.compile(rb"\w+").findall
_GOES_ON = re.compile(rb"\\[\r\n]*$").search
_Named = TypeVar("_Named", str, Path)
_PATTERNS = tuple(f"*{suffix}" for suffix in SUFFIXES)


def that_may_hold(walks: Walks, paths: Collection[_Named], texts: Collection[bytes]) -> frozenset[_Named]:
    """Leave out the files that hold none of the texts; one of which that is not known stays."""
    return _kept(walks, paths, lambda base: _grep(walks, base, texts))


def that_may_import(walks: Walks, paths: Collection[_Named], words: frozenset[bytes]) -> frozenset[_Named]:
    """Leave out the files that import none of some words.

    What stands on the lines of imports is judged, whatever the number of words; a statement whose line goes on is not.
    """
    return _kept(walks, paths, lambda base: _importing(walks, base, words))


def _kept(
    walks: Walks, paths: Collection[_Named], search: Callable[[Path], frozenset[str] | None]
) -> frozenset[_Named]:
    """Leave out what a search of each folder does not name, where there is an answer."""
    groups: dict[Path | None, list[_Named]] = {}
    for path in paths:
        groups.setdefault(walks.owner.get(text) if (text := str(path)).endswith(SUFFIXES) else None, []).append(path)
    kept: set[_Named] = set()
    for base, group in groups.items():
        found = None if base is None or len(group) < _FEW else search(base)
        kept.update(
            group if found is None else (each for each in group if str(each) in found or str(each) in walks.large)
        )
    return frozenset(kept)


def _importing(walks: Walks, base: Path, words: frozenset[bytes]) -> frozenset[str] | None:
    where = _where(walks, base)
    lines = None if where is None else git.grep_lines(base, where.arguments, (b"from", b"import"))
    if where is None or lines is None:
        return None
    found: set[bytes] = set()
    for name, line in lines:
        if name not in found and (not words.isdisjoint(_WORD(line)) or _GOES_ON(line) is not None):
            found.add(name)
    return frozenset(_paths(base, found)) | where.unseen


def _grep(walks: Walks, base: Path, texts: Collection[bytes]) -> frozenset[str] | None:
    """Name the files below a folder that hold one of the texts, and those that git would not look into."""
    if not texts or not all(texts) or any(b"\n" in text or b"\0" in text for text in texts):
        return None
    where = _where(walks, base)
    found = None if where is None else git.grep(base, where.arguments, shortest_of(texts))
    return None if where is None or found is None else frozenset(_paths(base, found.split(b"\0"))) | where.unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """Where git searches, and the files it would not look into."""

    arguments: tuple[str, ...]
    unseen: frozenset[str]


def _where(walks: Walks, base: Path) -> _Where | None:
    tracked = walks.is_tracked(base)
    unseen = walks.passed_over(base) if tracked else b""
    if unseen is None:
        return None
    where = ("--untracked",) if tracked else ("--no-index", "--no-exclude-standard")
    arguments = (*where, "--no-recurse-submodules", "--", *_PATTERNS)
    return _Where(arguments=arguments, unseen=frozenset(_paths(base, unseen.split(b"\0"))))


def _paths(base: Path, names: Iterable[bytes]) -> Iterator[str]:
    top = str(base).rstrip(os.sep)
    return (f"{top}{os.sep}{os.fsdecode(name)}" for name in names if name)
