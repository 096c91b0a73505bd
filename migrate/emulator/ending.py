"""Signals that end an emulator: while it starts at once, later in order."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Final, Self

ENDING: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_LOOK: Final = 0.5


class StoppedEarlyError(BaseException):
    """A signal came before the tenant was up; no ``except Exception`` on the way holds it up."""

    def __init__(self, number: int) -> None:
        super().__init__("stopped before the tenant was up: nothing was run in it")
        self.number = number


def is_ignored(number: int) -> bool:
    """Whether this process was started to outlive its terminal (nohup): then the signal stays ignored."""
    return signal.Signals(number).name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


class Ending:
    """Receives the signals for as long as the ``with`` block lasts; on the main thread only.

    Until ``up`` is called, the first one raises StoppedEarlyError. From then on they are noted, so that nothing breaks
    the saving of a state and the removal of a folder off.
    """

    def __init__(self) -> None:
        self._came = threading.Event()
        self._starting = True
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in ENDING:
            if not is_ignored(number):
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def up(self) -> None:
        """Say that the tenant is up."""
        self._starting = False

    def wait(self) -> None:
        """Wait for a signal."""
        # A wait without a limit cannot be interrupted by signals on every platform.
        while not self._came.wait(_LOOK):
            pass

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        is_first = not self._came.is_set()
        self._came.set()
        if self._starting and is_first:
            raise StoppedEarlyError(number)
