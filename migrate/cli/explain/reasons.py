"""``unsecret explain reasons``: why code is left to a person, as a list or as a page."""

from __future__ import annotations

import click
import msgspec

from codemods.model import ReasonCode
from codemods.report.reasons import explain_reason, page
from migrate.cli.options import Settings, common
from migrate.cli.output import emit


@click.command()
@click.option("--page", "as_page", is_flag=True, help="Write the page docs/reasons.md, with a case of each.")
@common
def command(*, settings: Settings, as_page: bool) -> None:
    """List why code is left to a person; 'unsecret explain REASON' tells more of each."""
    if as_page:
        click.echo(page(), nl=False)
        return
    width = max(map(len, ReasonCode))
    rows = [explain_reason(reason) for reason in ReasonCode]
    emit(settings, (f"{row.code:<{width}}  {row.meaning}" for row in rows), msgspec.to_builtins(rows))
