"""Every place at which a run can end: each journal entry, each request and each exchange, before and after its effect.

A run is counted through once; then it is ended at each of its points, in a process like this one by an exception that
nothing catches as an error, or really by SIGKILL, and run again. What the tenant and the journal hold in the end must
be what they hold after a run that nobody ended.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import httpx
from yarl import URL

from inventory.model import TenantId
from migrate.entry import Entry
from migrate.exchanged import ExchangeResult
from migrate.journal.store import SqlJournal
from migrate.model import Pairing
from migrate.token_client import AzureTokenExchange

Outcome = TypeVar("Outcome")
_AZURE = ("/subscriptions/", "/providers/", "/secrets/")
"""Beginnings of paths: Azure Resource Manager, and key vaults."""


class Crash(BaseException):
    """The end of the process, as far as the code under test can tell: no handler of errors sees it."""


@dataclass(kw_only=True)
class FaultPoints:
    """Counts the points that a run comes by, and ends it at one of them.

    ``at`` is the number of the point, None to count only; ``kill`` ends the process itself.
    """

    at: int | None = None
    kill: bool = False
    names: list[str] = field(default_factory=list)
    dead: bool = False

    def reach(self, name: str) -> None:
        """Come by a point; a process that has ended does nothing any more."""
        if self.dead:
            raise Crash(name)
        self.names.append(name)
        if self.at == len(self.names) - 1:
            self.dead = True
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise Crash(name)

    @contextmanager
    def installed(self) -> Iterator[FaultPoints]:
        """Put the points around every entry of a journal, every request to Graph and Azure, and every exchange."""
        record, send = SqlJournal.record, httpx.AsyncHTTPTransport.handle_async_request
        ask = aiohttp.ClientSession._request
        exchange = AzureTokenExchange.exchange

        def recorded(journal: SqlJournal, entry: Entry) -> None:
            self.reach(f"before entry {entry.kind}")
            record(journal, entry)
            self.reach(f"after entry {entry.kind}")

        async def sent(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            name = f"{request.method} {request.url.path.rpartition('/providers/')[2].rpartition('/')[2] or '/'}"
            self.reach(f"before {name}")
            response = await send(transport, request)
            try:
                self.reach(f"after {name}")
            except Crash:
                await response.aclose()
                raise
            return response

        async def asked(session: aiohttp.ClientSession, method: str, url: Any, **given: Any) -> aiohttp.ClientResponse:
            path = URL(url).path
            if not path.startswith(_AZURE):  # a sign-in, which is made once in a while
                return await ask(session, method, url, **given)
            name = f"{method} {path.rpartition('/providers/')[2].rpartition('/')[2] or '/'}"
            self.reach(f"before {name}")
            response = await ask(session, method, url, **given)
            try:
                self.reach(f"after {name}")
            except Crash:
                response.close()
                raise
            return response

        async def exchanged(
            real: AzureTokenExchange, pairing: Pairing, tenant: TenantId | None = None
        ) -> ExchangeResult:
            self.reach("before exchange")
            result = await exchange(real, pairing, tenant)
            self.reach("after exchange")
            return result

        SqlJournal.record = recorded  # type: ignore[assignment,method-assign]
        AzureTokenExchange.exchange = exchanged  # type: ignore[assignment,method-assign]
        httpx.AsyncHTTPTransport.handle_async_request = sent  # type: ignore[assignment,method-assign]
        aiohttp.ClientSession._request = asked  # type: ignore[assignment,method-assign]
        try:
            yield self
        finally:
            SqlJournal.record = record  # type: ignore[method-assign]
            AzureTokenExchange.exchange = exchange  # type: ignore[method-assign]
            httpx.AsyncHTTPTransport.handle_async_request = send  # type: ignore[method-assign]
            aiohttp.ClientSession._request = ask  # type: ignore[method-assign]


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What came of ending a run at its points."""

    points: tuple[str, ...]
    """Every point of the run, in order."""
    ended: int
    """At how many of them it was ended."""


def survey(
    *,
    reset: Callable[[], None],
    run: Callable[[], None],
    outcome: Callable[[], Outcome],
    every: int = 1,
    first: int = 0,
) -> Survey:
    """End a run at its points, run it again, and compare.

    Args:
        reset: Put tenant and journal back to where the run begins.
        run: The run; it is called anew after it was ended, and must not catch BaseException.
        outcome: What is compared: what tenant and journal hold, without what is random in it.
        every: Take every so-manyth point, from ``first`` on.
        first: The number of the first point.

    Raises:
        AssertionError: an outcome differs from that of a run which nobody ended; the point is named.

    """
    reset()
    calm = FaultPoints()
    with calm.installed():
        run()
    expected, ended = outcome(), 0
    for at in range(first, len(calm.names), every):
        reset()
        points = FaultPoints(at=at)
        with points.installed():
            ended += _ends(run)
        assert points.dead, f"point {at} ({calm.names[at]}) was not reached: the run is not the same twice"
        run()
        where = f"ended at point {at}: {calm.names[at]}"
        assert (where, outcome()) == (where, expected)
    return Survey(points=tuple(calm.names), ended=ended)


def _ends(run: Callable[[], None]) -> bool:
    """Whether a run is ended; a group of tasks hands the end on in a group of its own."""
    try:
        run()
    except Crash:
        return True
    except BaseExceptionGroup as group:
        if group.split(Crash)[1] is not None:
            raise
        return True
    return False
