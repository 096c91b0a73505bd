"""``unsecret emulator run``: one command inside a tenant of its own."""

from __future__ import annotations

import importlib
from typing import Any

import click

from migrate.cli.emulator.options import APPLICATION, DIRECT, tenant_options
from migrate.cli.options import verbose
from migrate.emulator.ending import Ending


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
    with Ending() as ending:  # from here on: the modules that serve take a second to import
        inside = importlib.import_module("migrate.cli.emulator.inside")
        return int(inside.run(arguments, ending, tenant, app, direct=direct))
