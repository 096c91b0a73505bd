"""Which of many files may hold one of some texts, without reading every file into this process.

Two rungs, and where the first gives no answer the second does: ``git grep`` reads from the disk whatever git, or a walk,
lists below a folder, tracked or not (https://git-scm.com/docs/git-grep); else each file is read once. Both are asked for
a few short parts of the texts, because the cost grows with their number; what has a part is looked at again, so that the
answer is that of a search for the texts themselves.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from codemods.engine import git
from codemods.engine.walks import SUFFIXES, Walks

# Each stands for several texts of the transforms and is rare in other code; a text that has none stands for itself.
_PARTS = (
    b"redential", b"ecret", b"uth2", b"rincipal", b"Key=", b"BotFramework", b"ClientApplication", b"microsoftonline",
    b"windows.net", b"AZURE_CLIENT_", b"system_options", b"get_client_from_", b"identity.", b"365",
)  # fmt: skip
_FEW = 200
"""Files that are read in less time than another program takes to start."""
_PATTERNS = tuple(f"*{suffix}" for suffix in SUFFIXES)


def parts_of(texts: Iterable[bytes]) -> frozenset[bytes]:
    """Give parts one of which every text holds."""
    return frozenset(next((part for part in _PARTS if part in text), text) for text in texts)


def that_may_hold(walks: Walks, paths: Collection[Path], parts: Collection[bytes]) -> frozenset[Path]:
    """Leave out the files that hold none of the parts; one of which that is not known stays."""
    groups: dict[Path | None, list[Path]] = {}
    for path in paths:
        groups.setdefault(walks.owner.get(path) if path.suffix in SUFFIXES else None, []).append(path)
    return frozenset(path for base, group in groups.items() for path in _kept(walks, base, group, parts))


def _kept(walks: Walks, base: Path | None, paths: list[Path], parts: Collection[bytes]) -> Iterable[Path]:
    found = None if base is None or len(paths) < _FEW else _grep(walks, base, parts)
    return paths if found is None else (path for path in paths if str(path) in found or path in walks.large)


def _grep(walks: Walks, base: Path, parts: Collection[bytes]) -> frozenset[str] | None:
    """Name the files below a folder that hold one of the parts, and those that git would not look into."""
    if not parts or not all(parts) or any(b"\n" in part or b"\0" in part for part in parts):
        return None
    tracked = walks.names(base) is not None
    unseen = git.ask(base, "ls-files", "-z", "-c", "-i", "--exclude-standard", "--", ".") if tracked else b""
    where = ("--untracked",) if tracked else ("--no-index", "--no-exclude-standard")
    found = git.grep(base, (*where, "--no-recurse-submodules", "--", *_PATTERNS), parts)
    if found is None or unseen is None:
        return None
    return frozenset(_paths(base, found)) | frozenset(_paths(base, unseen))


def _paths(base: Path, names: bytes) -> Iterator[str]:
    top = str(base).rstrip(os.sep)
    return (f"{top}{os.sep}{os.fsdecode(name)}" for name in names.split(b"\0") if name)
