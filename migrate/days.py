"""Days on which things are to be left alone, and which day it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_FIRST_TO_LAST: Final = (timedelta(hours=14), timedelta(0), timedelta(hours=-12))


def days_at(moment: datetime) -> frozenset[date]:
    """Return the days that it is somewhere on Earth at a moment (aware): UTC+14 has a day first, UTC-12 has it last.

    Whoever names a day that something is to be left alone on means their own, from its beginning to its end.
    """
    utc = moment.astimezone(UTC)
    return frozenset((utc + each).date() for each in _FIRST_TO_LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days on which no wave starts and nothing is changed, both included."""

    first: date
    last: date
    reason: str

    def holds(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is one of them anywhere."""
        return any(map(self.holds, days_at(moment)))
