"""``unsecret emulator faults``: a fault file to start from."""

from __future__ import annotations

from importlib import resources

import click

from migrate.cli.options import verbose


@click.command()
@verbose
def command() -> None:
    """Print a file for --faults with every kind of fault and every key, each explained."""
    example = resources.files("migrate.emulator.faults").joinpath("example.toml")
    click.echo(example.read_text("utf-8"), nl=False)
