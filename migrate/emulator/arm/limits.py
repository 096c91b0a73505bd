"""Rate limits of Azure's front doors.

They count real seconds, on a monotonic clock, and not the tenant's virtual ones: a quota guards against real speed, and
a test that moves the virtual clock by a week has not become slower by that.
"""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many requests may come in a window of so many seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request fits a quota, how many are left and how long until a place is free."""

    allowed: bool
    remaining: int
    resets_after: float

    @property
    def whole_seconds(self) -> int:
        """The wait in whole seconds, at least one."""
        return max(1, math.ceil(self.resets_after))


class Limits:
    """Sliding windows by key."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._seen: dict[str, deque[float]] = defaultdict(deque)

    def take(self, key: str, quota: Quota) -> Verdict:
        """Count a request if it fits; a refused one does not count."""
        with self._lock:
            now, seen = self._now(), self._seen[key]
            while seen and now - seen[0] >= quota.seconds:
                seen.popleft()
            allowed = len(seen) < quota.requests
            if allowed:
                seen.append(now)
            return Verdict(
                allowed=allowed,
                remaining=quota.requests - len(seen),
                resets_after=quota.seconds - (now - seen[0]),
            )
