"""The ``unsecret`` command: the only place that catches our errors; imports nothing heavy before it is needed."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence

import click

from codemods.errors import CodemodError
from inventory.errors import InventoryError
from migrate.cli.lazy import LazyGroup
from migrate.emulator.errors import EmulatorError
from migrate.errors import MigrateError
from reports.errors import ReportError
from reports.text import visible

LOG = logging.getLogger("unsecret")
FAILURE = 2

COMMANDS = {
    "scan": "Read the tenant into a snapshot.",
    "snapshot": "Compare snapshots, bring old ones up to date.",
    "explain": "Tell everything known about one credential.",
    "plan": "Pair applications with managed identities.",
    "federate": "Create the planned federated credentials.",
    "rewrite": "Rewrite Python code from secrets to assertions.",
    "verify": "Perform the exchange and judge the token.",
    "retire": "Ask the gates and remove old credentials.",
    "report": "Render a snapshot, plan or journal.",
    "status": "Say where the rollout stands.",
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

    Nothing is changed without --apply. Exit codes: 0 done or clean, 1 findings or closed gates, 2 failure.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        result = cli.main(args=given, prog_name="unsecret", standalone_mode=False, obj=tuple(given))
    except click.exceptions.NoArgsIsHelpError:
        return _fail("give a command; see unsecret --help")
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "unsecret"
        return _fail(f"{error.format_message().rstrip('.')}; see {where} --help")
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted: what was finished is kept; run the command again to go on")
    except Exception as error:  # noqa: BLE001 - every failure ends in one line and exit code 2
        return _fail(_message(error))
    return result if isinstance(result, int) else 0


def _message(error: Exception) -> str:
    if isinstance(error, InventoryError | CodemodError | MigrateError | ReportError | EmulatorError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f"the module {error.name} is not installed: install unsecret again with its extra [demo]"
    return f"internal error, please report it: {type(error).__name__}: {error}; -v shows where"


def _fail(message: str) -> int:
    if LOG.isEnabledFor(logging.DEBUG):
        traceback.print_exc()
    click.echo(f"unsecret: {visible(' '.join(message.split()))}", err=True)
    return FAILURE
