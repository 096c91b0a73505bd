"""``unsecret demo``: the whole migration against an embedded tenant."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.emulator import APPS, SEED
from migrate.cli.options import verbose
from reports.text import visible


@click.command()
@APPS
@SEED
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
    from migrate.demo.run import demonstrate  # noqa: PLC0415 - needs the extra [demo], which help does not

    demonstrate(apps, seed, out, lambda line: click.echo(visible(line)))
