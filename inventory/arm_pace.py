"""Keeps requests to Azure Resource Manager below its limits, by what its answers tell. To be used in one event loop.

Source: "Understand how Azure Resource Manager throttles requests": since 2024 a token bucket for each subscription,
account and kind of operation, reads 250 and 25 more a second, writes 200 and 10 more. What is left stands in the answer
(``x-ms-ratelimit-remaining-...``), and that goes before what is written here: a resource provider may have limits of
its own (``...-subscription-resource-requests``, "instead of the subscription reads or writes"), and public traces of
App Service show them for the very requests that list settings: they begin at 11999, where a write has 200.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from inventory.retry_after import retry_after

READS = (250, 25.0)
"""Size of the bucket, and what comes back to it in a second."""
WRITES = (200, 10.0)
"""The same for everything that is no GET, as long as no answer tells otherwise."""
_LEFT = "x-ms-ratelimit-remaining-"
_RESERVE = 20
"""Of the account's own limit, so much is left to whoever else works with it."""
_THROTTLED = 429


class Pace:
    """One bucket: requests wait in ``enter`` for their place, and what their answers tell is given to ``leave``."""

    def __init__(self, size: int, refill: float) -> None:
        self._size = float(size)
        self._refill = refill
        self._level = float(size)
        self._at = self._free_at = 0.0
        self._open = 0
        self._queue = asyncio.Lock()

    async def enter(self) -> None:
        """Wait until a request fits, after those that wait already, and count it."""
        async with self._queue:
            while (wait := self._wait()) > 0:  # noqa: ASYNC110 - a bucket tells nobody when it is full enough
                await asyncio.sleep(wait)
            self._level -= 1
            self._open += 1

    def leave(self) -> None:
        """Take in that a request is over, with an answer or without."""
        self._open -= 1

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in an answer; the names of the headers are in lower case.

        What is on its way is not in the number that an answer tells, so that it comes off.
        """
        now = asyncio.get_running_loop().time()
        if status == _THROTTLED:
            self._free_at = max(self._free_at, now + (retry_after(headers) or 0.0))
        left = remaining(headers)
        if left is not None:
            self._size = max(self._size, float(left))
            self._level = float(left - self._open + 1 - _RESERVE)
            self._at = now

    def _wait(self) -> float:
        now = asyncio.get_running_loop().time()
        self._level = min(self._size, self._level + (now - self._at) * self._refill)
        self._at = now
        return max(self._free_at - now, (1 - self._level) / self._refill)


def remaining(headers: Mapping[str, str]) -> int | None:
    """Return how many requests of a kind are left by the narrowest limit that an answer tells; None: it tells none."""
    told = [int(value) for name, value in headers.items() if name.startswith(_LEFT) and value.isdecimal()]
    return min(told, default=None)
