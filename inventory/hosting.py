"""What code runs on: the tenant's Azure resources with the identities attached to them, and their settings' names.

Listings come from Azure Resource Graph, settings of sites from Azure Resource Manager, one site after another: no query
tells them. Reader on every subscription is enough for all but those. What is not granted is said in a ScanNote, and the
listing goes on; after the first page, an error ends it, and the cursor of the last page resumes it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from inventory import hosting_convert as convert
from inventory.addresses import AddressBook
from inventory.arm import ArmConnection
from inventory.cloud import Cloud
from inventory.directory import FederatedOf, Page
from inventory.errors import CursorExpiredError, InventoryError, PermissionMissingError, ReadFailedError
from inventory.estate import AssignedIdentity, Host, HostSetting, Subscription
from inventory.hosting_wire import (
    ADDRESSES,
    HOSTS,
    IDENTITIES,
    INTERFACES,
    SUBSCRIPTIONS,
    WireConnections,
    WireSettings,
    WireSignInSettings,
    WireSubscription,
)
from inventory.model import FederatedCredential, ScanNote
from inventory.settings_kind import KnownIds
from inventory.trail import Trail

_ROWS: Final = 1000  # the most that Resource Graph gives in one page
_HOSTS_PAGE: Final = 200  # fewer, because each site among them costs three more requests
_TRUSTS_PAGE: Final = 100
_AT_ONCE: Final = 24  # sites; how many requests that may be is for the limits of their subscriptions to say
_WEB: Final = "2023-12-01"
_LISTED: Final = "/subscriptions?api-version=2022-12-01"
_TRUSTS: Final = "/federatedIdentityCredentials?api-version=2023-01-31"
_SITES: Final = frozenset({"microsoft.web/sites", "microsoft.web/sites/slots"})
_STATIC_SITE: Final = "microsoft.web/staticsites"
_VAULTS: Final[Mapping[Cloud, str]] = {
    Cloud.PUBLIC: "vault.azure.net",
    Cloud.USGOV: "vault.usgovcloudapi.net",
    Cloud.CHINA: "vault.azure.cn",
}
_Value = TypeVar("_Value")


class _Place(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where a listing stands, as its cursor tells it."""

    token: str | None = None
    rows: int = 0
    """How many rows were given: where to go on when the token is no longer known."""
    unread: dict[str, int] = {}
    """What could not be read and why, and of how many resources; told at the end."""

    def cursor(self) -> str:
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unread:
    """Settings that could not be read, and why."""

    reason: str


class Hosting:
    """Reads hosts and identities on a connection that the caller opens and closes.

    ``known`` makes the judgement of settings better: a GUID that is an application's client id needs no telling name.
    """

    def __init__(self, connection: ArmConnection, known: KnownIds | None = None) -> None:
        self._arm = connection
        self._known = replace(known or KnownIds(), vault_domain=_VAULTS[connection.cloud])
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def hosts(self, cursor: str | None = None) -> AsyncIterator[Page[Host | Subscription | ScanNote]]:
        """Yield everything that code runs on or that has an identity, and what of it could not be seen.

        Settings are None where the account may not list them; a note at the end says of how many sites and why.
        """
        place = _place(cursor)
        try:
            notes = () if cursor else await self._subscriptions()
            with AddressBook() as public:
                unknown = await self._public_addresses(public)
                async for rows, extra in self._rows(HOSTS, _HOSTS_PAGE, place):
                    found = [one for row in rows for one in convert.host(row, public, self._known)]
                    entries = await _all(self._completed(one, place) for one in found)
                    ending = () if place.token else (*unknown, *_told("settings", "site", "sites", place))
                    yield Page(entries=(*notes, *extra, *entries, *ending), cursor=_cursor(place))
                    notes = ()
        except InventoryError as error:
            if cursor or place.rows:
                raise
            yield Page(entries=(ScanNote(subject="hosts", text=f"{error}: hosts are unknown"),), cursor=None)

    async def identities(self, cursor: str | None = None) -> AsyncIterator[Page[AssignedIdentity | ScanNote]]:
        """Yield the user-assigned identities that the account sees; a note in place of all where it may see none."""
        place = _place(cursor)
        try:
            async for rows, extra in self._rows(IDENTITIES, _ROWS, place):
                yield Page(entries=(*extra, *(convert.identity(row) for row in rows)), cursor=_cursor(place))
        except InventoryError as error:
            if cursor or place.rows:
                raise
            yield Page(entries=(ScanNote(subject="identities", text=f"{error}: ARM ids are unknown"),), cursor=None)

    async def federated(
        self, identities: Iterable[AssignedIdentity], cursor: str | None = None
    ) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        """Yield the federated credentials of identities whose own Graph could not tell; one request for each.

        The cursor names the last identity that was read; ``identities`` may be larger or smaller the next time.
        """
        place = _place(cursor)
        wanted = sorted(identities, key=lambda one: one.resource_id)
        waiting = [one for one in wanted if one.resource_id > (place.token or "")]
        for start in range(0, len(waiting), _TRUSTS_PAGE):
            batch = waiting[start : start + _TRUSTS_PAGE]
            found = await _all(self._trusts(one, place) for one in batch)
            place.token = batch[-1].resource_id if start + _TRUSTS_PAGE < len(waiting) else None
            ending = () if place.token else _told("federated credentials", "identity", "identities", place)
            yield Page(entries=(*(one for part in found for one in part), *ending), cursor=_cursor(place))

    # --- listings ----------------------------------------------------------------------------------------------------

    async def _rows(
        self, query: str, top: int, place: _Place
    ) -> AsyncIterator[tuple[Sequence[bytes], tuple[ScanNote, ...]]]:
        """Yield pages of rows; ``place`` is where the next one begins when a page is yielded."""
        notes: tuple[ScanNote, ...] = ()
        resumed, trail = place.token is not None, Trail().after(place.token or "")
        while True:
            try:
                page = await self._arm.query(query, top=top, token=place.token, skip=place.rows)
            except ReadFailedError as error:
                if not resumed or error.status != 400:  # noqa: PLR2004 - a token that is no longer known
                    raise
                place.token, resumed, notes = None, False, (_went_on_by_count(place.rows),)
                continue
            if page.skip_token and trail.meets(page.skip_token):
                raise ReadFailedError("Azure Resource Graph: the next page is one that was read before")
            resumed, place.token, trail = False, page.skip_token, trail.after(page.skip_token or "")
            place.rows += len(page.data)
            yield page.data, (*notes, *((_CUT,) if page.cut and page.skip_token is None else ()))
            notes = ()
            if place.token is None:
                return

    async def _whole(self, query: str) -> list[bytes]:
        return [row async for rows, _ in self._rows(query, _ROWS, _Place()) for row in rows]

    async def _subscriptions(self) -> tuple[Subscription | ScanNote, ...]:
        """Return those that are readable as a whole; say which are only listed for the account, or that none is."""
        listed = {_subscription(row) async for rows in self._arm.pages(_LISTED) for row in rows} - {""}
        if not listed:
            text = "no Azure subscription is visible, grant Reader on them: hosts and their settings are unknown"
            return (ScanNote(subject="hosts", text=text),)
        readable = {_subscription(row) for row in await self._whole(SUBSCRIPTIONS)}
        text = "Reader not granted on the whole of it: hosts and identities in it may be missing"
        whole = (Subscription(id=one) for one in sorted(listed & readable))
        return *whole, *(ScanNote(subject=f"subscription {one}", text=text) for one in sorted(listed - readable))

    async def _public_addresses(self, book: AddressBook) -> tuple[ScanNote, ...]:
        """Join what the networks tell of machines; where they do not, the machines are told without addresses."""
        try:
            async for rows, _ in self._rows(ADDRESSES, _ROWS, _Place()):
                convert.addresses(rows, book)
            if book:
                async for rows, _ in self._rows(INTERFACES, _ROWS, _Place()):
                    convert.interfaces(rows, book)
        except (PermissionMissingError, ReadFailedError) as error:
            book.forget()
            return (ScanNote(subject="hosts", text=f"{_reason(error)}: public addresses of machines are unknown"),)
        return ()

    # --- settings ----------------------------------------------------------------------------------------------------

    async def _completed(self, one: Host | ScanNote, place: _Place) -> Host | ScanNote:
        if isinstance(one, ScanNote) or one.type not in {*_SITES, _STATIC_SITE}:
            return one
        async with self._slots:
            settings = await self._settings(one)
            if isinstance(settings, _Unread):
                _count(place, settings.reason)
            else:
                one = replace(one, settings=convert.in_order(settings))
            return await self._with_sign_in(one, place) if one.type in _SITES else one

    async def _settings(self, site: Host) -> list[HostSetting] | _Unread:
        """Read the settings of a site; of the values nothing is kept."""
        try:
            if site.type == _STATIC_SITE:
                listed = await self._arm.post(_below(site, "listAppSettings"), WireSettings)
                return convert.app_settings(listed, self._known)
            listed = await self._arm.post(_below(site, "config/appsettings/list"), WireSettings)
            strings = await self._arm.post(_below(site, "config/connectionstrings/list"), WireConnections)
        except (PermissionMissingError, ReadFailedError) as error:
            return _Unread(reason=_reason(error))
        return [*convert.app_settings(listed, self._known), *convert.connection_strings(strings, self._known)]

    async def _with_sign_in(self, site: Host, place: _Place) -> Host:
        """Add what App Service authentication tells, which Reader may read: it names settings, not their values."""
        try:
            told = await self._arm.get(_below(site, "config/authsettingsV2"), WireSignInSettings)
        except (PermissionMissingError, ReadFailedError) as error:
            _count(place, f"App Service authentication: {_reason(error)}")
            return site
        return convert.with_sign_in(site, told)

    async def _trusts(self, one: AssignedIdentity, place: _Place) -> list[FederatedOf | ScanNote]:
        async with self._slots:
            try:
                rows = [row async for page in self._arm.pages(one.resource_id + _TRUSTS) for row in page]
            except (PermissionMissingError, ReadFailedError) as error:
                _count(place, _reason(error))
                return []
        found = [convert.trust(row) for row in rows]
        understood = [each for each in found if isinstance(each, FederatedCredential)]
        notes = [each for each in found if isinstance(each, ScanNote)]
        if notes:  # a part would read as the whole
            return list(notes)
        in_order = tuple(sorted(understood, key=lambda each: (each.name, each.id)))
        return [FederatedOf(holder_id=one.principal_id, federated=in_order)]


_CUT: Final = ScanNote(subject="hosts", text="Azure Resource Graph left rows out: resources may be missing")


def _went_on_by_count(rows: int) -> ScanNote:
    text = f"the listing went on after {rows} rows by their number: what came or went meanwhile may be missing"
    return ScanNote(subject="hosts", text=text)


def _below(site: Host, path: str) -> str:
    return f"{site.resource_id}/{path}?api-version={_WEB}"


def _subscription(row: bytes) -> str:
    try:
        return msgspec.json.decode(row, type=WireSubscription).subscription_id.lower()
    except (msgspec.DecodeError, ValueError):
        return ""


def _place(cursor: str | None) -> _Place:
    try:
        return msgspec.json.decode(cursor, type=_Place) if cursor else _Place()
    except (msgspec.DecodeError, ValueError):
        raise CursorExpiredError("a place in a listing of Azure that is none: begin the listing anew") from None


def _cursor(place: _Place) -> str | None:
    return place.cursor() if place.token else None


def _count(place: _Place, reason: str) -> None:
    place.unread = dict(Counter(place.unread) + Counter({reason: 1}))


def _told(what: str, one: str, many: str, place: _Place) -> tuple[ScanNote, ...]:
    return tuple(
        ScanNote(subject=what, text=f"{what} of {number} {one if number == 1 else many} could not be read: {reason}")
        for reason, number in sorted(place.unread.items())
    )


def _reason(error: PermissionMissingError | ReadFailedError) -> str:
    """Say why in words that are the same for every site, so that sites can be counted by them."""
    if isinstance(error, PermissionMissingError):
        return f"{error.permission} not granted"
    if error.status is None:
        return "the answer cannot be understood"
    return f"Azure Resource Manager answered {error.status}{f' ({error.code})' if error.code else ''}"


async def _all(jobs: Iterable[Coroutine[None, None, _Value]]) -> list[_Value]:
    """Run all and return what they return, in order; when one fails, stop the others and raise its error alone."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
