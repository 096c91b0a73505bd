"""``--during-freeze``, and the freeze windows that a command asks before it changes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Freeze windows beside those that a plan has, and why a change may be made in one; empty: it may not."""

    plan_file: Path
    reason: str

    async def check(self, plan: Plan, directory: Directory, journal: Journal) -> None:
        """Refuse a change on a day of a freeze window, by the tenant's time; raises FrozenError.

        The windows are those of the plan and, as one may have been set since, of ``unsecret.toml`` in this folder or,
        where there is none, beside the plan.
        """
        told = policies.decisions(None, self.plan_file).freezes
        freezes.check(plan, told, await directory.now(), journal, reason=self.reason)
