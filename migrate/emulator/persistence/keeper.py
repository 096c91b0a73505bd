"""Keeps an emulator's memory in a file: loads it, saves it every few seconds when something changed, and at the end."""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm

from migrate.emulator.errors import EmulatorError
from migrate.emulator.persistence import book
from migrate.emulator.persistence.files import FileLock, StateFileError, exists, make_private
from migrate.emulator.persistence.image import image_of
from migrate.emulator.persistence.lines import FAULTS
from migrate.emulator.persistence.memory import Head, Memory, Wanted, stamp
from migrate.emulator.persistence.revival import revive

SAVED_EVERY: Final = 2.0
"""Seconds between two looks at whether something changed."""
_REST: Final = 10
"""A large tenant is saved less often: saving takes one part in this many of the time, at most."""
_BREATH: Final = 0.001
"""Seconds after each encoded line of a save in the background, in which requests are answered."""
_LOG: Final = logging.getLogger("unsecret.emulator")


class StateFile:
    """One emulator's state file, locked from now until it is closed.

    StateFileError where it cannot be used, be it that another emulator uses it.
    """

    def __init__(self, path: Path) -> None:
        exists(path)
        self._path = path
        self._lock = FileLock(path)
        self._closed = Event()
        self._thread: Thread | None = None
        self._memory: Memory | None = None
        self._stamp: tuple[object, ...] = ()
        self._book: book.Book | None = None

    def load(self, wanted: Wanted) -> Memory | None:
        """Read what the file holds, or give None where there is none yet; StateFileError for a file that is no use."""
        if not exists(self._path):
            return None
        head, rows, found = book.read(self._path)
        self._check(head, wanted)
        make_private(self._path)
        try:
            memory = revive(head, rows)
        except (*FAULTS, EmulatorError, UnsupportedAlgorithm) as error:
            raise book.damaged(self._path, "its parts do not belong together") from error
        self._book = found.knowing(image_of(memory))
        return memory

    def _check(self, head: Head, wanted: Wanted) -> None:
        start = None if wanted.start is None else wanted.start.replace(microsecond=0)
        pairs: tuple[tuple[str, Any, Any], ...] = (
            ("apps", wanted.apps, head.apps),
            ("seed", wanted.seed, head.seed),
            ("cloud", wanted.cloud, head.cloud),
            ("time", start, head.start),
            ("retention", wanted.retention, head.retention),
        )
        for name, asked, held in pairs:
            if asked not in (None, held):
                reason = f"holds a tenant that was made with another --{name} ({_shown(held)}, not {_shown(asked)})"
                raise StateFileError(self._path, reason, "leave that option out, or name another file")

    def keep(self, memory: Memory) -> None:
        """Say what to save from now on; a new tenant is saved at once."""
        self._memory = memory
        if self._book is None:
            self._save()
        else:
            self._stamp = stamp(memory)

    def start(self) -> None:
        """Begin to save in the background; EmulatorError when the file was closed before."""
        if self._closed.is_set():
            raise EmulatorError("an emulator with a state file runs once: make another one for another run")
        self._thread = Thread(target=self._run, name="entra-emulator-state", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Save for the last time and unlock the file; StateFileError where it cannot be written."""
        self._closed.set()
        try:
            if self._thread is not None:
                self._thread.join()
                self._thread = None
                self._save()
        finally:
            self._lock.release()

    def _run(self) -> None:
        wait, told = SAVED_EVERY, ""
        while not self._closed.wait(wait):
            begun = time.monotonic()
            try:
                self._save(_BREATH)
            except StateFileError as error:
                # The end of the run raises it; until then it is said once.
                if str(error) != told:
                    _LOG.warning("unsecret: %s", error)
                told = str(error)
            wait = max(SAVED_EVERY, _REST * (time.monotonic() - begun))

    def _save(self, breath: float = 0.0) -> None:
        memory = self._memory
        now = () if memory is None else stamp(memory)
        if memory is not None and now != self._stamp:
            self._book = book.write(self._path, image_of(memory), self._book, lambda: self._breathe(breath))
            self._stamp = now

    def _breathe(self, breath: float) -> None:
        if breath:
            self._closed.wait(breath)


def _shown(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.days} days"
    return value.isoformat() if isinstance(value, datetime) else str(value)
