"""``unsecret explain``: everything known about one thing of the tenant."""

from __future__ import annotations

import click

from migrate.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "command"]

COMMANDS = {"credential": "Tell everything known about one credential, and what breaks if it goes."}


@click.group(cls=LazyGroup, package=__name__, summaries=COMMANDS)
def command() -> None:
    """Tell everything known about one thing of the tenant."""
