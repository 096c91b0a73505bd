"""Who acts, and whether the process that took a lease has ended: a run that crashed can be taken up again at once."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path

_PROC = Path("/proc")
_STARTED = 19
"""Index of ``starttime`` among the fields of /proc/PID/stat that follow the name, see proc_pid_stat(5)."""


def actor() -> str:
    """Return who acts, for people: ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a user id without a name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def token() -> str:
    """Name this process so that no other has the same name, on any machine, before or after; empty where unknown.

    The host, its boot, the namespace of process ids, the process id, and when the process began.
    """
    pid = os.getpid()
    place, began = _place(), _began(pid)
    return f"{place} {pid} {began}" if place and began else ""


def is_dead(name: str) -> bool:
    """Whether a process has certainly ended: one of another machine, container or boot is never known to have."""
    place, process, began = _parts(name)
    if not place or place != _place():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # it is somebody else's, and there
    present = _began(process)
    return present == "ended" or (bool(present) and present != began)


def _parts(name: str) -> tuple[str, int, str]:
    try:
        place, process, began = name.rsplit(" ", 2)
        return place, int(process), began
    except ValueError:
        return "", 0, ""


def _place() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = (_PROC / "self/ns/pid").readlink()
    except (OSError, ValueError):  # not Linux, or a sandbox that shows less
        return ""
    return f"{socket.gethostname()} {boot} {namespace}"


def _began(pid: int) -> str:
    """Return when a process began, in clock ticks since boot; ``ended`` for one that only waits to be collected."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    if len(fields) <= _STARTED:
        return ""
    return "ended" if fields[0] in {"Z", "X"} else fields[_STARTED]
