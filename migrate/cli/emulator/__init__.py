"""``unsecret emulator``: serve an embedded tenant on loopback, and run programs inside one."""

from __future__ import annotations

import importlib
from typing import Any

import click
from click.core import ParameterSource

from migrate.cli.emulator.options import APPS, SEED, tenant_options
from migrate.cli.lazy import LazyGroup
from migrate.cli.options import verbose
from migrate.emulator.ending import Ending

__all__ = ["APPS", "COMMANDS", "SEED", "command"]

COMMANDS = {
    "env": "Print the variables with which a shell reaches a running tenant.",
    "run": "Run one command inside a tenant of its own.",
    "faults": "Print a fault file with every kind of fault, to start from.",
    "gaps": "List what is not served, or what was asked for in vain.",
}
_PORT = click.IntRange(0, 65535)


@click.group(cls=LazyGroup, package=__name__, summaries=COMMANDS, invoke_without_command=True)
@tenant_options
@click.option("--port", type=_PORT, default=8443, show_default=True, help="Port for HTTPS; 0: any.")
@click.option("--http-port", type=_PORT, default=0, show_default=True, help="Port for managed identities and control.")
@click.option("--proxy-port", type=_PORT, default=0, show_default=True, help="Port of the proxy.")
@verbose
@click.pass_context
def command(ctx: click.Context, /, *, tenant: dict[str, Any], **ports: int) -> None:
    """Serve an embedded Entra tenant on loopback and print the environment to use it; ^C ends it.

    With a command (see below), do that instead.
    """
    if ctx.invoked_subcommand is None:
        with Ending() as ending:  # from here on: the modules that serve take a second to import
            importlib.import_module(f"{__name__}.serving").serve_tenant({**tenant, **ports}, ending)
        return
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(f"options of {ctx.invoked_subcommand} come after its name")
