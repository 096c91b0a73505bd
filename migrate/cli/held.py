"""^C while modules are imported: kept back until they are whole. Imports nothing but the standard library."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_back() -> Iterator[None]:
    """Keep ^C back while the block imports modules, and raise KeyboardInterrupt at its end; a second one breaks it off.

    Raised inside of an import it may be lost: what takes every exception for a module that is missing goes on without
    it, and what runs in a callback of the interpreter's reports it and goes on. Where somebody else receives SIGINT, or
    it is ignored, nothing is changed.
    """
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        came.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if came:
            raise KeyboardInterrupt
