"""How much of the past the sign-in log of a tenant shows without a gap, found by few requests to Microsoft Graph beta.

A gap is what it is for every source of evidence (``inventory.logs.extent``). The log is not read for it: it is walked,
from each record to the newest of the time after it that is no longer than a silence that passes for quiet.

Source: Microsoft Graph beta reference, "List signIns": ``createdDateTime`` takes ``ge`` and ``le``, and sorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from inventory import convert
from inventory.graph import GraphConnection
from inventory.graph_paging import pages
from inventory.logs.extent import QUIET, SILENCE, Extent
from inventory.model import SignIn

SIGN_INS = "/beta/auditLogs/signIns"
APPLICATIONS = "signInEventTypes/any(t: t eq 'servicePrincipal')"
IDENTITIES = "signInEventTypes/any(t: t eq 'managedIdentity')"
USERS = "(signInEventTypes/any(t: t eq 'interactiveUser') or signInEventTypes/any(t: t eq 'nonInteractiveUser'))"
_ODATA = "()',:"  # stand as they are in a query (RFC 3986, 3.4)
_AGE = timedelta(minutes=5)  # the log's limit is 5 requests in 10 s; what it covers moves only with time
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a log covers."""

    since: datetime | None
    """Begin of the newest time without a gap, not sought further back than asked; None: the log is empty."""
    gap: str = ""
    """What lies before it, in words; empty where that is no gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walked:
    begin: datetime
    at: datetime
    extent: Extent


class LogExtents:
    """Walks the logs of a tenant, and walks on from where it came to as time passes."""

    def __init__(self, connection: GraphConnection) -> None:
        self._connection = connection
        self._read = convert.sign_ins().page
        self._walked: dict[str, _Walked] = {}

    async def coverage(self, since: datetime, as_of: datetime, *, users: bool) -> Coverage:
        """Return what the log covers up to the tenant's time ``as_of``, looked at from a little before ``since`` on.

        With ``users`` the log of their sign-ins must have no gap either; an empty one says nothing, as many tenants
        have no user who signs in. Raises PermissionMissingError, ReadFailedError and CursorExpiredError.
        """
        begin = since - QUIET
        own, others = await self._extent(APPLICATIONS, begin, as_of), Extent()
        if own.silent():
            others = await self._extent(IDENTITIES, begin, as_of)
        found = _coverage(own.bridged(others.seen))
        theirs = await self._extent(USERS, begin, as_of) if users and own.seen else Extent()
        if not theirs.seen:
            return found
        if theirs.silent():
            others = await self._extent(IDENTITIES, begin, as_of)
        also = _coverage(theirs.bridged((*own.seen, *others.seen)))
        return max(found, also, key=lambda one: one.since or as_of)

    async def _extent(self, events: str, begin: datetime, as_of: datetime) -> Extent:
        """Return the times of records, with that of the question: what is silent until then may have stopped."""
        known = self._walked.get(events)
        if known is None or begin < known.begin:
            known = _Walked(begin=begin, at=as_of, extent=await self._walk(events, begin, as_of))
        elif abs(as_of - known.at) >= _AGE:
            here = known.extent.seen[-1][1] if known.extent.seen else known.begin
            seen = (await self._walk(events, here, as_of)).seen
            known = _Walked(begin=known.begin, at=as_of, extent=known.extent.with_seen(seen))
        self._walked[events] = known
        return known.extent.with_seen([(as_of, as_of)]) if known.extent.seen else known.extent

    async def _walk(self, events: str, begin: datetime, as_of: datetime) -> Extent:
        """Return the times of records from a time on, so far apart at most that no gap is passed over."""
        extent, here, end = Extent(), begin, as_of + _AHEAD
        while here < end:
            moments, more = await self._page(events, here, None, low=bool(extent.seen))
            moments = [moment for moment in moments if moment <= end]
            extent = extent.with_seen((moment, moment) for moment in moments)
            if not moments or not more:
                break
            slow, here = max(moments) - here < SILENCE, max(moments)
            if slow:
                extent, here = await self._leaps(events, extent, here, end)
        return extent

    async def _leaps(self, events: str, extent: Extent, here: datetime, end: datetime) -> tuple[Extent, datetime]:
        """Go from a record to the newest within a silence of it, up to the end or a gap; return from where to go on."""
        while here < end:
            moments, _ = await self._page(events, here, here + SILENCE, low=True)
            newest = max(moments, default=here)
            if newest <= here:
                return extent, here + SILENCE
            extent, here = extent.with_seen([(here, newest)]), newest
        return extent, here

    async def _page(
        self, events: str, begin: datetime, end: datetime | None, *, low: bool
    ) -> tuple[list[datetime], bool]:
        """Return the times of the oldest records from a time on, or of the newest up to another; and if there are more.

        A page without a record may lead to one with some ("Paging Microsoft Graph data").
        """
        matching = f"{events} and createdDateTime ge {stamp(begin)}"
        if end is None:
            url = log_url(matching, "$orderby=createdDateTime asc&$top=1000")
        else:
            url = log_url(f"{matching} and createdDateTime le {stamp(end)}", "$orderby=createdDateTime desc&$top=1")
        async for page in pages(self._connection, url, self._read, low=low):
            if page.value.entries:
                # A record that cannot be understood shows no time, so that it only ever makes the log cover less.
                moments = [row.at for row in page.value.entries if isinstance(row, SignIn)]
                return moments, page.value.next_link is not None
        return [], False


def _coverage(extent: Extent) -> Coverage:
    covered = extent.covered()
    gaps = Extent(seen=extent.seen[-2:]).gaps()
    return Coverage(since=covered[0] if covered else None, gap=gaps[0] if gaps else "")


def log_url(matching: str, rest: str) -> str:
    """Return the address of the records that match a filter; ``rest`` are other query options."""
    return f"{SIGN_INS}?$filter={quote(matching, safe=_ODATA)}&{quote(rest, safe='$=&')}"


def stamp(moment: datetime) -> str:
    """Write an aware time (UTC) as it stands in a filter, to the second before it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
