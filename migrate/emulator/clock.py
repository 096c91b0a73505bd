"""Time as the embedded tenant sees it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from migrate.emulator.errors import EmulatorError

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
END: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""A tenant starts in between, so that its past and what clients make of its future are dates that they can write."""

LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Early enough that a date some years later can still be written."""


class ClockError(EmulatorError):
    """A moment that is none, or that the tenant cannot be in."""


def read_moment(text: str) -> datetime:
    """Read a moment (ISO 8601), in UTC where it names no offset; ClockError for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ClockError(f"{text[:60]!r} is no moment in ISO 8601, such as 2026-05-01T12:00:00Z") from None


class VirtualClock:
    """A clock that runs like a real one and can be moved forward.

    Every time stamp, token lifetime, expiry check and ``Date`` header of the emulator comes from one object of this
    class, so that weeks of a rollout pass in a test. Moving back is refused: Entra's logs never run backwards.
    """

    def __init__(self, start: datetime | None = None) -> None:
        begin = datetime.now(UTC) if start is None else start.astimezone(UTC)
        if not EARLIEST <= begin < END:
            raise ClockError(f"a tenant starts in the years 2000 to 2099, not at {begin.isoformat()}")
        self.start = begin.replace(microsecond=0)
        self._origin = time.monotonic()
        self._moved = timedelta(0)

    def now(self) -> datetime:
        """Give the present moment of the tenant, in UTC."""
        return self.start + self._moved + timedelta(seconds=time.monotonic() - self._origin)

    @property
    def moved(self) -> timedelta:
        """By how much it was moved forward."""
        return self._moved

    def timestamp(self) -> int:
        """Give the present moment in whole seconds since the epoch, as tokens carry it."""
        return int(self.now().timestamp())

    @staticmethod
    def client_timestamp() -> int:
        """Give the real moment: what clients on this machine, whose clocks nobody moves, believe the time to be."""
        return int(time.time())

    def advance(self, by: timedelta) -> datetime:
        """Move forward and give the new moment; ValueError for a step back."""
        if by < timedelta(0):
            raise ValueError(f"the virtual clock cannot go back by {-by}")
        target = self._moved + by
        if self.start + target > LATEST:
            raise OverflowError("the virtual clock ends with the year 8999")
        self._moved = target
        return self.now()

    def advance_to(self, moment: datetime) -> datetime:
        """Move forward to a moment; ValueError for one that has passed."""
        return self.advance(moment - self.now())


class ShiftedClock(VirtualClock):
    """What a part of the service takes for the time: another clock, and so many seconds more or less."""

    def __init__(self, real: VirtualClock, ahead: Callable[[], int]) -> None:
        super().__init__(real.start)
        self._real = real
        self._ahead = ahead

    def now(self) -> datetime:
        """Give the moment that this part believes in."""
        return self._real.now() + timedelta(seconds=self._ahead())
