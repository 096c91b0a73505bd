"""Which of many files may hold one of some texts, without reading every file into this process.

Two rungs, and where the first gives no answer the second does: ``git grep`` reads from the disk whatever git, or a
walk, lists below a folder, tracked or not (https://git-scm.com/docs/git-grep); else each file is read once.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from codemods.engine import git
from codemods.engine.walks import SUFFIXES, Walks

_FEW = 200
"""Files that are read in less time than another program takes to start."""
_PATTERNS = tuple(f"*{suffix}" for suffix in SUFFIXES)


def that_may_hold(walks: Walks, paths: Collection[Path], texts: Collection[bytes]) -> frozenset[Path]:
    """Leave out the files that hold none of the texts; one of which that is not known stays."""
    groups: dict[Path | None, list[Path]] = {}
    for path in paths:
        groups.setdefault(walks.owner.get(path) if path.suffix in SUFFIXES else None, []).append(path)
    return frozenset(path for base, group in groups.items() for path in _kept(walks, base, group, texts))


def _kept(walks: Walks, base: Path | None, paths: list[Path], texts: Collection[bytes]) -> Iterable[Path]:
    found = None if base is None or len(paths) < _FEW else _grep(walks, base, texts)
    return paths if found is None else (path for path in paths if str(path) in found or path in walks.large)


def _grep(walks: Walks, base: Path, texts: Collection[bytes]) -> frozenset[str] | None:
    """Name the files below a folder that hold one of the texts, and those that git would not look into."""
    if not texts or not all(texts) or any(b"\n" in text or b"\0" in text for text in texts):
        return None
    tracked = walks.names(base) is not None
    unseen = git.ask(base, "ls-files", "-z", "-c", "-i", "--exclude-standard", "--", ".") if tracked else b""
    where = ("--untracked",) if tracked else ("--no-index", "--no-exclude-standard")
    found = git.grep(base, (*where, "--no-recurse-submodules", "--", *_PATTERNS), texts)
    if found is None or unseen is None:
        return None
    return frozenset(_paths(base, found)) | frozenset(_paths(base, unseen))


def _paths(base: Path, names: bytes) -> Iterator[str]:
    top = str(base).rstrip(os.sep)
    return (f"{top}{os.sep}{os.fsdecode(name)}" for name in names.split(b"\0") if name)
