"""How a running emulator is found again: a file that only its user can read, locked for as long as it runs.

It lies in XDG_RUNTIME_DIR (XDG Base Directory Specification: private to the user, gone when they log out), else in a
folder of the user's own below the folder for temporary files. It holds the addresses and a key for the control
endpoint, never a secret of the tenant.
"""

import contextlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TextIO

from migrate.emulator.errors import EmulatorError

if sys.platform != "win32":
    import fcntl

KEY_HEADER: Final = "x-emulator-key"
_PREFIX: Final = "emulator-"
_PRIVATE: Final = 0o700


class AnnouncementError(EmulatorError):
    """The folder of announcements cannot be trusted, or not be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Where a running emulator is: its TLS port, tenant, control endpoint (a URL) and the key for that endpoint."""

    pid: int
    port: int
    tenant_id: str
    control: str
    key: str

    def __repr__(self) -> str:
        return f"Announcement(pid={self.pid}, port={self.port}, tenant_id={self.tenant_id!r}, control={self.control!r})"


def folder() -> Path:
    """Give the folder of announcements, made if need be; AnnouncementError for one that others could have written."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(base, "unsecret") if base and Path(base).is_dir() else Path(tempfile.gettempdir(), _own_name())
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=_PRIVATE)
        status = path.lstat()
    except OSError as error:
        raise AnnouncementError(f"{path} cannot be used: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode) or _somebody_elses(status):
        raise AnnouncementError(f"{path} is not a private folder of yours: remove it, or set another XDG_RUNTIME_DIR")
    return path


def _own_name() -> str:
    return f"unsecret-{os.getuid()}" if hasattr(os, "getuid") else "unsecret"


def _somebody_elses(status: os.stat_result) -> bool:
    # Windows gives each user a folder for temporary files and has no such modes.
    return hasattr(os, "getuid") and (status.st_uid != os.getuid() or bool(stat.S_IMODE(status.st_mode) & ~_PRIVATE))


@contextlib.contextmanager
def announced(announcement: Announcement) -> Iterator[None]:
    """Leave the announcement for as long as the block lasts."""
    path = folder() / f"{_PREFIX}{announcement.port}.json"
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)  # of an emulator that was killed: the port is ours now
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        _lock(file)
        json.dump(asdict(announcement), file)
        file.flush()
        unfinished.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def announcements() -> list[Announcement]:
    """Read the announcements of the emulators that run, and remove those of emulators that were killed."""
    found: list[Announcement] = []
    for path in sorted(folder().glob(f"{_PREFIX}*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError), path.open("r+", encoding="utf-8") as file:
            if _lock(file):
                path.unlink()
            else:
                found.append(Announcement(**json.load(file)))
    return found


def _lock(file: TextIO) -> bool:
    """Lock a file until it is closed; False where its writer, which is alive then, has it locked.

    A lock tells what a process id cannot: ids are given to other programs. Where there are no such locks, every file
    counts as alive, and an emulator that is gone does not answer.
    """
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
