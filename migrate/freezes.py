"""Freeze windows: days, by the tenant's own time, on which nothing is to be changed, unless somebody says why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from migrate.days import Freeze
from migrate.entry import Entry, Kind
from migrate.errors import FrozenError
from migrate.model import Plan
from migrate.ports import Journal


def current(freezes: Iterable[Freeze], now: datetime) -> Freeze | None:
    """Return the window that the day is in, wherever that is; of several the one that ends last."""
    holding = [each for each in freezes if each.holds_at(now)]
    return max(holding, key=lambda each: each.last, default=None)


def check(plan: Plan, more: Iterable[Freeze], now: datetime, journal: Journal, *, reason: str) -> None:
    """Refuse a change inside a freeze window of the plan or of ``more``; with a reason it is written down, and made.

    Raises:
        FrozenError: it is such a day, and no reason is given.
        JournalError: the reason could not be written down.

    """
    freeze = current((*plan.freezes, *more), now)
    if freeze is None:
        return
    if not reason:
        raise FrozenError(
            f"nothing is changed from {freeze.first} to {freeze.last} ({freeze.reason}): wait until {freeze.last} has "
            "ended everywhere (the next day at 12:00 UTC), or say why it cannot wait, with --during-freeze REASON"
        )
    window = {"first": freeze.first.isoformat(), "last": freeze.last.isoformat(), "freeze": freeze.reason}
    journal.record(Entry(kind=Kind.FREEZE_OVERRIDDEN, plan=plan.digest, data={**window, "reason": reason}))
