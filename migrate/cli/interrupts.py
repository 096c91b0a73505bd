"""The first ^C, SIGTERM or SIGHUP lets a run finish what it has in hand; a second one breaks it off."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import click

from migrate.cli.ending import Came, is_ignored
from migrate.cli.output import typed
from migrate.emulator.ending import ENDING

_SAME_HANGUP: Final = 1.0
"""Seconds in which a closed terminal may be told twice: the kernel and the shell both do."""


class Interrupt(Came):
    """Whether somebody wants a run to stop."""

    def __init__(self) -> None:
        """Begin with nobody."""
        super().__init__()
        self.asked = False

    def __call__(self) -> bool:
        """Tell whether to stop before the next step."""
        return self.asked


@contextmanager
def patient() -> Iterator[Interrupt]:
    """Take the signals inside a running event loop; those that were ignored before stay so.

    Where the system has no such handlers (Windows), ^C breaks off at once.
    """
    waiting = _Waiting(asyncio.get_running_loop())
    try:
        waiting.begin()
    except (NotImplementedError, ValueError, RuntimeError):
        yield waiting.interrupt
        return
    try:
        yield waiting.interrupt
    finally:
        waiting.end()


class _Waiting:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.interrupt = Interrupt()
        self._loop = loop
        self._before: dict[int, Any] = {}
        self._since = 0.0

    def begin(self) -> None:
        for number in ENDING:
            if not is_ignored(number):
                before = signal.getsignal(number)
                self._loop.add_signal_handler(number, self._ask, number)
                # What the event loop has for ^C only cancels, which code that is in the middle of something may miss.
                self._before[number] = signal.default_int_handler if number == signal.SIGINT else before

    def end(self) -> None:
        for number in tuple(self._before):
            self._give_back(number)

    def _give_back(self, number: int) -> None:
        self._loop.remove_signal_handler(number)
        signal.signal(number, self._before.pop(number))

    def _ask(self, number: int) -> None:
        if self.interrupt.asked:  # a hang-up that is told again
            if time.monotonic() - self._since > _SAME_HANGUP:
                self._give_back(number)
                signal.raise_signal(number)
            return
        self.interrupt.asked, self.interrupt.number, self._since = True, number, time.monotonic()
        for each in tuple(self._before):
            if signal.Signals(each).name != "SIGHUP":
                self._give_back(each)
        with suppress(OSError):  # the terminal may be what went away
            click.echo("unsecret: stopping after the step in hand; ^C again breaks it off", err=True)


def stopped(interrupt: Interrupt, left: str) -> int:
    """Say that a run was stopped, what it left, and how to go on; return the exit code of the signal."""
    click.echo(f"unsecret: stopped; {left}; to go on: {typed(click.get_current_context().obj)}", err=True)
    return interrupt.code
