"""The sign-in log of one application, read through Microsoft Graph beta, and how far back it can see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from inventory import convert
from inventory.errors import CursorExpiredError, PermissionMissingError, ReadFailedError
from inventory.graph import GraphConnection
from inventory.graph_paging import dated, literal, pages, understood
from inventory.model import ClientId, ScanNote, SignIn, SignInHistory

_SIGN_INS = "/beta/auditLogs/signIns"
_SERVICE_PRINCIPAL_EVENTS = "signInEventTypes/any(t: t eq 'servicePrincipal')"
_USER_EVENTS = "(signInEventTypes/any(t: t eq 'interactiveUser') or signInEventTypes/any(t: t eq 'nonInteractiveUser'))"
_MANY_USERS = "users sign in to it so often that not every record was read, and any of them may have used a secret"
_ODATA = "()',:"  # stand as they are in a query (RFC 3986, 3.4)
_COVERAGE_AGE = timedelta(minutes=5)  # the log's limit is 5 requests in 10 s; its far end moves only with time


class SignInLog:
    """Reads histories, and measures once in a while what the log covers.

    With ``measure_users`` the log of user sign-ins limits every history, not only one that shows any. ``now`` tells
    the tenant's own time where no answer of the log does.
    """

    def __init__(
        self, connection: GraphConnection, now: Callable[[], Awaitable[datetime]], *, measure_users: bool
    ) -> None:
        self._connection = connection
        self._now = now
        self._measure_users = measure_users
        self._coverage: dict[str, tuple[datetime, datetime | None]] = {}
        self._read = convert.sign_ins().page

    async def history(self, client_id: ClientId, since: datetime) -> SignInHistory:
        """Return the sign-ins since a time (aware), those of users included: a web application redeems codes with it.

        A record that is unreadable, or more sign-ins of users than one page, make the history unknown.
        """
        matching = f"appId eq {literal(client_id)} and createdDateTime ge {_stamp(since)}"
        rows: list[SignIn | ScanNote] = []
        as_of: datetime | None = None
        try:
            own = _log_url(f"{_SERVICE_PRINCIPAL_EVENTS} and {matching}", "$top=1000")
            async for page in pages(self._connection, own, self._read):
                as_of = as_of or dated(page)
                rows.extend(page.value.entries)
            users = await self._connection.read(_log_url(f"{_USER_EVENTS} and {matching}", "$top=1000"), self._read)
            rows.extend(users.value.entries)
            as_of = as_of or await self._now()
            covers_since = await self._covers_since(as_of, users=bool(users.value.entries) or self._measure_users)
        except (PermissionMissingError, ReadFailedError, CursorExpiredError) as error:
            return await self._no_history(client_id, str(error))
        notes = [row.text for row in rows if isinstance(row, ScanNote)]
        sign_ins = tuple(sorted((row for row in rows if isinstance(row, SignIn)), key=lambda row: row.at))
        missing = f"{len(notes)} records of the sign-in log are {notes[0]}" if notes else ""
        missing = missing or (_MANY_USERS if users.value.next_link else "")
        return SignInHistory(
            client_id=client_id, as_of=as_of, covers_since=covers_since, sign_ins=sign_ins, missing=missing
        )

    async def until(self) -> datetime | None:
        """Return the newest record of the whole tenant's log: what came after it is unknown, whoever signed in.

        None where the log is empty or cannot be read.
        """
        url = _log_url(_SERVICE_PRINCIPAL_EVENTS, "$orderby=createdDateTime desc&$top=1")
        try:
            answer = await self._connection.read(url, self._read)
        except (PermissionMissingError, ReadFailedError):
            return None
        rows = [row for row in answer.value.entries[:1] if isinstance(row, SignIn)]
        return rows[0].at if rows else None

    async def _no_history(self, client_id: ClientId, why: str) -> SignInHistory:
        return SignInHistory(client_id=client_id, as_of=await self._now(), covers_since=None, sign_ins=(), missing=why)

    async def _covers_since(self, as_of: datetime, *, users: bool) -> datetime | None:
        """Return the oldest record of the whole tenant: what lies before it is unknown, whoever signed in.

        Where users count, the shorter of the two logs decides; an empty log of users says nothing: many tenants have no
        user who signs in.
        """
        own = await self._oldest(_SERVICE_PRINCIPAL_EVENTS, as_of)
        if own is None or not users:
            return own
        return max(own, await self._oldest(_USER_EVENTS, as_of) or own)

    async def _oldest(self, events: str, as_of: datetime) -> datetime | None:
        known = self._coverage.get(events)
        if known is not None and abs(as_of - known[0]) < _COVERAGE_AGE:
            return known[1]
        url = _log_url(events, "$orderby=createdDateTime asc&$top=1")
        answer = await self._connection.read(url, self._read)
        rows = [understood(row).at for row in answer.value.entries[:1]]
        oldest = rows[0] if rows else None
        self._coverage[events] = (as_of, oldest)
        return oldest


def _log_url(matching: str, rest: str) -> str:
    return f"{_SIGN_INS}?$filter={quote(matching, safe=_ODATA)}&{quote(rest, safe='$=&')}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
