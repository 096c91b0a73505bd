"""Which process writes to an SQLite file: the one whose lock keeps others out, where Linux tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_OURS = frozenset({"unsecret", "unsecret.py"})


def writer(file: Path) -> str:
    """Return who holds a file for writing, like ``unsecret retire, process 4711``; empty where that is not told.

    Nothing opens the file: closing it again would give up every lock of this process on it (fcntl(2), "Record locks").
    """
    try:
        inode = str(file.stat().st_ino)
        lines = (_PROC / "locks").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return ""
    return next((_named(process) for process in _holders(lines, inode) if _has_open(process, file)), "")


def _holders(lines: list[str], inode: str) -> Iterator[str]:
    """Give the processes with a lock for writing, see proc_locks(5); one that only waits for it has an arrow there."""
    for line in lines:
        fields = line.split()
        if fields[1:4] == ["POSIX", "ADVISORY", "WRITE"] and fields[5].rpartition(":")[2] == inode:
            yield fields[4]


def _has_open(process: str, file: Path) -> bool:
    """Whether it is that file: the device that a lock names is not always the one that the file names (overlayfs)."""
    try:
        return any(each.samefile(file) for each in (_PROC / process / "fd").iterdir())
    except OSError:  # another user's, or ended by now
        return False


def _named(process: str) -> str:
    try:
        told = (_PROC / process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return f"process {process}"
    names = [Path(each).name for each in told]
    ours = next((at for at, name in enumerate(names) if name in _OURS), None)
    # Of its arguments only the command: an address with a password may be among them.
    command = f"unsecret {names[ours + 1]}" if ours is not None and ours + 1 < len(names) else names[0]
    return f"{command}, process {process}"
