"""The folder of a running emulator: certificates, pod tokens and Azure CLI's settings, gone with it.

An emulator that was killed leaves its folder behind. Each folder holds a file with the process id of its emulator,
locked for as long as that runs; whoever makes the next one removes those of this user that nobody holds any more.
"""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from migrate.emulator.locking import lock

_PREFIX: Final = "entra-emulator-"
_HOLDER: Final = "emulator.pid"


class OwnFolder:
    """A private folder, held until it is removed."""

    def __init__(self) -> None:
        _clear()
        self._made = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._made.name)
        unfinished = self.path / f"{_HOLDER}.new"
        self._holder = unfinished.open("x", encoding="ascii")
        lock(self._holder)
        self._holder.write(f"{os.getpid()}\n")
        self._holder.flush()
        unfinished.replace(self.path / _HOLDER)  # nobody sees it before it is locked

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        self._holder.close()
        self._made.cleanup()


def _clear() -> None:
    """Remove the folders of killed emulators; one without its file is being made, or is of another program."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if _is_own(path.lstat()):
                _remove_if_left(path)


def _is_own(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())


def _remove_if_left(path: Path) -> None:
    holder = path / _HOLDER
    if stat.S_ISREG(holder.lstat().st_mode):
        with holder.open("r+", encoding="ascii") as file:
            if lock(file):
                shutil.rmtree(path, ignore_errors=True)
