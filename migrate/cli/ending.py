"""SIGTERM and SIGHUP taken for ^C: a stopped unit, a cancelled job and a closed session end a command as people do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from migrate.emulator.ending import ENDING

_BY_SIGNAL: Final = 128


class UnfinishedError(KeyboardInterrupt):
    """An interrupt of a run that goes on with other arguments than it was given."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Name the arguments of the command that goes on."""
        super().__init__()
        self.arguments = tuple(arguments)


class Came:
    """Which signal asked a command to end first; ^C where none is known to have come."""

    def __init__(self) -> None:
        self.number: int = signal.SIGINT

    @property
    def code(self) -> int:
        """The exit code of a command that it ended, as a shell gives it."""
        return _BY_SIGNAL + self.number


def is_ignored(number: int) -> bool:
    """Whether this process was started to outlive a signal, as by nohup: then it stays ignored."""
    return signal.getsignal(number) is signal.SIG_IGN


@contextmanager
def as_interrupts() -> Iterator[Came]:
    """Do at SIGTERM and SIGHUP what would be done at ^C, for as long as the block lasts.

    Only on the main thread, and only where nobody else receives them.
    """
    came = Came()

    def receive(number: int, frame: FrameType | None) -> None:
        came.number = number
        handler: Any = signal.getsignal(signal.SIGINT)
        (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    taken = [each for each in ENDING if each != signal.SIGINT and signal.getsignal(each) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, receive)
    try:
        yield came
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
