"""Freeze windows: days of the tenant's own time on which nothing is to be changed, unless somebody says why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from migrate.errors import FrozenError
from migrate.model import Entry, Freeze, Kind, Plan
from migrate.ports import Journal


def current(freezes: Iterable[Freeze], now: datetime) -> Freeze | None:
    """Return the window that the day (UTC) is in; of several the one that ends last."""
    holding = [each for each in freezes if each.holds(now.date())]
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
        thawed = freeze.last + timedelta(days=1)
        raise FrozenError(
            f"nothing is changed from {freeze.first} to {freeze.last} ({freeze.reason}): wait until {thawed} (UTC), or "
            "say why it cannot wait, with --during-freeze REASON"
        )
    window = {"first": freeze.first.isoformat(), "last": freeze.last.isoformat(), "freeze": freeze.reason}
    journal.record(Entry(kind=Kind.FREEZE_OVERRIDDEN, plan=plan.digest, data={**window, "reason": reason}))
