"""How a running emulator is found again: a file that only its user can read, locked for as long as it runs.

It lies in XDG_RUNTIME_DIR (XDG Base Directory Specification: private to the user, gone when they log out), else in a
folder of the user's own below the folder for temporary files. It holds the addresses and a key for the control
endpoint, never a secret of the tenant.
"""

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from migrate.emulator.errors import EmulatorError
from migrate.emulator.locking import lock

KEY_HEADER: Final = "x-emulator-key"
VARIABLE: Final = "UNSECRET_EMULATOR"
"""Names the announcement of the tenant that a program was started in; nobody else is told of that one."""
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


def _folder() -> Path | None:
    """Give the folder of announcements, None where there is none; AnnouncementError for one that others could write."""
    path = _place()
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AnnouncementError(f"{path} cannot be used: {error.strerror}; set another XDG_RUNTIME_DIR") from error
    if not stat.S_ISDIR(status.st_mode) or _somebody_elses(status):
        raise AnnouncementError(f"{path} is not a private folder of yours: remove it, or set another XDG_RUNTIME_DIR")
    return path


def _made_folder() -> Path:
    path = _place()
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=_PRIVATE)
    except OSError as error:
        raise AnnouncementError(f"{path} cannot be used: {error.strerror}; set another XDG_RUNTIME_DIR") from error
    return _folder() or path


def _place() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base, "unsecret") if base and Path(base).is_dir() else Path(tempfile.gettempdir(), _own_name())


def _own_name() -> str:
    return f"unsecret-{os.getuid()}" if hasattr(os, "getuid") else "unsecret"


def _somebody_elses(status: os.stat_result) -> bool:
    # Windows gives each user a folder for temporary files and has no such modes.
    return hasattr(os, "getuid") and (status.st_uid != os.getuid() or bool(stat.S_IMODE(status.st_mode) & ~_PRIVATE))


@contextlib.contextmanager
def announced(announcement: Announcement) -> Iterator[None]:
    """Leave the announcement for as long as the block lasts."""
    path = _made_folder() / f"{_PREFIX}{announcement.port}.json"
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)  # of an emulator that was killed: the port is ours now
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        lock(file)
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
    folder = _folder()
    for path in [] if folder is None else sorted(folder.glob(f"{_PREFIX}*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError), path.open("r+", encoding="utf-8") as file:
            if lock(file):
                path.unlink()
            else:
                found.append(Announcement(**json.load(file)))
    return found


def announced_to_children(announcement: Announcement, path: Path) -> dict[str, str]:
    """Leave the announcement in a file that only the user can read, and give the variable that leads there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        json.dump(asdict(announcement), file)
    return {VARIABLE: str(path)}


def announcement_to_me() -> Announcement | None:
    """Read the announcement of the tenant that this program runs in; AnnouncementError where that tenant is gone."""
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    try:
        return Announcement(**json.loads(Path(name).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        reason = f"the tenant of this shell is gone ({VARIABLE} is {name})"
        raise AnnouncementError(f"{reason}: leave the shell, or unset {VARIABLE} to find others") from None
