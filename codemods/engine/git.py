"""Ask git about a folder; where there is no git, or it says no, there is no answer.

Formats: https://git-scm.com/docs/git-status (porcelain, version 1, with ``-z``).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

# Set by hooks and by callers that work on another repository: they would answer for that one.
_MISLEADING = frozenset({
    "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_PREFIX", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
})  # fmt: skip
# One command takes as many names as every system allows (128 kB on the smallest).
_LONGEST = 60_000
_PATIENCE = 120


def ask(folder: Path, *arguments: str) -> bytes | None:
    """Return what a git command about a repository printed, or None where it said no or there is none."""
    if not _is_marked(folder):
        return None
    command = ("git", "-C", str(folder), *arguments)
    try:
        answer = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE, env=_environment())
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _is_marked(folder: Path) -> bool:
    """Tell whether a folder can be in a work tree: the top of one holds ``.git``, a folder or a file.

    Most folders that are asked about in turn are in none, and to start git takes as long as to rewrite a file.
    https://git-scm.com/docs/gitrepository-layout
    """
    place = Path(os.path.realpath(folder))
    return any(os.path.lexists(above / ".git") for above in (place, *place.parents))


def work_tree(folder: Path) -> tuple[Path | None, bool]:
    """Name the top of the git work tree a folder is in, and tell whether git ignores the folder."""
    top = ask(folder, "rev-parse", "--show-toplevel")
    if top is None or not top.strip():
        return None, False
    return Path(os.fsdecode(top.removesuffix(b"\n"))), ask(folder, "check-ignore", "-q", ".") is not None


def left_out(top: Path) -> tuple[str, ...]:
    """List the files of a work tree that a sparse checkout leaves out; they belong to the project all the same.

    https://git-scm.com/docs/git-sparse-checkout and, for the letter, https://git-scm.com/docs/git-ls-files
    """
    if (ask(top, "config", "--bool", "core.sparseCheckout") or b"").strip() != b"true":
        return ()
    listed = (ask(top, "ls-files", "-t", "-z") or b"").split(b"\0")
    names = (os.fsdecode(entry[2:]) for entry in listed if entry.startswith(b"S "))
    return tuple(name for name in names if not os.path.lexists(top / name))


def uncommitted(paths: Iterable[Path]) -> frozenset[Path]:
    """Tell which of some files have changes that git could not bring back; each work tree is asked once.

    A file git does not know yet counts, and one of a folder with a ``.git`` of which git says nothing (it is missing,
    or the folder is somebody else's: https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory);
    one it ignores, or one outside of any work tree, does not.
    """
    tops: dict[Path, Path | None] = {}
    trees: dict[Path, list[Path]] = {}
    unknown: set[Path] = set()
    for path in sorted({path.resolve() for path in paths}):
        marked = next((folder for folder in path.parents if (folder / ".git").exists()), None)
        if marked is not None and marked not in tops:
            tops[marked] = work_tree(marked)[0]
        if marked is not None and (top := tops[marked]) is not None:
            trees.setdefault(top.resolve(), []).append(path)
        elif marked is not None:
            unknown.add(path)
    return frozenset((*unknown, *(path for top, inside in trees.items() for path in _changed(top, inside))))


def _changed(top: Path, paths: list[Path]) -> Iterator[Path]:
    for part in _parts(paths):
        names = [path.relative_to(top).as_posix() for path in part]
        arguments = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *names)
        answer = ask(top, "--literal-pathspecs", *arguments)
        if answer is None:
            yield from part  # git knows the folder and gives no answer: nothing says that the files are safe
            continue
        told = {os.fsdecode(entry[3:]) for entry in answer.split(b"\0") if entry}
        yield from (path for path, name in zip(part, names, strict=True) if name in told)


def _parts(paths: list[Path]) -> Iterator[list[Path]]:
    part: list[Path] = []
    for path in paths:
        if part and sum(len(str(item)) + 1 for item in part) + len(str(path)) > _LONGEST:
            yield part
            part = []
        part.append(path)
    if part:
        yield part


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}
