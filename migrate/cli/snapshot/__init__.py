"""``unsecret snapshot``: compare snapshots, and bring old ones up to date."""

from __future__ import annotations

import click

from migrate.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "command"]

COMMANDS = {
    "diff": "List what appeared, changed and disappeared between two snapshots.",
    "upgrade": "Make a copy of an old snapshot that this version reads.",
}


@click.group(cls=LazyGroup, package=__name__, summaries=COMMANDS)
def command() -> None:
    """Compare snapshots, and bring old ones up to date."""
