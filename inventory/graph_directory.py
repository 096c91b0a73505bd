"""A tenant read through Microsoft Graph: which requests are made, and how their answers are joined."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec

from inventory import convert
from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.graph import Answer, GraphConnection
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    CredentialActivity,
    FederatedCredential,
    ManagedIdentity,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignIn,
    SignInHistory,
    TenantId,
)
from inventory.wire import WireIdentified, WirePage

# $select is left out on purpose: naming keyCredentials there costs the limit of 150 requests a minute for the whole
# tenant ("List applications"), and dates and ids come without it. Graph expands at most one relation a request, and
# at most 20 rows of it; an application cannot have more than 20 federated credentials.
_OWNERS = "$expand=owners($select=id,displayName,accountEnabled)"
_APPLICATIONS = f"/v1.0/applications?$top=999&{_OWNERS}"
_FEDERATED = "/v1.0/applications?$top=999&$select=id&$expand=federatedIdentityCredentials"
_SERVICE_PRINCIPALS = f"/v1.0/servicePrincipals?$top=999&{_OWNERS}"
_ACTIVITY = "/beta/reports/appCredentialSignInActivities?$top=999"
_SIGN_INS = "/beta/auditLogs/signIns"
_SERVICE_PRINCIPAL_EVENTS = "signInEventTypes/any(t: t eq 'servicePrincipal')"
_USER_EVENTS = "(signInEventTypes/any(t: t eq 'interactiveUser') or signInEventTypes/any(t: t eq 'nonInteractiveUser'))"
_MANY_USERS = "users sign in to it so often that not every record was read, and any of them may have used a secret"
_ODATA = "()',:"  # stand as they are in a query (RFC 3986, 3.4)
_COVERAGE_AGE = timedelta(minutes=5)  # the log's limit is 5 requests in 10 s; its far end moves only with time

_Value = TypeVar("_Value")
_Page = Answer[WirePage]


class GraphDirectory:
    """Implements ``inventory.directory.Directory`` on a connection that the caller opens and closes.

    With ``measure_users`` the log of user sign-ins limits every history, not only one that shows any.
    """

    def __init__(self, connection: GraphConnection, *, measure_users: bool = False) -> None:
        self._connection = connection
        self._measure_users = measure_users
        self._coverage: dict[str, tuple[datetime, datetime | None]] = {}

    async def tenant(self) -> TenantId:
        """Return the tenant's id: from ``/organization`` or, where that needs a permission we lack, from our token."""
        try:
            answer = await self._connection.get("/v1.0/organization?$select=id", WirePage)
        except (PermissionMissingError, ReadFailedError):
            told = await self._connection.token_tenant()
        else:
            found = [msgspec.json.decode(row, type=WireIdentified).id for row in answer.value.value]
            told = TenantId(found[0]) if found else None
        if told is None:
            raise ReadFailedError("the tenant did not tell its id; grant Organization.Read.All")
        return TenantId(told.lower())

    async def now(self) -> datetime:
        """Return the tenant's own time; one row of a listing, which needs no permission that the scan does not need."""
        return _dated(await self._connection.get("/v1.0/applications?$top=1&$select=id", WirePage))

    async def applications(self) -> AsyncIterator[tuple[Application | ScanNote, ...]]:
        """Yield all applications; owners come with them, federated credentials from a listing read alongside.

        At most 20 owners of an application are told, which is how far Graph expands.
        """
        listed, trusted = _ahead(self._pages(_APPLICATIONS)), _ahead(self._pages(_FEDERATED))
        async with aclosing(listed) as pages, aclosing(trusted) as more:
            federated = _FederatedListing(more)
            async for page in pages:
                yield tuple([convert.application(row, await federated.of(row)) for row in page.value.value])

    async def service_principals(self) -> AsyncIterator[tuple[ServicePrincipal | ManagedIdentity | ScanNote, ...]]:
        """Yield all service principals, managed identities among them."""
        async for page in _ahead(self._pages(_SERVICE_PRINCIPALS)):
            yield tuple(convert.service_principal(row) for row in page.value.value)

    async def credential_activity(self) -> AsyncIterator[tuple[CredentialActivity | ScanNote, ...]]:
        """Yield the beta report of credential use; PermissionMissingError without AuditLog.Read.All."""
        async for page in _ahead(self._pages(_ACTIVITY)):
            yield tuple(convert.activity(row) for row in page.value.value)

    async def application(self, object_id: ApplicationId, *, federated: bool = True) -> Application | None:
        """Return one application as it is now, None where Graph answers 404; ``federated`` costs a second request."""
        url = f"/v1.0/applications/{quote(object_id, safe='')}?{_OWNERS}"
        raw = await self._one(url)
        if raw is None:
            return None
        trusted = await self.federated_credentials(object_id) if federated else None
        return _understood(convert.application(raw, trusted))

    async def service_principal(self, object_id: ServicePrincipalId) -> ServicePrincipal | None:
        """Return one service principal as it is now; None where Graph answers 404 or it is a managed identity."""
        return await self._principal(f"/v1.0/servicePrincipals/{quote(object_id, safe='')}?{_OWNERS}")

    async def principal_of(self, client_id: ClientId) -> ServicePrincipal | None:
        """Return the service principal of an application as it is now; None where Graph answers 404 or as above.

        The client id is the alternate key ``appId`` ("Get servicePrincipal").
        """
        key = quote(_literal(client_id), safe="'")
        return await self._principal(f"/v1.0/servicePrincipals(appId={key})?{_OWNERS}")

    async def federated_credentials(self, object_id: ApplicationId) -> tuple[FederatedCredential, ...]:
        """List the federated credentials of one application; listing is the call that Application.Read.All allows."""
        url = f"/v1.0/applications/{quote(object_id, safe='')}/federatedIdentityCredentials"
        rows = [row async for page in self._pages(url) for row in page.value.value]
        return convert.in_order(_understood(convert.federated_credential(row)) for row in rows)

    async def sign_ins(self, client_id: ClientId, since: datetime) -> SignInHistory:
        """Return the sign-ins since a time (aware), those of users included: a web application redeems codes with it.

        A record that is unreadable, or more sign-ins of users than one page, make the history unknown.
        """
        matching = f"appId eq {_literal(client_id)} and createdDateTime ge {_stamp(since)}"
        rows: list[SignIn | ScanNote] = []
        as_of: datetime | None = None
        try:
            async for page in self._pages(_log_url(f"{_SERVICE_PRINCIPAL_EVENTS} and {matching}", "$top=1000")):
                as_of = as_of or _dated(page)
                rows.extend(convert.sign_in(row) for row in page.value.value)
            users = await self._connection.get(_log_url(f"{_USER_EVENTS} and {matching}", "$top=1000"), WirePage)
            rows.extend(convert.sign_in(row) for row in users.value.value)
            as_of = as_of or await self.now()
            covers_since = await self._covers_since(as_of, users=bool(users.value.value) or self._measure_users)
        except (PermissionMissingError, ReadFailedError) as error:
            return await self._no_history(client_id, str(error))
        notes = [row.text for row in rows if isinstance(row, ScanNote)]
        sign_ins = tuple(sorted((row for row in rows if isinstance(row, SignIn)), key=lambda row: row.at))
        missing = f"{len(notes)} records of the sign-in log are {notes[0]}" if notes else ""
        missing = missing or (_MANY_USERS if users.value.next_link else "")
        return SignInHistory(
            client_id=client_id, as_of=as_of, covers_since=covers_since, sign_ins=sign_ins, missing=missing
        )

    async def _no_history(self, client_id: ClientId, why: str) -> SignInHistory:
        return SignInHistory(client_id=client_id, as_of=await self.now(), covers_since=None, sign_ins=(), missing=why)

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
        answer = await self._connection.get(url, WirePage)
        rows = [_understood(convert.sign_in(row)).at for row in answer.value.value[:1]]
        oldest = rows[0] if rows else None
        self._coverage[events] = (as_of, oldest)
        return oldest

    async def _principal(self, url: str) -> ServicePrincipal | None:
        raw = await self._one(url)
        found = None if raw is None else _understood(convert.service_principal(raw))
        return found if isinstance(found, ServicePrincipal) else None

    async def _one(self, url: str) -> msgspec.Raw | None:
        try:
            answer = await self._connection.get(url, msgspec.Raw)
        except ReadFailedError as error:
            if error.status == 404:  # noqa: PLR2004 - RFC 9110
                return None
            raise
        return answer.value

    async def _pages(self, url: str) -> AsyncIterator[_Page]:
        """Follow ``@odata.nextLink``, which is opaque, to the end ("Paging Microsoft Graph data")."""
        following: str | None = url
        while following:
            page = await self._connection.get(following, WirePage)
            yield page
            if page.value.next_link == following:
                raise ReadFailedError(f"GET {url.partition('?')[0]}: the next page is the same page again")
            following = page.value.next_link


class _FederatedListing:
    """The listing of federated credentials, read as far as it is asked for.

    Graph lists the same collection in the same order twice, so the two listings advance together and little is held;
    in any other order the answer is still right, only more is held.
    """

    def __init__(self, pages: AsyncIterator[_Page]) -> None:
        self._pages = pages
        self._known: dict[str, tuple[FederatedCredential, ...] | None] = {}
        self._ended = False

    async def of(self, row: bytes) -> tuple[FederatedCredential, ...] | None:
        """Return the credentials of the application in a row, None where the listing does not tell."""
        found = convert.federated_of(row)
        if isinstance(found, ScanNote):
            return None
        object_id = found[0]
        while object_id not in self._known and not self._ended:
            await self._advance()
        return self._known.pop(object_id, None)

    async def _advance(self) -> None:
        try:
            page = await anext(self._pages)
        except StopAsyncIteration:
            self._ended = True
            return
        except ReadFailedError as error:
            if error.status != 400:  # noqa: PLR2004 - a cloud that does not know this $expand: unknown, not fatal
                raise
            self._ended = True
            return
        told = (convert.federated_of(row) for row in page.value.value)
        self._known.update(one for one in told if not isinstance(one, ScanNote))


async def _ahead(pages: AsyncIterator[_Value]) -> AsyncGenerator[_Value, None]:
    """Fetch the next page while the present one is being used."""

    async def following() -> _Value:
        return await anext(pages)

    task = asyncio.ensure_future(following())
    try:
        while True:
            try:
                page = await task
            except StopAsyncIteration:
                return
            task = asyncio.ensure_future(following())
            yield page
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _understood(value: _Value | ScanNote) -> _Value:
    if isinstance(value, ScanNote):
        raise ReadFailedError(f"{value.subject}: {value.text}")
    return value


def _dated(answer: Answer[_Value]) -> datetime:
    if answer.date is None:
        raise ReadFailedError("the tenant does not tell its time: an answer without a Date header (RFC 9110, 6.6.1)")
    return answer.date


def _log_url(matching: str, rest: str) -> str:
    return f"{_SIGN_INS}?$filter={quote(matching, safe=_ODATA)}&{quote(rest, safe='$=&')}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"  # OData 4.01 URL conventions, 5.1.1.6.1


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
