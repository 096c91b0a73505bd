"""Keeps reads below the limits of Microsoft Graph, so that nobody is throttled on our account.

Sources: "Microsoft Graph service-specific throttling limits", sections "Identity and access" (a bucket of resource
units per application and tenant, three sizes by the size of the tenant; what each request costs) and "Identity and
access reports" (5 requests in 10 seconds). Limits and costs change: what answers tell (``x-ms-resource-unit``,
``x-ms-throttle-limit-percentage``, ``Retry-After``) goes before what is written here.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec
from aiolimiter import AsyncLimiter

from inventory.retry_after import retry_after

SIZES = (3500, 5000, 8000)
"""Resource units in 10 seconds: tenants of under 50 users, up to 500, more."""
PERIOD = 10.0
REPORTS = 4
"""Requests to reports and logs in 10 seconds; Graph allows 5, and one is left to whoever waits for an answer."""
_SHARE = 0.75  # from 0.8 Graph warns, and may drop requests of low priority
_SMALL_PAGE = 20
_THROTTLED = 429
_COSTS: Mapping[str, int] = {"/applications": 2, "/servicePrincipals/*/appRoleAssignments": 2}
_ID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}")
_VERSION = re.compile(r"^/(v1\.0|beta)(?=/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a request takes out of which bucket."""

    kind: str
    """Path without ids, and the options that matter: requests of one kind cost the same."""
    units: int
    report: bool = False
    low: bool = False


class Quotas:
    """The buckets of one application in one tenant; to be made and used inside one event loop.

    It begins with the smallest size of a bucket and uses three quarters of it. When that is used up, one request goes
    beyond: where its answer bears no warning, the tenant's bucket is a larger one.
    """

    def __init__(self) -> None:
        self._size = 0
        self._proven = False
        self._probing = False
        self._units = _bucket(SIZES[0])
        self._reports = _Window(REPORTS, PERIOD)
        self._costs: dict[str, int] = {}
        self._pauses: dict[bool, float] = {False: 0.0, True: 0.0}

    @property
    def size(self) -> int:
        """The size of the tenant's bucket as far as it is known."""
        return SIZES[self._size]

    async def spend(self, charge: Charge) -> bool:
        """Wait until the request may be made; True for the one that shows whether the bucket is a larger one.

        A request that is not of low priority is counted and never waits: somebody waits for its answer.
        """
        loop = asyncio.get_running_loop()
        pause = self._pauses[charge.report] - loop.time()
        if charge.low and pause > 0:
            await asyncio.sleep(pause)
        if charge.report:
            await self._reports.enter(waits=charge.low)
            return False
        units = self._cost(charge)
        if self._units.has_capacity(units):
            await self._units.acquire(units)
        elif charge.low and not (self._proven or self._probing):
            self._probing = True
            return True
        elif charge.low:
            await self._units.acquire(units)
        return False

    def _cost(self, charge: Charge) -> float:
        return min(self._costs.get(charge.kind, charge.units), self._units.max_rate)

    async def learn(self, charge: Charge, status: int, headers: Mapping[str, str], *, probe: bool = False) -> None:
        """Take in what an answer tells; the names of the headers are in lower case."""
        if status == _THROTTLED:
            now = asyncio.get_running_loop().time()
            self._pauses[charge.report] = max(self._pauses[charge.report], now + (retry_after(headers) or 0.0))
        if charge.report:
            self._reports.leave()
        told = headers.get("x-ms-resource-unit", "")
        if told.isdecimal() and int(told) > 0:
            self._costs[charge.kind] = int(told)
        if probe:
            self._probing = False
            self._proven = status == _THROTTLED or "x-ms-throttle-limit-percentage" in headers
            if not self._proven:
                await self._grow()
            await self._units.acquire(self._cost(charge))

    async def _grow(self) -> None:
        used = self._units.max_rate
        self._size += 1
        self._proven = self.size == SIZES[-1]
        self._units = _bucket(self.size)
        await self._units.acquire(used)

    def abandon(self, charge: Charge, *, probe: bool) -> None:
        """Take in that the answer never came."""
        if charge.report:
            self._reports.leave()
        if probe:
            self._probing = False


class _Window:
    """Lets so many requests through in any period, whichever way the service counts its own.

    A request counts until a period after its answer: nobody knows when it got there. A bucket that refills, as those
    of the resource units, would let nearly twice the number through in its first period.
    """

    def __init__(self, most: int, period: float) -> None:
        self._most = most
        self._period = period
        self._open = 0
        self._ends: deque[float] = deque()
        self._queue = asyncio.Lock()
        self._answered = asyncio.Event()

    async def enter(self, *, waits: bool) -> None:
        """Count a request, after those that wait already; one that does not wait may be one too many."""
        if not waits:
            self._open += 1
            return
        async with self._queue:
            while self._full():
                await self._next_end()
            self._open += 1

    def leave(self) -> None:
        """Take in that an answer came, or that none will."""
        self._open -= 1
        self._ends.append(asyncio.get_running_loop().time() + self._period)
        self._answered.set()

    def _full(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self._ends and self._ends[0] <= now:
            self._ends.popleft()
        return self._open + len(self._ends) >= self._most

    async def _next_end(self) -> None:
        if self._ends:
            await asyncio.sleep(self._ends[0] - asyncio.get_running_loop().time())
        else:
            self._answered.clear()
            await self._answered.wait()


def _bucket(size: int) -> AsyncLimiter:
    return AsyncLimiter(_SHARE * size, _SHARE * PERIOD)


def charge(method: str, path: str, query: str, body: bytes, *, low: bool) -> Charge:
    """Say what a request costs; the parts of a ``$batch`` are charged one by one, the batch itself is not."""
    place = _VERSION.sub("", path)
    if place == "/$batch":
        parts = _parts(body)
        return Charge(kind=f"$batch of {len(parts)}", units=max(1, sum(parts)), low=low)
    report = place.startswith(("/auditLogs/", "/reports/"))
    options = {name.removeprefix("$").lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    kind = "/".join("*" if _ID.fullmatch(segment) else segment for segment in place.split("/"))
    told = ",".join(sorted(options.keys() & {"select", "expand", "top"}))
    return Charge(kind=f"{method} {kind}?{told}", units=_units(method, kind, options), report=report, low=low)


def _units(method: str, kind: str, options: Mapping[str, str]) -> int:
    cost = _COSTS.get(kind, 1) if method == "GET" else 1
    top = options.get("top", "")
    cost -= ("select" in options) - ("expand" in options) + (top.isdecimal() and int(top) < _SMALL_PAGE)
    return max(1, cost)


class _Part(msgspec.Struct):
    method: str
    url: str


class _Parts(msgspec.Struct):
    requests: list[_Part]


def _parts(body: bytes) -> list[int]:
    try:
        parts = msgspec.json.decode(body, type=_Parts).requests
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    split = [(part.method, *part.url.partition("?")) for part in parts]
    return [charge(method, path, query, b"", low=False).units for method, path, _, query in split]
