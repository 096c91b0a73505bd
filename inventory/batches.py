"""Reads of many single objects, twenty in a request (``$batch``).

Source: "Combine multiple HTTP requests using JSON batching": at most twenty, each judged and throttled by itself,
answers in an order of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from inventory.errors import InventoryError, ReadFailedError
from inventory.graph import GraphConnection
from inventory.refusals import refused
from inventory.retry_after import retry_after
from inventory.wire import WireBatch, WirePart

_LOG = logging.getLogger(__name__)
_MOST = 20
_AT_ONCE = 4
_ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 120.0  # seconds, where an answer does not tell; doubled with every attempt
_NOT_FOUND, _THROTTLED, _FAILED, _BAD_GATEWAY = 404, 429, 500, 502
_SUCCESS = range(200, 300)
_decode = msgspec.json.Decoder(WireBatch).decode
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one read of a batch."""

    url: str
    status: int
    body: bytes

    @property
    def gone(self) -> bool:
        """Whether what was asked for does not exist."""
        return self.status == _NOT_FOUND

    def understood(self, decode: Callable[[bytes], _Value]) -> _Value | InventoryError:
        """Return the decoded body (``decode`` raises msgspec's errors), or the error that stands in its place."""
        if self.status not in _SUCCESS:
            return refused("GET", self.url, self.status, self.body)
        try:
            return decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ReadFailedError(f"GET {self.url.partition('?')[0]}: the answer in a batch cannot be understood")


async def read_each(connection: GraphConnection, version: str, urls: Sequence[str]) -> list[Reply]:
    """Read paths (below ``version``, as ``/applications/...``) and return their replies in the same order.

    A part that was throttled, failed (5xx) or got no answer is asked for again, after as long as the slowest of them
    asked to wait; what still fails after six attempts comes as the reply that it is. Four batches are sent at a time.
    Raises what ``GraphConnection.read`` raises where a whole batch fails.
    """
    replies: dict[str, Reply] = {}
    waiting = list(dict.fromkeys(urls))
    for attempt in range(_ATTEMPTS):
        pause = 0.0
        for some in _chunks(waiting, _MOST * _AT_ONCE):
            parts = await together(*(_batch(connection, version, few) for few in _chunks(some, _MOST)))
            for url, part in (pair for told in parts for pair in told.items()):
                replies[url] = Reply(url=url, status=part.status, body=bytes(part.body))
                pause = max(pause, _pause(part, attempt))
        waiting = [url for url in waiting if _again(replies[url].status)]
        if not waiting:
            break
        if attempt + 1 < _ATTEMPTS:
            _LOG.debug("$batch: %d reads are asked for again in %.1f s", len(waiting), pause)
            await asyncio.sleep(pause)
    return [replies[url] for url in urls]


async def together(*jobs: Coroutine[None, None, _Value]) -> list[_Value]:
    """Run all and return their results in order; when one fails, stop the others and raise its error alone."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except* InventoryError as failures:
        raise _first(failures) from None
    return [task.result() for task in tasks]


def _first(group: BaseExceptionGroup[InventoryError]) -> InventoryError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _chunks(urls: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (urls[start : start + size] for start in range(0, len(urls), size))


async def _batch(connection: GraphConnection, version: str, urls: Sequence[str]) -> Mapping[str, WirePart]:
    named = {str(number): url for number, url in enumerate(urls)}
    headers = {"Accept": "application/json", "x-ms-throttle-priority": "Low"}
    requests = [{"id": name, "method": "GET", "url": url, "headers": headers} for name, url in named.items()]
    body = msgspec.json.encode({"requests": requests})
    answer = await connection.read(f"/{version}/$batch", _decode, body=body, low=True)
    told = {part.id: part for part in answer.value.responses}
    return {url: told.get(name) or WirePart(id=name, status=_BAD_GATEWAY) for name, url in named.items()}


def _again(status: int) -> bool:
    return status == _THROTTLED or status >= _FAILED


def _pause(part: WirePart, attempt: int) -> float:
    if not _again(part.status):
        return 0.0
    said = retry_after({name.lower(): value for name, value in (part.headers or {}).items()})
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt if said is None else said)
