"""Results on the terminal: lines for people, JSON for programs; progress on standard error."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import click
import msgspec

from migrate.cli.options import Settings
from reports.text import visible

_EVERY = 10.0
_PASSWORD = re.compile(r"(://[^:@/]*:)[^@]*(?=@)|([?&](?:ssl)?password=)[^&]*")


def emit(settings: Settings, lines: Iterable[str], data: Any) -> None:
    """Print lines, or the same as JSON with ``--format json``."""
    if settings.as_json:
        # In ASCII: a terminal takes U+009B for the start of a command, and U+202E turns what follows around.
        click.echo(json.dumps(msgspec.to_builtins(data), indent=2))
        return
    for line in lines:
        click.echo(visible(line))


def again() -> str:
    """Return the command that is running, with ``--apply``: the same options, so that nothing else is changed by it."""
    return typed((*click.get_current_context().obj, "--apply"))


def typed(arguments: Iterable[str]) -> str:
    """Return the command of these arguments as it is typed into a shell."""
    return shlex.join(["unsecret", *map(_masked, arguments)])


def _masked(argument: str) -> str:
    """Return an argument without the password that the address of a journal may hold."""
    return _PASSWORD.sub(r"\1\2***", argument) if "postgres" in argument else argument


def progress(what: str) -> Callable[[str], None]:
    """Return a function that says every ten seconds where a long run is; silent for a short one."""
    started = last = time.monotonic()
    count = 0

    def step(name: str) -> None:
        nonlocal last, count
        count += 1
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            with suppress(OSError):  # a terminal that has gone ends no run
                print(f"{what}: {count} after {last - started:.0f} s, now {visible(name)}", file=sys.stderr)  # noqa: T201

    return step
