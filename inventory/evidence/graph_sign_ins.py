"""Microsoft Graph's log of sign-ins by applications and managed identities.

The whole log is read, newest first, and added up on the way: it holds 7 days, or 30 with Entra ID P1 or P2. Every few
pages the rows so far are given out and forgotten, so that memory has an end and a reading can be resumed.

Source: Microsoft Graph beta reference, "signIn resource type" and "List signIns": the credential fields exist in beta
alone, and only interactive sign-ins of users come without a filter on ``signInEventTypes``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec

from inventory.directory import Page
from inventory.errors import CursorExpiredError, InventoryError
from inventory.evidence_pages import Standing, lost, page_of, past, standing, understood
from inventory.evidence_source import USERS, Entry, EvidenceRequest, unread, why
from inventory.graph import GraphConnection
from inventory.ids import guid
from inventory.logs.tally import Key, Tally, key_of
from inventory.model import ScanNote
from inventory.usage import EVERY_KIND, Source, SourceName
from inventory.wire import WirePage, WireSignIn

NAME = SourceName("graph-sign-ins")
_EVENTS = ("servicePrincipal", "managedIdentity")
_PAGES = 4
"""Pages read before the rows so far are given out: 10 s at the log's limit."""
_ROWS = 4_000
"""Rows that are kept until then, about a thousand of a page."""
_BLIND = (
    "it holds 7 days, or 30 with Entra ID P1 or P2: a job that runs less often does not show",
    "a host keeps the token of a managed identity for about 24 hours, so that one record stands for a day of use",
    "sign-ins of an application in other tenants are in their logs",
    USERS,
    "records come minutes to hours late",
)
_WHOLE_DAYS = ((29, 31, 30), (6, 7.5, 7))
"""Age of the oldest record in days, from and below, and the retention that it speaks for."""

_Record = tuple[Key, datetime, bool | None]


class _Row(WireSignIn, frozen=True, gc=False):
    resource_id: str | None = None
    resource_display_name: str | None = None
    sign_in_event_types: list[str] | None = None


class _SignIns:
    name = NAME

    def wanted(self, request: EvidenceRequest) -> bool:
        return request.graph is not None

    def place(self, request: EvidenceRequest) -> str:  # noqa: ARG002 - a scan goes on in its own tenant alone
        return _url(0)

    async def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Entry]]:
        if request.graph is None:
            return
        tally = Tally(NAME)
        try:
            position, pages = standing(cursor, _url(0)), 0
            while position.next:
                position, pages = await _page(request.graph, position, request.at, tally), pages + 1
                if position.next and (pages % _PAGES == 0 or len(tally) >= _ROWS):
                    yield Page(entries=tally.drain(), cursor=position.text())
            yield Page(entries=(*tally.drain(), _source(request.at, position)), cursor=None)
        except CursorExpiredError:
            raise
        except InventoryError as error:
            source = unread(NAME, request.at, why(error), blind_spots=_BLIND)
            yield Page(entries=(*tally.drain(), source), cursor=None)


async def _page(connection: GraphConnection, position: Standing, at: datetime, tally: Tally) -> Standing:
    page = await page_of(connection, position)
    following = _after(position, page.value, position.after(page))
    event, moments = _EVENTS[position.stage], []
    for raw in page.value.value:
        record = understood("sign-in", _Row, raw, lambda row: _record(row, event, at))
        if isinstance(record, ScanNote):
            following = following.failed(record)
            continue
        key, moment, succeeded = record
        tally.add(key, moment, succeeded=succeeded)
        moments.append(moment)
    return _seen(following, moments, own=position.stage == 0)


def _seen(position: Standing, moments: list[datetime], *, own: bool) -> Standing:
    """Take the times of a page in: managed identities use none of the credentials that the window is asked for."""
    spans = [(moment, moment) for moment in moments]
    if not own:
        return msgspec.structs.replace(position, others=position.others.with_seen(spans))
    for moment in (min(moments), max(moments)) if moments else ():
        position = position.seen(moment)
    return msgspec.structs.replace(position, extent=position.extent.with_seen(spans))


def _after(position: Standing, page: WirePage, following: Standing) -> Standing:
    stage = position.stage + 1
    if page.next_link or stage == len(_EVENTS):
        return following
    return msgspec.structs.replace(following, next=_url(stage), stage=stage)


def _url(stage: int) -> str:
    matching = f"signInEventTypes/any(t:%20t%20eq%20'{_EVENTS[stage]}')"
    return f"/beta/auditLogs/signIns?$filter={matching}&$top=1000"


def _record(row: _Row, event: str, at: datetime) -> _Record:
    moment = past(row.created_date_time, at)
    if moment is None or guid(row.app_id) is None:
        raise ValueError("a sign-in without a time or an application")
    if row.sign_in_event_types is not None and event not in row.sign_in_event_types:
        raise ValueError("a sign-in of another kind than was asked for")
    error = row.status.error_code if row.status else None
    key = key_of(
        row.app_id,
        key_id=row.service_principal_credential_key_id,
        thumbprint=row.service_principal_credential_thumbprint,
        federated=row.federated_credential_id,
        credential_type=row.client_credential_type,
        address=row.ip_address,
        resource=row.resource_id or row.resource_display_name,
        counted=error is not None,
    )
    return key, moment, None if error is None else error == 0


def _source(at: datetime, position: Standing) -> Source:
    extent = position.extent.bridged(position.others.seen)
    covered = extent.covered()
    return Source(
        name=NAME,
        read_at=at,
        since=covered[0] if covered else None,
        until=covered[1] if covered else None,
        retention_days=_retention(at, position.since),
        missing=lost(position, "records"),
        blind_spots=(*_BLIND, *extent.gaps()),
        sees=EVERY_KIND,
    )


def _retention(at: datetime, oldest: datetime | None) -> int | None:
    """Tell the retention from the oldest record; a log that was switched on lately does not tell it."""
    age = (at - oldest) / timedelta(days=1) if oldest else 0
    return next((days for least, most, days in _WHOLE_DAYS if least <= age < most), None)


SOURCE = _SignIns()
