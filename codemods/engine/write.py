"""Write a file so that it is either the old one or the new one, whatever happens in between.

The new bytes go to a temporary file in the same folder, reach the disk, get the old file's mode, and replace it in one
step; an interrupt waits until that is done. A file that changed since it was read, that may not be written, or that is
a link leading elsewhere is refused.

Rename: https://docs.python.org/3/library/os.html#os.replace
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from codemods.errors import ChangedMeanwhileError, ReadOnlyError, SymlinkError, WriteFailedError

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_NEW_MODE = 0o644
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def write(path: Path, *, old: bytes | None, new: bytes) -> None:
    """Replace a file that still has its old bytes, or create one that does not exist yet (``old`` is None)."""
    target = path.resolve()
    if path.is_symlink() and not target.is_relative_to(path.parent.resolve()):
        raise SymlinkError(f"{path.name} is a link that leads out of its folder; give the file itself")
    try:
        with _uninterrupted():
            mode = _check(target, old)
            _replace(target, new, mode)
    except OSError as error:
        then = "make room and its folder writable, then run this again"
        raise WriteFailedError(
            f"{path.name} could not be written ({error.strerror}); it is unchanged: {then}"
        ) from error


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep signals that would end the program back while a file is written; only the main thread gets any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, lambda caught, _: waiting.append(caught))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for caught in waiting:
            signal.raise_signal(caught)


def _check(target: Path, old: bytes | None) -> int:
    """Refuse what must not be replaced, and give the mode the new file gets."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if old is None:
            return _NEW_MODE
        raise ChangedMeanwhileError(f"{target.name} is gone since it was read; run again") from None
    if old is None or target.read_bytes() != old:
        raise ChangedMeanwhileError(f"{target.name} was changed by somebody else since it was read; run again")
    if not mode & _WRITABLE:
        raise ReadOnlyError(f"{target.name} is read-only; give it write permission, then run again")
    return stat.S_IMODE(mode)


def _replace(target: Path, new: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(target)
        _keep_name(target.parent)
    except BaseException:  # an interrupt, too, must not leave the temporary file behind
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _keep_name(folder: Path) -> None:
    """Bring the new name to the disk as well, where the system lets a folder be opened (Windows does not)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
