"""Time as the embedded tenant sees it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Early enough that a date some years later can still be written."""


class VirtualClock:
    """A clock that runs like a real one and can be moved forward.

    Every time stamp, token lifetime, expiry check and ``Date`` header of the emulator comes from one object of this
    class, so that weeks of a rollout pass in a test. Moving back is refused: Entra's logs never run backwards.
    """

    def __init__(self, start: datetime | None = None) -> None:
        begin = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self.start = begin.replace(microsecond=0)
        self._origin = time.monotonic()
        self._moved = timedelta(0)

    def now(self) -> datetime:
        """Give the present moment of the tenant, in UTC."""
        return self.start + self._moved + timedelta(seconds=time.monotonic() - self._origin)

    def timestamp(self) -> int:
        """Give the present moment in whole seconds since the epoch, as tokens carry it."""
        return int(self.now().timestamp())

    def advance(self, by: timedelta) -> datetime:
        """Move forward and give the new moment; ValueError for a step back."""
        if by < timedelta(0):
            raise ValueError(f"the virtual clock cannot go back by {-by}")
        target = self._moved + by
        if self.start + target > LATEST:
            raise OverflowError("the virtual clock ends with the year 8999")
        self._moved = target
        return self.now()
