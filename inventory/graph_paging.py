"""Listings of Microsoft Graph: one page after the other, from any place in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Generic, TypeVar

from inventory.directory import Page
from inventory.errors import CursorExpiredError, ReadFailedError
from inventory.graph import Answer, GraphConnection
from inventory.model import ScanNote
from inventory.rows import ReadPage
from inventory.trail import Trail

_REFUSED = frozenset({400, 404, 410})  # Directory_ExpiredPageToken, syncStateNotFound, resyncRequired and their kin
_Value = TypeVar("_Value")


class _Chain(Generic[_Value]):
    """Where a listing is, between two pages."""

    def __init__(
        self, connection: GraphConnection, url: str, decode: Callable[[bytes], ReadPage[_Value]], *, low: bool
    ) -> None:
        self._connection = connection
        self._decode = decode
        self._low = low
        self._following: str | None = url
        self._given = not url.startswith("/")
        self._begun = False
        self._trail = Trail().after(url)

    async def next(self) -> Answer[ReadPage[_Value]] | None:
        """Read the next page; None after the last one."""
        here = self._following
        if not here:
            return None
        if not self._begun and not self._connection.reaches(here):
            raise CursorExpiredError("the listing cannot go on where it stopped (it was read at another address)")
        self._begun = True
        try:
            answer = await self._connection.read(here, self._decode, low=self._low)
        except ReadFailedError as error:
            if self._given:
                raise expired(error) from None
            raise
        following = answer.value.next_link
        if following and self._trail.meets(following):
            raise ReadFailedError(f"GET {here.partition('?')[0]}: the next page is one that was read before")
        self._following, self._given, self._trail = following, True, self._trail.after(following or "")
        return answer


async def pages(
    connection: GraphConnection, url: str, decode: Callable[[bytes], ReadPage[_Value]], *, low: bool = False
) -> AsyncIterator[Answer[ReadPage[_Value]]]:
    """Follow ``@odata.nextLink``, which is opaque, to the end ("Paging Microsoft Graph data").

    CursorExpiredError where a link that an answer gave is refused: links are good for a while only, whatever they
    looked like when they were given. A link to another host is never followed.
    """
    chain = _Chain(connection, url, decode, low=low)
    while answer := await chain.next():
        yield answer


async def everything(
    connection: GraphConnection, url: str, decode: Callable[[bytes], ReadPage[_Value]]
) -> list[_Value | ScanNote]:
    """Read a small listing whole."""
    return [entry async for page in pages(connection, url, decode, low=True) for entry in page.value.entries]


async def listing(
    connection: GraphConnection, url: str, cursor: str | None, decode: Callable[[bytes], ReadPage[_Value]]
) -> AsyncIterator[Page[_Value | ScanNote]]:
    """Yield the pages of a listing that begins at ``url``, or go on at ``cursor``; the next page is read ahead.

    A listing is one chain of pages. Graph documents no exact way to cut one into parts that could be read at the same
    time: ``id`` takes no ranges in ``$filter``, ``createdDateTime`` may be null, ``displayName`` is compared by rules
    that are not documented, and a ``$skiptoken`` is only ever given for the next page. Different listings are read at
    the same time instead.
    """
    chain = _Chain(connection, cursor or url, decode, low=True)
    ahead = asyncio.ensure_future(chain.next())
    try:
        while answer := await ahead:
            ahead = asyncio.ensure_future(chain.next())
            yield Page(entries=answer.value.entries, cursor=answer.value.next_link)
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


def expired(error: ReadFailedError) -> CursorExpiredError | ReadFailedError:
    """Return what the failure to read a link that an answer gave means: that it is no longer good, or what it says."""
    if error.status in _REFUSED:
        return CursorExpiredError(f"the listing cannot go on where it stopped ({error})")
    return error


def dated(answer: Answer[_Value]) -> datetime:
    """Return the tenant's time when an answer was given; ReadFailedError where it does not tell."""
    if answer.date is None:
        raise ReadFailedError("the tenant does not tell its time: an answer without a Date header (RFC 9110, 6.6.1)")
    return answer.date


def understood(value: _Value | ScanNote) -> _Value:
    """Return a value that must not be missing; ReadFailedError where it could not be understood."""
    if isinstance(value, ScanNote):
        raise ReadFailedError(f"{value.subject}: {value.text}")
    return value


def literal(text: str) -> str:
    """Write a text as it stands in a query (OData 4.01 URL conventions, 5.1.1.6.1)."""
    return "'" + text.replace("'", "''") + "'"
