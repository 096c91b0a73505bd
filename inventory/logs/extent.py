"""How much of the past a log shows without a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
from msgspec.structs import replace

SILENCE = timedelta(hours=36)
"""Longest time without any record of a whole tenant that passes for quiet: a daily job, late by half a day.

An export that stopped looks the same as a tenant in which nothing signs in; a longer silence counts as a gap, unless
something shows that the export went on (``Extent.bridged``).
"""
QUIET = timedelta(hours=84)
"""Longest silence that can pass for quiet even then: Friday evening to Tuesday morning, a weekend and one day more."""
_HOUR = timedelta(hours=1)
_YEARS = range(1970, 9999)

Span = tuple[datetime, datetime]


class Extent(msgspec.Struct, frozen=True):
    """The times from which records were seen, and times of which records are known to be lost."""

    seen: tuple[Span, ...] = ()
    holes: tuple[Span, ...] = ()
    quiet: tuple[Span, ...] = ()
    """Times without a record of this log, in which other logs of the same export, or store, were written."""

    def with_seen(self, spans: Iterable[Span]) -> Extent:
        """Return the extent with more times, each no longer than a silence without records."""
        return replace(self, seen=joined((*self.seen, *spans), SILENCE))

    def with_hole(self, span: Span) -> Extent:
        """Return the extent with a time of which something is lost."""
        return replace(self, holes=joined((*self.holes, span), timedelta(0)))

    def silent(self) -> bool:
        """Whether there is a silence that ``bridged`` could show to be none."""
        return any(two[0] - one[1] <= QUIET for one, two in pairwise(self.seen))

    def bridged(self, exported: Iterable[Span]) -> Extent:
        """Return the extent without the silences in which other logs of the same export were written all the time.

        ``exported`` are the times of those; they too may be silent for no longer than SILENCE, before, in and after
        the silence.
        """
        others = tuple(exported)
        seen: list[Span] = list(self.seen[:1])
        quiet: list[Span] = []
        for span in self.seen[1:]:
            silence = (seen[-1][1], span[0])
            if silence[1] - silence[0] <= QUIET and _filled(silence, others):
                quiet.append(silence)
                seen[-1] = (seen[-1][0], span[1])
            else:
                seen.append(span)
        return replace(self, seen=tuple(seen), quiet=tuple(quiet))

    def covered(self) -> Span | None:
        """Return begin and end of the newest stretch without a gap, None where there is none."""
        stretches = list(self.seen)
        for begin, end in self.holes:
            stretches = [part for span in stretches for part in _without(span, begin, end)]
        return stretches[-1] if stretches else None

    def gaps(self) -> tuple[str, ...]:
        """Say in words what lies between the stretches."""
        said = [f"no record of anybody from {_minute(one[1])} to {_minute(two[0])}" for one, two in pairwise(self.seen)]
        said += [
            f"no application signed in from {_minute(begin)} to {_minute(end)}, while other logs have records"
            for begin, end in self.quiet
        ]
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


def _filled(silence: Span, others: Iterable[Span]) -> bool:
    """Whether other logs leave no longer silence in one; they are known to have been written on both sides of it."""
    begin, end = silence
    near = [span for span in others if span[0] <= end + SILENCE and span[1] >= begin - SILENCE]
    return any(one[0] <= begin and one[1] >= end for one in joined(near, SILENCE))


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
