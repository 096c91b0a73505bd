"""``unsecret demo``: the whole migration against an embedded tenant."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.options import verbose
from migrate.cli.output import visible
from migrate.demo.run import demonstrate


@click.command()
@click.option(
    "--apps", type=click.IntRange(3, 100_000), default=40, show_default=True, help="Applications in the tenant."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives another tenant.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("unsecret-demo"),
    show_default=True,
    help="Folder for the snapshot, plan, journal, code and reports.",
)
@verbose
def command(*, apps: int, seed: int, out: Path) -> None:
    """Run the whole migration against an embedded tenant: nothing outside this machine is touched."""
    demonstrate(apps, seed, out, lambda line: click.echo(visible(line)))
