"""``unsecret explain credential``: everything known about one credential, and what breaks if it goes."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from inventory.explain import code_sites, explain, lines
from migrate.cli.options import FILE, Settings, reading
from migrate.cli.output import emit


@click.command()
@click.argument("key_id", metavar="KEYID")
@click.argument("snapshot", type=FILE)
@click.option("--code", type=FILE, multiple=True, help="Result of 'unsecret rewrite --format json'; may be repeated.")
@reading
def command(*, settings: Settings, key_id: str, snapshot: Path, code: tuple[Path, ...]) -> None:
    """Tell everything SNAPSHOT knows about the credential KEYID, source by source, and what breaks if it goes today.

    The first characters of a key id are enough where no other begins with them.
    """
    sites = tuple(site for path in code for site in code_sites(path)) if code else None
    explanation = explain(snapshot, key_id, sites)
    emit(settings, lines(explanation), msgspec.to_builtins(explanation))
