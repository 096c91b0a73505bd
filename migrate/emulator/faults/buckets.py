"""Token buckets: page "Microsoft Graph service-specific throttling limits" says that throttling is based on them."""

from dataclasses import dataclass
from typing import Final

_NOTHING: Final = 1e-9
"""Less than this is what sums of fractions are off by."""


@dataclass(slots=True, kw_only=True)
class TokenBucket:
    """Holds ``capacity`` units and gains as many in ``period`` seconds; begins full.

    Callers give the time, in seconds, which must not run backwards.
    """

    capacity: float
    period: float
    at: float
    _left: float = -1.0

    def __post_init__(self) -> None:
        self._left = self.capacity

    def _refill(self, now: float) -> None:
        gained = (now - self.at) * self.capacity / self.period
        self._left = min(self.capacity, self._left + gained)
        self.at = now

    def wait(self, cost: float, now: float, *, reserve: float = 0.0) -> float:
        """Say in how many seconds so much can be taken and ``reserve`` be left; 0 where it can be taken now.

        What costs more than the bucket can ever hold counts as all of it.
        """
        self._refill(now)
        lacking = min(cost + reserve, self.capacity) - self._left
        return lacking * self.period / self.capacity if lacking > _NOTHING else 0.0

    def take(self, cost: float, now: float) -> None:
        """Take out what ``wait`` allowed."""
        self._refill(now)
        self._left = max(0.0, self._left - cost)

    def used(self, now: float) -> float:
        """Say which share of the bucket is taken, 0 to 1."""
        self._refill(now)
        return 1.0 - self._left / self.capacity
