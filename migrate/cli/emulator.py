"""``unsecret emulator``: serve an embedded tenant on loopback."""

from __future__ import annotations

import shlex

import click

from migrate.cli.options import verbose
from migrate.emulator.server import Emulator, serve

APPS = click.option(
    "--apps", type=click.IntRange(5, 100_000), default=40, show_default=True, help="Applications in the tenant."
)
SEED = click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives another tenant.")


@click.command()
@APPS
@SEED
@click.option("--port", type=click.IntRange(0, 65535), default=8443, show_default=True, help="Port for HTTPS; 0: any.")
@verbose
def command(*, apps: int, seed: int, port: int) -> None:
    """Serve an embedded Entra tenant on loopback and print the environment to use it; ^C ends it."""
    serve(_announce, apps=apps, seed=seed, port=port)


def _announce(emulator: Emulator) -> None:
    click.echo("# The variables of a shell that works with this tenant, as its operator:")
    for name, value in emulator.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo("# The certificate variables trust this tenant alone: use another shell for anything else.")
    click.echo(f"# {emulator.imds_endpoint}/hosts/NAME as AZURE_POD_IDENTITY_AUTHORITY_HOST is what one host sees.")
    click.echo(f"# tenant {emulator.tenant_id} at {emulator.authority}; ^C ends it")
