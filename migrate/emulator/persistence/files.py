"""The file itself: whose it is, that nobody else has it, and that it is either the old one or the new one."""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from migrate.emulator.errors import EmulatorError

if sys.platform != "win32":
    import fcntl

_PRIVATE: Final = 0o600
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_BUFFER: Final = 1 << 20


class StateFileError(EmulatorError):
    """A state file cannot be used: which, why, and what to do."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        super().__init__(f"state file {path}: {reason}; {remedy}")


def _cannot(path: Path, what: str, error: OSError, remedy: str) -> StateFileError:
    return StateFileError(path, f"cannot be {what} ({error.strerror or type(error).__name__})", remedy)


def exists(path: Path) -> bool:
    """Whether there is a file; StateFileError for what is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a name for a file"
        raise StateFileError(path, f"cannot be looked at ({reason})", "name another file") from None
    if stat.S_ISLNK(status.st_mode):
        raise StateFileError(path, "is a symbolic link", "name the file that it leads to")
    if not stat.S_ISREG(status.st_mode):
        raise StateFileError(path, f"is {'a folder' if stat.S_ISDIR(status.st_mode) else 'no file'}", "name a file")
    return True


class FileLock:
    """A lock next to a file, for as long as this object has it; the system drops it when the process ends.

    It is not on the file itself, which every save replaces. Where there are no such locks (Windows), nothing is locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.lock")
        self._descriptor: int | None = None
        try:
            while self._descriptor is None:
                self._descriptor = _locked(self._path)
        except BlockingIOError:
            raise StateFileError(path, "another emulator is using it", "end that one, or name another file") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a name for a file"
            remedy = "name a file in a folder that exists and that you may write to"
            raise StateFileError(self._path, f"cannot be made ({reason})", remedy) from None

    def release(self) -> None:
        """Give the lock up, and take the file that stood for it away."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def _locked(path: Path) -> int | None:
    """Lock a file; None where it was taken away between its opening and its locking."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, _PRIVATE)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.lstat()):
                return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def identity_of(file: BinaryIO) -> tuple[int, int, int, int]:
    """Give what tells a file from any other, and from itself after a change."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a state file; StateFileError where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_LINK | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise _cannot(path, "read", error, "name a file that you may read") from None
    with open(descriptor, "rb", buffering=_BUFFER) as file:  # noqa: PTH123 - a descriptor, not a path
        yield file


def make_private(path: Path) -> None:
    """Take a state file away from everybody but its user, where it is the user's to give; its secrets are in it."""
    with contextlib.suppress(OSError):
        if stat.S_IMODE(path.lstat().st_mode) & ~_PRIVATE:
            path.chmod(_PRIVATE)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file anew, readable for its user alone, and put it in the place of the old one once it is on the disk.

    StateFileError where that fails; the old file is as it was then.
    """
    unfinished = path.with_name(f".{path.name}.new")
    try:
        unfinished.unlink(missing_ok=True)  # of an emulator that was killed: the lock is ours now
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _PRIVATE)
        with open(descriptor, "wb", buffering=_BUFFER) as file:  # noqa: PTH123 - a descriptor, not a path
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _settle(path.parent)
    except OSError as error:
        remedy = "make room or give yourself the right to write there; what was last saved is as it was"
        raise _cannot(path, "written", error, remedy) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Let the new name of a file outlive a power cut, where folders can be told so."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
