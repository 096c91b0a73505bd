"""Pages of Microsoft Graph that evidence comes in: where a reading stands, rows that cannot be understood, reports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from inventory.cloud import Cloud
from inventory.directory import Page
from inventory.errors import CursorExpiredError, InventoryError, ReadFailedError
from inventory.evidence_source import Entry, EvidenceRequest, unread, why
from inventory.graph import Answer, GraphConnection
from inventory.graph_paging import expired
from inventory.instants import instant
from inventory.logs.extent import Extent
from inventory.model import ScanNote
from inventory.trail import Trail
from inventory.usage import Source, SourceName, Use
from inventory.wire import WireObject, WirePage

_AHEAD = timedelta(days=1)
_GLOBAL_ALONE = "this cloud has no such report"
"""Microsoft Graph beta reference, "List servicePrincipalSignInActivities": of all clouds the global service alone."""
_Wire = TypeVar("_Wire", bound=WireObject)
_Value = TypeVar("_Value")


class Standing(msgspec.Struct, frozen=True):
    """How far a collection was read and what its rows said so far; its text is a cursor."""

    next: str
    """URL of the page to read; empty when there is none."""
    stage: int = 0
    since: datetime | None = None
    until: datetime | None = None
    unreadable: int = 0
    reason: str = ""
    """Why the first unreadable row is unreadable."""
    extent: Extent = Extent()
    """The times of a log's records, by which gaps are found."""
    others: Extent = Extent()
    """Those of records that are kept with them and are not of the same kind."""
    trail: Trail = Trail()

    def text(self) -> str:
        """Return what ``standing`` understands."""
        return msgspec.json.encode(self).decode()

    def seen(self, moment: datetime | None) -> Standing:
        """Return it with one more row of a time."""
        if moment is None:
            return self
        since, until = min(self.since or moment, moment), max(self.until or moment, moment)
        return msgspec.structs.replace(self, since=since, until=until)

    def failed(self, note: ScanNote) -> Standing:
        """Return it with one more row that cannot be understood."""
        return msgspec.structs.replace(self, unreadable=self.unreadable + 1, reason=self.reason or note.text)

    def after(self, page: Answer[WirePage]) -> Standing:
        """Return it as it is once a page was read; one that leads in a circle is refused."""
        following, trail = page.value.next_link or "", self.trail.after(self.next)
        if trail.meets(following):
            raise ReadFailedError("the next page is one that was read before")
        return msgspec.structs.replace(self, next=following, trail=trail)


def standing(cursor: str | None, first: str) -> Standing:
    """Return where to go on, or the begin for None; CursorExpiredError for a text that is no cursor of ours."""
    if cursor is None:
        return Standing(first)
    try:
        return msgspec.json.decode(cursor, type=Standing)
    except msgspec.DecodeError:
        raise CursorExpiredError("what an earlier run left cannot be read") from None


async def page_of(connection: GraphConnection, position: Standing) -> Answer[WirePage]:
    """Read the page at a position, at the pace that the reports' own limit allows (``inventory.quotas``).

    CursorExpiredError where the position is a link that an answer gave and that is no longer good.
    """
    if not connection.reaches(position.next):
        raise CursorExpiredError("the log cannot go on where it stopped (it was read at another address)")
    try:
        return await connection.get(position.next, WirePage, low=True)
    except ReadFailedError as error:
        if position.next.startswith("/"):
            raise
        raise expired(error) from None


def understood(what: str, shape: type[_Wire], raw: msgspec.Raw, value: Callable[[_Wire], _Value]) -> _Value | ScanNote:
    """Decode one row and make a value of it; a note where that fails, without any text of the row's own."""
    try:
        return value(msgspec.json.decode(raw, type=shape))
    except msgspec.MsgspecError as error:  # names the field and the types, never the value
        return ScanNote(subject=what, text=f"unreadable: {error}")
    except UnicodeDecodeError:
        return ScanNote(subject=what, text="unreadable: it is not UTF-8")
    except ValueError:
        return ScanNote(subject=what, text="unreadable: it holds a time that is none")


def past(text: str | None, at: datetime) -> datetime | None:
    """Read a time of Graph; ValueError for none, and for one that lies ahead of the tenant's own time by over a day."""
    moment = instant(text)
    if moment is not None and moment > at + _AHEAD:
        raise ValueError("a time to come")
    return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A source that is a report of Graph: rows that say when something was last used, without a window of time.

    A row that is missing says nothing, so a report never shows that something was not used.
    """

    name: SourceName
    url: str
    row: Callable[[msgspec.Raw, datetime], tuple[Use, ...] | ScanNote]
    """Makes values of one row; the time is the tenant's own."""
    sees: tuple[str, ...]
    blind_spots: tuple[str, ...]

    def wanted(self, request: EvidenceRequest) -> bool:
        """Whether there is a Graph to ask."""
        return request.graph is not None

    def place(self, request: EvidenceRequest) -> str:  # noqa: ARG002 - the tenant's own report
        """Return the same always: a scan goes on in its own tenant alone."""
        return self.url

    async def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Entry]]:
        """Yield the report page by page."""
        if request.graph is None:
            return
        entries: tuple[Entry, ...] = ()
        try:
            position = standing(cursor, self.url)
            while position.next:
                entries, position = await self._page(request.graph, position, request.at)
                if position.next:
                    yield Page(entries=entries, cursor=position.text())
            yield Page(entries=(*entries, self._source(request.at, position)), cursor=None)
        except CursorExpiredError:
            raise
        except InventoryError as error:
            said = why(error) if request.graph.cloud is Cloud.PUBLIC else f"{_GLOBAL_ALONE} ({why(error)})"
            source = unread(self.name, request.at, said, blind_spots=self.blind_spots)
            yield Page(entries=(source,), cursor=None)

    async def _page(
        self, connection: GraphConnection, position: Standing, at: datetime
    ) -> tuple[tuple[Entry, ...], Standing]:
        page = await page_of(connection, position)
        following = position.after(page)
        entries: list[Entry] = []
        for raw in page.value.value:
            uses = self.row(raw, at)
            if isinstance(uses, ScanNote):
                entries.append(uses)
                following = following.failed(uses)
                continue
            entries.extend(uses if connection.cloud is Cloud.PUBLIC else _seen_alone(uses))
            for use in uses:
                following = following.seen(use.last)
        return tuple(entries), following

    def _source(self, at: datetime, position: Standing) -> Source:
        return Source(
            name=self.name,
            read_at=at,
            since=None,
            until=position.until,
            retention_days=None,
            missing=lost(position, "rows"),
            blind_spots=self.blind_spots,
            sees=self.sees,
        )


def _seen_alone(uses: Iterable[Use]) -> Iterator[Use]:
    """Yield what a report shows without what it tells by silence, which is documented of the global service alone.

    Of users' sign-ins that is all the time after the last one; what has a begin is one sign-in and nothing else.
    """
    for use in uses:
        last = use.last or use.last_success
        if not use.delegated:
            yield use
        elif last is not None:
            yield replace(use, first=last)


def lost(position: Standing, what: str) -> str:
    """Say what of a reading could not be understood; empty where everything could."""
    if not position.unreadable:
        return ""
    return f"{position.unreadable} {what} cannot be read ({position.reason}): usage is unknown"
