"""``unsecret emulator run``: one command inside a tenant of its own."""

from __future__ import annotations

import os
from typing import Any

import click

from migrate.cli.emulator import child
from migrate.cli.emulator.options import APPLICATION, DIRECT, tenant_options
from migrate.cli.emulator.serving import tell_refused
from migrate.cli.options import verbose
from migrate.emulator import environments
from migrate.emulator.seed.names import OPERATOR
from migrate.emulator.server import Emulator


@click.command(context_settings={"allow_interspersed_args": False})
@tenant_options
@APPLICATION
@DIRECT
@verbose
@click.argument("arguments", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(*, tenant: dict[str, Any], app: str, direct: bool, arguments: tuple[str, ...]) -> int:
    """Start a tenant on free ports, run one command inside it, end it, and return the command's exit code.

    A command that cannot be found or run gives 127 or 126, one that a signal ended 128 and its number. ^C and SIGTERM
    are passed on to it. Put -- before it.
    """
    with child.ending_on_signals(), Emulator(tell=tell_refused, **tenant) as emulator:
        give = emulator.environment if direct else emulator.proxied_environment
        return child.run(arguments, environments.applied(give(app or OPERATOR), dict(os.environ)))
