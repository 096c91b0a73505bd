"""``unsecret emulator env``: how a shell reaches a tenant that is being served."""

from __future__ import annotations

import click

from migrate.cli.emulator import running, shells
from migrate.cli.emulator.options import APPLICATION, DIRECT, PORT
from migrate.cli.options import verbose
from migrate.emulator.announcement import VARIABLE


@click.command()
@click.option(
    "--shell",
    type=click.Choice([*shells.SHELLS, "json"]),
    default="bash",
    show_default=True,
    help="Whose language; bash is that of sh and zsh too.",
)
@PORT
@APPLICATION
@DIRECT
@verbose
def command(*, shell: str, port: int | None, app: str, direct: bool) -> None:
    """Print the variables with which a shell reaches a running tenant, and nothing else: eval them.

    With them, programs use their default endpoints and reach the tenant through its proxy. What would lead them
    elsewhere is unset, and the certificate variables trust this tenant alone.
    """
    found = running.find(port)
    given = running.ask(found, "environment", app=app, direct="true" if direct else "false")
    is_own = found == running.own(found.port)  # then the shell keeps the name of its tenant
    variables, unset = given["set"], [name for name in given["unset"] if not (is_own and name == VARIABLE)]
    script = shells.as_json(variables, unset) if shell == "json" else shells.SHELLS[shell].script(variables, unset)
    click.echo(script, nl=False)
