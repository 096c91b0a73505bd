"""``--during-freeze``, and the freeze windows that a command asks before it changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from inventory.directory import Directory
from migrate import freezes
from migrate.cli import policies
from migrate.model import Plan
from migrate.ports import Journal


def freeze_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--during-freeze``."""
    text = "Change it although the day is in a freeze window; the reason is written to the journal."
    return click.option("--during-freeze", metavar="REASON", default="", help=text)(function)


async def check(plan: Plan, directory: Directory, journal: Journal, reason: str) -> None:
    """Refuse a change on a day of a freeze window, by the tenant's time; raises FrozenError.

    The windows are those of the plan and, as one may have been set since, of ``unsecret.toml`` in this folder.
    """
    freezes.check(plan, policies.decisions(None).freezes, await directory.now(), journal, reason=reason)
