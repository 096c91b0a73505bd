"""The first ^C lets a run finish what it has in hand; a second one breaks it off."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click


class Interrupt:
    """Whether somebody wants a run to stop."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.asked = False

    def __call__(self) -> bool:
        """Tell whether to stop before the next step."""
        return self.asked


@contextmanager
def patient() -> Iterator[Interrupt]:
    """Take ^C inside a running event loop; where the system has no such handlers (Windows), ^C breaks off at once."""
    interrupt, loop = Interrupt(), asyncio.get_running_loop()

    def ask() -> None:
        interrupt.asked = True
        loop.remove_signal_handler(signal.SIGINT)
        click.echo("unsecret: stopping after the step in hand; ^C again breaks it off", err=True)

    try:
        loop.add_signal_handler(signal.SIGINT, ask)
    except (NotImplementedError, ValueError, RuntimeError):
        yield interrupt
        return
    try:
        yield interrupt
    finally:
        loop.remove_signal_handler(signal.SIGINT)
