"""``unsecret plan``: make a plan, show it to people, compare two."""

from __future__ import annotations

import click

from migrate.cli.lazy import DefaultGroup

__all__ = ["COMMANDS", "command"]

COMMANDS = {
    "show": "Write a plan as Markdown, for a pull request.",
    "diff": "Say what changed between two plans, and why.",
}


@click.group(cls=DefaultGroup, package=__name__, summaries=COMMANDS, default="make")
def command() -> None:
    """Pair applications with managed identities: the plan that people review."""
