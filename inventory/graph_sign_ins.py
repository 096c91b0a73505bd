"""The sign-in log of one application, read through Microsoft Graph beta, and how far back it can see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from inventory import convert
from inventory.errors import CursorExpiredError, PermissionMissingError, ReadFailedError
from inventory.graph import GraphConnection
from inventory.graph_log_extent import APPLICATIONS, USERS, LogExtents, log_url, stamp
from inventory.graph_paging import dated, literal, pages
from inventory.model import ClientId, ScanNote, SignIn, SignInHistory

_MANY_USERS = "users sign in to it so often that not every record was read, and any of them may have used a secret"


class SignInLog:
    """Reads histories, and finds once in a while what the log covers.

    With ``measure_users`` the log of user sign-ins limits every history, not only one that shows any. ``now`` tells
    the tenant's own time where no answer of the log does.
    """

    def __init__(
        self, connection: GraphConnection, now: Callable[[], Awaitable[datetime]], *, measure_users: bool
    ) -> None:
        self._connection = connection
        self._now = now
        self._measure_users = measure_users
        self._extents = LogExtents(connection)
        self._read = convert.sign_ins().page

    async def history(self, client_id: ClientId, since: datetime) -> SignInHistory:
        """Return the sign-ins since a time (aware), those of users included: a web application redeems codes with it.

        A record that is unreadable, or more sign-ins of users than one page, make the history unknown.
        """
        matching = f"appId eq {literal(client_id)} and createdDateTime ge {stamp(since)}"
        rows: list[SignIn | ScanNote] = []
        as_of: datetime | None = None
        try:
            own = log_url(f"{APPLICATIONS} and {matching}", "$top=1000")
            async for page in pages(self._connection, own, self._read):
                as_of = as_of or dated(page)
                rows.extend(page.value.entries)
            users = await self._connection.read(log_url(f"{USERS} and {matching}", "$top=1000"), self._read)
            rows.extend(users.value.entries)
            as_of = as_of or await self._now()
            count = bool(users.value.entries) or self._measure_users
            covers = await self._extents.coverage(since, as_of, users=count)
        except (PermissionMissingError, ReadFailedError, CursorExpiredError) as error:
            return await self._no_history(client_id, str(error))
        notes = [row.text for row in rows if isinstance(row, ScanNote)]
        sign_ins = tuple(sorted((row for row in rows if isinstance(row, SignIn)), key=lambda row: row.at))
        missing = f"{len(notes)} records of the sign-in log are {notes[0]}" if notes else ""
        missing = missing or (_MANY_USERS if users.value.next_link else "")
        return SignInHistory(
            client_id=client_id,
            as_of=as_of,
            covers_since=covers.since,
            gap=covers.gap,
            sign_ins=sign_ins,
            missing=missing,
        )

    async def until(self) -> datetime | None:
        """Return the newest record of the whole tenant's log: what came after it is unknown, whoever signed in.

        None where the log is empty or cannot be read.
        """
        url = log_url(APPLICATIONS, "$orderby=createdDateTime desc&$top=1")
        try:
            answer = await self._connection.read(url, self._read)
        except (PermissionMissingError, ReadFailedError):
            return None
        rows = [row for row in answer.value.entries[:1] if isinstance(row, SignIn)]
        return rows[0].at if rows else None

    async def _no_history(self, client_id: ClientId, why: str) -> SignInHistory:
        return SignInHistory(client_id=client_id, as_of=await self._now(), covers_since=None, sign_ins=(), missing=why)
