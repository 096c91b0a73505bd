"""How one collection of a tenant gets into a snapshot: from where it was left, page by page, or a word on why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Protocol

from inventory.directory import Page
from inventory.errors import CursorExpiredError, PermissionMissingError, ReadFailedError
from inventory.evidence_source import EvidenceRequest, EvidenceSource, unread
from inventory.model import ScanNote
from inventory.snapshot import Entry, SnapshotWriter

Listing = Callable[[str | None], AsyncIterator[Page[Entry]]]
"""Reads a collection from a cursor on, or from its beginning."""


class Progress(Protocol):
    """Told the name of a collection, how many of its objects were read, and how many there are (None: not known)."""

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Take note."""


class Collecting:
    """Takes collections into a snapshot that is being written."""

    def __init__(self, writer: SnapshotWriter, progress: Progress) -> None:
        self._writer = writer
        self._progress = progress
        self._totals: dict[str, int] = {}

    def expect(self, name: str, total: int | None) -> None:
        """Take note of how many objects a collection has, for the progress alone."""
        if total is not None:
            self._totals[name] = total

    async def needed(self, name: str, listing: Listing, *, adds_up: bool = False) -> None:
        """Take a collection without which the snapshot is of no use; raises whatever makes it fail.

        One that cannot go on where it stopped is read anew, once. What was read so far stays then, as an object that
        comes again is kept as it came first; but not where rows add up (``adds_up``): they would count twice.
        """
        known = self._writer.progress(name)
        if known is not None and known.cursor is None:
            self._told(name, known.objects)
            return
        try:
            await self._take(name, listing, known.cursor if known else None)
        except CursorExpiredError:
            if adds_up:
                self._writer.forget(name)
            await self._take(name, listing, None)

    async def wanted(self, name: str, listing: Listing, *, from_azure: Listing | None = None) -> None:
        """Take a collection, from Azure Resource Manager where Graph does not tell it; or note why it is unknown."""
        reason = await self._tried(name, listing)
        if reason and from_azure is not None:
            failed = await self._tried(name, from_azure)
            if not failed:
                text = f"{reason}: read from Azure Resource Manager, which shows what Reader is granted on"
                self._writer.note(ScanNote(subject=_words(name), text=text))
                return
            reason = f"{reason}, nor does Azure tell ({failed})"
        if reason:
            self.unknown(name, reason)

    async def _tried(self, name: str, listing: Listing) -> str:
        """Take a collection; return why that was not possible, empty where it was."""
        try:
            await self.needed(name, listing)
        except PermissionMissingError as error:
            return f"{error.permission} not granted"
        except (ReadFailedError, CursorExpiredError) as error:
            return str(error)
        return ""

    async def evidence(self, source: EvidenceSource, request: EvidenceRequest) -> None:
        """Take a source of evidence, or the word that it could not be read to its end.

        What an earlier run read elsewhere, or before there was more to be read, is forgotten.
        """
        place = await asyncio.to_thread(source.place, request)
        if self._writer.place(source.name) != place:
            self._writer.forget(source.name)
            self._writer.read_from(source.name, place)
        try:
            await self.needed(source.name, partial(source.read, request), adds_up=True)
        except CursorExpiredError as error:
            said = unread(source.name, request.at, str(error))
            self._writer.add(source.name, Page(entries=(said,), cursor=None))

    async def anew(self, name: str, listing: Listing, *, from_azure: Listing | None = None) -> None:
        """Read a collection whose objects are there already, and put each in the place of what was known of it."""
        instead = None if from_azure is None else self._replacing(name, from_azure)
        await self.wanted(name, self._replacing(name, listing), from_azure=instead)

    def _replacing(self, name: str, listing: Listing) -> Listing:
        async def replaced(cursor: str | None) -> AsyncIterator[Page[Entry]]:
            async for page in listing(cursor):
                self._writer.replace(name, *page.entries)
                yield Page(entries=(), cursor=page.cursor)

        return replaced

    def unknown(self, name: str, reason: str) -> None:
        """Note that a collection could not be read."""
        what = _words(name)
        self._writer.note(ScanNote(subject=what, text=f"{reason}: {what} are unknown"))

    async def _take(self, name: str, listing: Listing, cursor: str | None) -> None:
        async for page in listing(cursor):
            self._writer.add(name, page)
            known = self._writer.progress(name)
            self._told(name, known.objects if known else 0)

    def _told(self, name: str, count: int) -> None:
        self._progress(name, count, self._totals.get(name))


def _words(name: str) -> str:
    return name.replace("-", " ")
