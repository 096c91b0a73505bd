"""The ``unsecret`` command: the only place that catches our errors; imports nothing heavy before it is needed."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

import click

from codemods.errors import CodemodError
from inventory.errors import InventoryError
from migrate.cli.ending import Came, UnfinishedError, as_interrupts
from migrate.cli.lazy import LazyGroup
from migrate.emulator.ending import StoppedEarlyError
from migrate.emulator.errors import EmulatorError
from migrate.errors import MigrateError
from reports.errors import ReportError
from reports.text import visible

LOG = logging.getLogger("unsecret")
FAILURE = 2
_BY_SIGNAL = 128
_BROKEN_PIPE = _BY_SIGNAL + 13

COMMANDS = {
    "scan": "Read the tenant into a snapshot.",
    "snapshot": "Compare snapshots, bring old ones up to date.",
    "explain": "Tell everything known about a credential, a reason or a transform.",
    "plan": "Pair applications with managed identities.",
    "federate": "Create the planned federated credentials.",
    "revert": "Take back what was done for an application.",
    "rewrite": "Rewrite Python code from secrets to assertions.",
    "verify": "Perform the exchange and judge the token.",
    "proof": "Carry proofs from a host that cannot reach the journal.",
    "retire": "Ask the gates and remove old credentials.",
    "deactivate": "Deactivate applications that nobody uses, so that they can be missed.",
    "watch": "Look after applications whose credentials were removed.",
    "break-glass": "Give an application a short-lived new secret when a removal went wrong.",
    "seal": "Forbid new secrets for applications that were watched to the end.",
    "guard": "Report credentials that appeared since, and seals that were undone.",
    "owner": "Write down that owners were told of a removal, and what they said.",
    "report": "Render a snapshot, plan or journal.",
    "status": "Say where the rollout stands.",
    "certificate": "Write and check certificates of why credentials were removed.",
    "replay": "Try retirement policies on past sign-in logs.",
    "journal": "Check, export and copy what was recorded.",
    "emulator": "Serve an embedded tenant on loopback.",
    "demo": "Run the whole migration against an embedded tenant.",
}


@click.group(
    cls=LazyGroup,
    package="migrate.cli",
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="unsecret", prog_name="unsecret")
def cli() -> None:
    """Take an Entra tenant from client secrets to managed identities as federated credentials.

    Nothing is changed without --apply. Exit codes: 0 done or clean, 1 findings or closed gates, 2 failure, 130 ^C,
    143 SIGTERM, 129 SIGHUP.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _write_anything()
    with as_interrupts() as came:
        try:
            result = cli.main(args=given, prog_name="unsecret", standalone_mode=False, obj=tuple(given))
            _flush()
        except SystemExit as error:  # click's answer to a reader that has gone, such as head
            return _unwritten(error.__context__)
        except (StoppedEarlyError, KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - all end in one line
            return _failed(error, given, came)
    return result if isinstance(result, int) else 0


def _write_anything() -> None:
    """Show by its code point what a terminal's encoding lacks: no name may end a command that has changed a tenant."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _failed(error: BaseException, given: Sequence[str], came: Came) -> int:
    """Tell a failure in one line and give its exit code."""
    if isinstance(error, StoppedEarlyError):
        return _fail(str(error), _BY_SIGNAL + error.number)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        why = error.__cause__ if isinstance(error, click.Abort) else error
        return _interrupted(why.arguments if isinstance(why, UnfinishedError) else given, came)
    if isinstance(error, OSError) and _is_of_output(error):
        return _unwritten(error)
    return _fail(_message(error))


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _is_of_output(error: OSError) -> bool:
    """Whether it was raised where a command prints, and not where it works on files and connections."""
    printing = (click.echo.__code__, _flush.__code__)
    return any(frame.f_code in printing for frame, _ in traceback.walk_tb(error.__traceback__))


def _unwritten(error: BaseException | None) -> int:
    """Give the exit code of a command whose output could not be written: silently that of SIGPIPE for a broken pipe."""
    _lead_nowhere(sys.stdout)
    if not isinstance(error, OSError) or error.errno == errno.EPIPE:
        return _BROKEN_PIPE
    return _fail(f"standard output cannot be written ({error.strerror}): send it to another place")


def _lead_nowhere(stream: TextIO) -> None:
    """Take what a stream still holds, so that the interpreter has nothing to complain of at its end."""
    with suppress(AttributeError, OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupted(given: Sequence[str], came: Came) -> int:
    """Tell what ^C or its like broke off; a tenant that is up receives it itself, so that it was only about to be."""
    if given[:1] == ["emulator"] and given[1:2] not in (["env"], ["faults"], ["gaps"]):
        return _fail(str(StoppedEarlyError(came.number)), came.code)
    from migrate.cli.output import typed  # noqa: PLC0415 - help needs none of what it imports

    return _fail(f"interrupted: what was finished is kept; to go on: {typed(given)}", came.code)


def _message(error: BaseException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return f"give a command; see {error.ctx.command_path} --help"
    if isinstance(error, click.ClickException):
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "unsecret"
        return f"{error.format_message().rstrip('.')}; see {where} --help"
    if isinstance(error, InventoryError | CodemodError | MigrateError | ReportError | EmulatorError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f"the module {error.name} is not installed: install unsecret again with its extra [demo]"
    return f"internal error, please report it: {type(error).__name__}: {error}; -v shows where"


def _fail(message: str, code: int = FAILURE) -> int:
    try:
        if LOG.isEnabledFor(logging.DEBUG):
            traceback.print_exc()
        click.echo(f"unsecret: {visible(' '.join(message.split()))}", err=True)
    except OSError:  # the exit code is all that is left
        _lead_nowhere(sys.stderr)
    return code
