"""``unsecret explain reasons``: why code is left to a person, as a list or as a page."""

from __future__ import annotations

import click
import msgspec

from codemods.report.reasons import page, words
from migrate.cli.options import Settings, common
from migrate.cli.output import emit


@click.command()
@click.option("--page", "as_page", is_flag=True, help="Write the page docs/reasons.md, with a case of each.")
@common
def command(*, settings: Settings, as_page: bool) -> None:
    """List why code is left to a person, what is left over, what fails; 'unsecret explain REASON' tells more."""
    if as_page:
        click.echo(page(), nl=False)
        return
    rows = words()
    width = max(len(row.code) for row in rows)
    emit(settings, (f"{row.code:<{width}}  {row.meaning}" for row in rows), msgspec.to_builtins(rows))
