"""The wire to Azure Resource Manager and Azure Resource Graph: sign-in, requests, waits, pages.

Sign-in is that of ``inventory.sign_in``; the requests are plain HTTP with a bearer token, over TLS or to this very
machine only. Everything that is read may be asked for again; of a change its caller says whether it may be repeated.
aiohttp, which azure.identity signs in with anyway, takes a third of the processor time that httpx takes for the many
small answers.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
import msgspec
from aiolimiter import AsyncLimiter
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from yarl import URL

from inventory.arm_answers import WireList, WireRows, quota_wait, refused
from inventory.arm_pace import READS, WRITES, Pace
from inventory.arm_settings import ArmSettings
from inventory.cloud import Cloud
from inventory.errors import InventoryError, ReadFailedError
from inventory.graph_settings import checked_origin, origin
from inventory.refusals import sign_in_failed, unreachable
from inventory.retry_after import retry_after
from inventory.sign_in import credential
from inventory.trail import Trail

_LOG = logging.getLogger(__name__)
_ATTEMPTS: Final = 6
_LONGEST_WAIT: Final = 600.0  # seconds; a scan that is told to wait longer ends, and can be resumed
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=60.0)
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
_UNAUTHORIZED: Final = 401
_RENEWED_BEFORE: Final = 300  # seconds before a token ends
_QUERY: Final = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
_NO_HEADERS: Final[Mapping[str, str]] = {}
_Shape = TypeVar("_Shape")

# "Guidance for throttled requests in Azure Resource Graph": 15 queries in 5 seconds. A bucket lets its size and its
# refill through in one window, so that 5 and 2 a second stay within it.
_QUERIES: Final = (5, 2.5)
_CONNECTIONS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """An answer of any status; the names of the headers are in lower case."""

    asked: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class ArmConnection:
    """A signed-in connection: ``async with ArmConnection(settings) as connection``.

    The credential is that of ``inventory.sign_in``, unless one is given (the caller then closes it).
    Every method raises only errors of ``inventory.errors``.
    """

    def __init__(self, settings: ArmSettings, given: AsyncTokenCredential | None = None) -> None:
        self._settings = settings
        self._given = given
        self._token: AccessToken | None = None
        self._signing_in = asyncio.Lock()
        self._queries = AsyncLimiter(*_QUERIES)
        self._free_at = 0.0
        self._heard = False
        self._paces: dict[tuple[str, str], Pace] = {}

    async def __aenter__(self) -> Self:
        bundle = self._settings.sign_in.bundle
        self._origin = checked_origin(self.endpoint, "Azure Resource Manager")
        try:
            context = ssl.create_default_context(cafile=bundle) if bundle else httpx.create_ssl_context()
        except OSError as error:
            raise unreachable(self.endpoint, f"the certificates in {bundle}: {error.strerror}") from None
        self._opened: list[AsyncTokenCredential] = []
        self._credential = self._given or self._open()
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_TIMEOUT,
        )
        self._proxy = _proxy(self.endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()
        for opened in self._opened:
            await opened.close()

    @property
    def endpoint(self) -> str:
        """The URL below which Azure Resource Manager answers."""
        return self._settings.endpoint

    @property
    def cloud(self) -> Cloud:
        """The cloud that is read."""
        return self._settings.sign_in.cloud

    async def get(self, url: str, shape: type[_Shape]) -> _Shape:
        """Read a path with its query, or a whole URL from an answer, and decode the body as ``shape`` (msgspec)."""
        return _decoded(await self._paced("GET", url), shape)

    async def post(self, url: str, shape: type[_Shape]) -> _Shape:
        """Ask for what only POST tells, and decode it; the body of the request is empty."""
        return _decoded(await self._paced("POST", url), shape)

    async def send(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        repeatable: bool = True,
    ) -> bytes:
        """Make a change and return the answer's body; ``body`` is encoded as JSON.

        One that is not ``repeatable`` is sent once: after a broken connection nobody knows whether it was made, and
        a refusal of its moment (409, 412, 429, 5xx) is the caller's, who has to read again before the next attempt.
        """
        content = None if body is None else msgspec.json.encode(body)
        attempts = _ATTEMPTS if repeatable else 1
        return (await self._paced(method, url, content, headers=headers, attempts=attempts)).content

    async def pages(self, url: str) -> AsyncIterator[list[msgspec.Raw]]:
        """Follow ``nextLink``, which is opaque, to the end."""
        following, trail = url, Trail()
        while following:
            page, trail = await self.get(following, WireList), trail.after(following)
            yield page.value
            following = page.next_link or ""
            if trail.meets(following):
                raise ReadFailedError(f"GET {urlsplit(url).path}: the next page is one that was read before")

    async def query(self, text: str, *, top: int, token: str | None = None, skip: int = 0) -> WireRows:
        """Ask Azure Resource Graph for one page of at most 1,000 rows, in all subscriptions that the account sees."""
        options: dict[str, Any] = {"resultFormat": "objectArray", "$top": top}
        if token:
            options["$skipToken"] = token
        elif skip:
            options["$skip"] = skip
        body = msgspec.json.encode({"query": text, "options": options})
        async with self._queries:
            await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))
            response = await self._answered("POST", self._absolute(_QUERY), body)
        self._free_at = max(self._free_at, time.monotonic() + quota_wait(response.headers))
        return _decoded(response, WireRows)

    async def _paced(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        attempts: int = _ATTEMPTS,
    ) -> _Reply:
        whole = self._absolute(url)
        subscription = urlsplit(whole).path.lower().partition("/subscriptions/")[2].partition("/")[0]
        pace = self._paces.get((method, subscription))
        if pace is None:
            pace = self._paces[method, subscription] = Pace(*(READS if method == "GET" else WRITES))
        await pace.enter()
        try:
            return await self._answered(method, whole, body, pace, headers=headers, attempts=attempts)
        finally:
            pace.leave()

    async def _answered(
        self,
        method: str,
        url: str,
        body: bytes | None,
        pace: Pace | None = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        attempts: int = _ATTEMPTS,
    ) -> _Reply:
        """Return a successful answer; a 401 is asked again once with a new token, as in ``inventory.graph``."""
        token = await self._bearer()
        asked = partial(self._persistent, method, url, body, headers=headers, attempts=attempts, pace=pace)
        response = await asked(token)
        if response.status == _UNAUTHORIZED and self._given is None:
            response = await asked(await self._bearer(instead_of=token))
        if not 200 <= response.status < 300:  # noqa: PLR2004 - RFC 9110
            raise refused(method, urlsplit(url).path, response.status, response.content)
        return response

    async def _persistent(
        self,
        method: str,
        url: str,
        body: bytes | None,
        token: str,
        *,
        headers: Mapping[str, str],
        attempts: int,
        pace: Pace | None,
    ) -> _Reply:
        """Ask until there is an answer that another attempt would not better."""
        for attempt in range(1, attempts + 1):
            response, broken = await self._exchange(method, url, body, headers, token)
            if response is not None and pace is not None:
                pace.learn(response.status, response.headers)
            if response is not None and response.status not in _AGAIN:
                return response
            said = retry_after(response.headers) if response is not None else None
            wait = said if said is not None else min(0.25 * 2**attempt, 30.0)
            if attempt == attempts or wait > _LONGEST_WAIT:
                if response is None:
                    raise unreachable(self.endpoint, broken)
                return response
            _LOG.debug("%s: %s, again in %.1f s", method, broken or "throttled or out", wait)
            await asyncio.sleep(wait)
        raise AssertionError("attempts is at least 1")

    async def _exchange(
        self, method: str, url: str, body: bytes | None, given: Mapping[str, str], token: str
    ) -> tuple[_Reply | None, str]:
        """Return the answer, or None and how the connection broke or that it took too long.

        A host that never answered is an error at once.
        """
        headers = {**given, "Authorization": f"Bearer {token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        start = time.perf_counter()
        try:
            async with self._client.request(
                method, URL(url, encoded=True), data=body, headers=headers, allow_redirects=False, proxy=self._proxy
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientConnectorError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            if self._heard and isinstance(error, TimeoutError):
                return None, reason  # slow, not away
            raise unreachable(self.endpoint, reason) from None
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError) as error:
            return None, str(error) or type(error).__name__
        except (aiohttp.ClientError, ValueError) as error:
            raise unreachable(self.endpoint, str(error) or type(error).__name__) from None
        self._heard = True
        duration = time.perf_counter() - start
        path = urlsplit(url).path
        _LOG.debug("%s %s %d %.3f s", method, path, answer.status, duration)
        told = {name.lower(): value for name, value in answer.headers.items()}
        return _Reply(asked=f"{method} {path}", status=answer.status, headers=told, content=content), ""

    async def _bearer(self, *, instead_of: str | None = None) -> str:
        """Return a token; ``instead_of`` one that was refused: of many requests that met it, one signs in anew."""
        async with self._signing_in:
            known = self._token
            if instead_of is not None and known is not None and known.token == instead_of:
                self._credential, known = self._open(), None
            if known is None or known.expires_on - time.time() < _RENEWED_BEFORE:
                known = self._token = await self._signed_in()
            return known.token

    async def _signed_in(self) -> AccessToken:
        settings = self._settings
        try:
            return await self._credential.get_token(settings.scope, tenant_id=settings.sign_in.tenant_id)
        except AzureError as error:
            raise sign_in_failed(str(error), settings.sign_in.authority, settings.sign_in.variables) from None

    def _open(self) -> AsyncTokenCredential:
        made = credential(self._settings.sign_in)
        self._opened.append(made)
        return made

    def _absolute(self, url: str) -> str:
        """Complete a path; refuse a URL on another host, which would be handed our token (a forged nextLink)."""
        if url.startswith("/"):
            return self.endpoint + url
        try:
            ours = origin(url) == self._origin
        except ValueError:  # no URL at all
            ours = False
        if not ours:
            raise ReadFailedError(f"an answer of {self.endpoint} points to another host: not followed")
        return url


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a host; aiohttp would look it up anew for every request."""
    parts = urlsplit(url)
    proxies = getproxies()
    return None if proxy_bypass(parts.hostname or "") else proxies.get(parts.scheme) or proxies.get("all")


def _decoded(response: _Reply, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(response.content, type=shape)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _not_understood(response, error) from None


def _not_understood(response: _Reply, error: Exception) -> InventoryError:
    """Word an answer that cannot be understood; msgspec names fields and types, never a value."""
    what = str(error) if isinstance(error, msgspec.MsgspecError) else "not UTF-8, or nested too deeply"
    return ReadFailedError(f"{response.asked}: the answer cannot be understood ({what})")
