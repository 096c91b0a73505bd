"""A program that runs inside a tenant: its signals and its exit code."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import click

from migrate.emulator.ending import is_ignored
from reports.text import visible

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_BY_SIGNAL = 128
_LOOKED_AT = 1024
_PASSED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)
_FROM_TERMINAL = tuple(getattr(signal, name) for name in ("SIGINT", "SIGQUIT", "SIGHUP") if hasattr(signal, name))


def run(arguments: Sequence[str], environment: Mapping[str, str], ready: Callable[[], None] = lambda: None) -> int:
    """Run a program to its end and return its exit code as a shell would, see ``unsecret emulator run --help``.

    ``ready`` is called once signals are passed on to it.
    """
    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        early.append(number)
        for process in started:
            _pass_on(process, number)

    with _handled(pass_on):
        ready()
        try:
            started.append(_start(arguments, environment))
        except OSError as error:
            return _not_started(arguments[0], error)
        for number in early:
            _pass_on(started[0], number)
        code = started[0].wait()
    return code if code >= 0 else _BY_SIGNAL - code


def _start(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    if not arguments[0]:
        raise FileNotFoundError
    # The first that PATH leads to and no later one, as in a shell: Popen by itself passes over one that cannot be run.
    found = shutil.which(arguments[0], path=environment.get("PATH"))
    try:
        return subprocess.Popen(arguments, executable=found, env=environment)
    except OSError as error:
        if found is None or error.errno != errno.ENOEXEC or not _is_text(found):
            raise
    # Shells run a text that names no interpreter themselves (POSIX, "Command Search and Execution").
    return subprocess.Popen(["/bin/sh", found, *arguments[1:]], env=environment)


def _is_text(path: str) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123 - bytes of a name as it was given
        return b"\0" not in file.read(_LOOKED_AT)


def _pass_on(process: subprocess.Popen[bytes], number: int) -> None:
    if number in _FROM_TERMINAL and _in_foreground():
        return  # the terminal has sent it to the program itself
    with suppress(OSError):
        process.send_signal(number)


def _in_foreground() -> bool:
    """Tell whether this process group is the one that a terminal sends ^C to."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _not_started(name: str, error: OSError) -> int:
    missing = isinstance(error, FileNotFoundError)
    foreign = "it is no program for this machine" if error.errno == errno.ENOEXEC else error.strerror
    reason = "no such command" if missing else foreign or type(error).__name__
    click.echo(f"unsecret: cannot run {visible(name) or repr(name)}: {reason}", err=True)
    return NOT_FOUND if missing else NOT_EXECUTABLE


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _PASSED_ON if not is_ignored(number)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
