"""How much of the past a log shows without a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

SILENCE = timedelta(hours=36)
"""Longest time without any record of a whole tenant that passes for quiet: a daily job, late by half a day.

An export that stopped looks the same as a tenant in which nothing signs in; a longer silence counts as a gap.
"""
_HOUR = timedelta(hours=1)
_YEARS = range(1970, 9999)

Span = tuple[datetime, datetime]


class Extent(msgspec.Struct, frozen=True):
    """The times from which records were seen, and times of which records are known to be lost."""

    seen: tuple[Span, ...] = ()
    holes: tuple[Span, ...] = ()

    def with_seen(self, spans: Iterable[Span]) -> Extent:
        """Return the extent with more times, each no longer than a silence without records."""
        return Extent(joined((*self.seen, *spans), SILENCE), self.holes)

    def with_hole(self, span: Span) -> Extent:
        """Return the extent with a time of which something is lost."""
        return Extent(self.seen, joined((*self.holes, span), timedelta(0)))

    def covered(self) -> Span | None:
        """Return begin and end of the newest stretch without a gap, None where there is none."""
        stretches = list(self.seen)
        for begin, end in self.holes:
            stretches = [part for span in stretches for part in _without(span, begin, end)]
        return stretches[-1] if stretches else None

    def gaps(self) -> tuple[str, ...]:
        """Say in words what lies between the stretches."""
        silences = zip(self.seen, self.seen[1:], strict=False)
        said = [f"no record of anybody from {_minute(one[1])} to {_minute(two[0])}" for one, two in silences]
        return (*said, *(f"records lost from {_minute(begin)} to {_minute(end)}" for begin, end in self.holes))


def joined(spans: Iterable[Span], distance: timedelta) -> tuple[Span, ...]:
    """Return spans in order, with those joined that lie no further apart than a distance."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin - found[-1][1] <= distance:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def hour(year: int, month: int, day: int, number: int) -> Span | None:
    """Return an hour (UTC), None where the numbers name none of this era."""
    try:
        begin = datetime(year, month, day, number, tzinfo=UTC)
    except ValueError:
        return None
    return (begin, begin + _HOUR) if year in _YEARS else None


def _without(span: Span, begin: datetime, end: datetime) -> tuple[Span, ...]:
    if end <= span[0] or begin >= span[1]:
        return (span,)
    parts = ((span[0], min(begin, span[1])), (max(end, span[0]), span[1]))
    return tuple(part for part in parts if part[0] < part[1])


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
