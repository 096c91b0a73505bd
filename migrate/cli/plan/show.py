"""``unsecret plan show``: a plan as Markdown."""

from __future__ import annotations

from pathlib import Path

import click

from migrate import planfile
from migrate.cli import outputs
from migrate.cli.options import FILE, verbose
from migrate.review.markdown import render
from reports.render import save


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@click.option("--out", type=FILE, help="Where it is written instead of standard output.")
@verbose
def command(*, plan_file: Path, out: Path | None) -> None:
    """Write PLAN as Markdown: one block for each application, for a pull request."""
    text = render(planfile.read(plan_file))
    if out is None:
        click.echo(text, nl=False)
        return
    outputs.for_report(out, "markdown", plan_file)
    save(text.encode(), out)
    click.echo(f"{out}: {plan_file} as Markdown")
