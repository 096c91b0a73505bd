"""The wire to Microsoft Graph: sign-in, one request at a time, errors. The only module here that knows the SDK.

Requests run through the request adapter and the middleware of msgraph-sdk (retry of 429, 503 and 504, telemetry) and
come back as bytes, which msgspec decodes: the typed models of the SDK cost two to three orders of magnitude more time.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter

from inventory import graph_transport
from inventory.cloud import Cloud
from inventory.errors import InventoryError, ReadFailedError
from inventory.graph_settings import GraphSettings, checked_origin, origin
from inventory.mending import decoded
from inventory.model import TenantId
from inventory.quotas import Quotas
from inventory.refusals import refused, sign_in_failed, unreachable
from inventory.sign_in import credential

__all__ = ["Answer", "GraphConnection", "GraphSettings"]

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3  # of a read whose connection or answer broke; other refusals are retried by the middleware
_ATTEMPTS_OF_A_SCAN = 6
_SUCCESS = range(200, 300)
_UNAUTHORIZED = 401
_PASSING = frozenset({408, 500, 502})  # what the middleware does not repeat, and a read may
_PATIENT = _PASSING | {429, 503, 504}  # a scan has more time than the middleware has patience
_BROKEN = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_LOW = {graph_transport.PRIORITY: "Low"}
_NO_HEADERS: Mapping[str, str] = {}
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[_Value]):
    """A decoded answer and the tenant's own time when it was given (``Date``; None where the header is missing)."""

    value: _Value
    date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str]


class GraphConnection:
    """A signed-in connection: ``async with GraphConnection(settings) as connection``.

    The credential is that of ``inventory.sign_in``, unless one is given (the caller then closes it).
    Every method raises only errors of ``inventory.errors``: TenantUnreachableError, SignInFailedError,
    PermissionMissingError, ReadFailedError. Reads of ``low`` priority are a scan's: they wait for their turn, and
    Graph drops them first where others need the tenant.
    """

    def __init__(self, settings: GraphSettings, given: AsyncTokenCredential | None = None) -> None:
        self._settings = settings
        self._given = given
        self._heard = False

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._origin = checked_origin(settings.endpoint)
        try:
            context = ssl.create_default_context(cafile=settings.bundle) if settings.bundle else True
        except OSError as error:
            raise unreachable(settings.endpoint, f"the certificates in {settings.bundle}: {error.strerror}") from None
        self._opened: list[AsyncTokenCredential] = []
        self._client = graph_transport.client(context, Quotas() if settings.paced else None)
        self._use(self._given or self._open())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await graph_transport.close(self._client)
        for opened in self._opened:
            await opened.close()

    @property
    def endpoint(self) -> str:
        """The URL below which Graph answers."""
        return self._settings.endpoint

    @property
    def cloud(self) -> Cloud:
        """The cloud that Graph is of."""
        return self._settings.cloud

    async def get(self, url: str, shape: type[_Value], *, low: bool = False) -> Answer[_Value]:
        """Read a path (``/v1.0/...``) or a whole URL from an answer, and decode the body as ``shape`` (msgspec)."""
        return await self.read(url, msgspec.json.Decoder(shape).decode, low=low)

    async def read(
        self,
        url: str,
        decode: Callable[[bytes], _Value],
        *,
        body: bytes | None = None,
        low: bool = False,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer[_Value]:
        """Read as ``get`` does with a decoder that raises msgspec's errors; with a JSON ``body`` it is a POST.

        A POST here is one that changes nothing (``$batch`` of reads): broken connections and answers that end too
        early are asked for again, three times in all, and those of a scan six times.
        """
        attempts = _ATTEMPTS_OF_A_SCAN if low else _ATTEMPTS
        method = "GET" if body is None else "POST"
        call = _Call(method=method, url=url, body=body, headers={**headers, **_LOW} if low else headers)
        for attempt in range(1, attempts + 1):
            last = attempt == attempts
            response = await self._answered(call, attempts=attempts)
            if response.status_code in _SUCCESS:
                try:
                    return Answer(value=decoded(decode, response.content), date=_date(response))
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    if last or isinstance(error, msgspec.ValidationError | RecursionError):
                        raise _not_understood(call, response, error) from None
            elif last or response.status_code not in (_PATIENT if low else _PASSING):
                raise self._refused(call, response)
            _LOG.debug("%s: the answer is broken (%d), attempt %d", call.method, response.status_code, attempt)
            await asyncio.sleep(0.05 * 2**attempt)
        raise AssertionError("there is at least one attempt")

    async def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Send a request that changes something (``body`` is JSON) and return the answer's body, None where empty.

        The middleware repeats it after 429, 503 and 504, so it must not hurt when done twice; a broken connection
        is not retried here, because nobody knows whether the change was made.
        """
        call = _Call(method=method, url=url, body=body, headers=headers or {})
        response = await self._answered(call, attempts=1)
        if response.status_code not in _SUCCESS:
            raise self._refused(call, response)
        return response.content or None

    async def token_tenant(self) -> TenantId | None:
        """Return the tenant that issued our own token (claim ``tid``), None where the token does not say."""
        try:
            token = await self._credential.get_token(self._settings.scope, tenant_id=self._settings.tenant_id)
        except AzureError as error:
            raise sign_in_failed(str(error), self._settings.authority, self._settings.variables) from None
        return _issuing_tenant(token.token)

    def _open(self) -> AsyncTokenCredential:
        made = credential(self._settings)
        self._opened.append(made)
        return made

    def _use(self, used: AsyncTokenCredential) -> None:
        settings = self._settings
        provider = AzureIdentityAuthenticationProvider(
            used,
            options={"tenant_id": settings.tenant_id} if settings.tenant_id else None,
            scopes=[settings.scope],
            allowed_hosts=[urlsplit(settings.endpoint).hostname or ""],
        )
        self._credential = used
        self._adapter = GraphRequestAdapter(provider, self._client)
        self._adapter.base_url = settings.endpoint

    async def _answered(self, call: _Call, *, attempts: int) -> httpx.Response:
        """Return an answer; a 401 is asked again once with a new token.

        A credential keeps its token for as long as our own clock says; the tenant may see that otherwise, because the
        token was revoked or because a clock is wrong. Nothing was done for a 401, so that changes are asked again too.
        Of several chains that are refused at the same time, the first one signs in for all.
        """
        used = self._credential
        response = await self._persistent(call, attempts)
        if response.status_code == _UNAUTHORIZED and self._given is None:
            if self._credential is used:
                self._use(self._open())
            response = await self._persistent(call, attempts)
        return response

    def _refused(self, call: _Call, response: httpx.Response) -> InventoryError:
        target = str(response.request.url).removeprefix(self.endpoint)
        return refused(call.method, target, response.status_code, response.content)

    async def _persistent(self, call: _Call, attempts: int) -> httpx.Response:
        for attempt in range(1, attempts + 1):
            try:
                return await self._exchange(self._request(call))
            except _BROKEN as error:
                _LOG.debug("%s: the connection broke, attempt %d of %d", call.method, attempt, attempts)
                if attempt == attempts:
                    raise unreachable(self.endpoint, str(error) or type(error).__name__) from None
                await asyncio.sleep(0.05 * 2**attempt)
        raise AssertionError("attempts is at least 1")

    async def _exchange(self, request: RequestInformation) -> httpx.Response:
        start = time.perf_counter()
        try:
            response = await self._adapter.send_primitive_async(request, "bytes", {})
        except AzureError as error:
            raise sign_in_failed(str(error), self._settings.authority, self._settings.variables) from None
        except _BROKEN:
            raise
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            slow = self._heard and isinstance(error, httpx.TimeoutException)
            if slow or isinstance(error, httpx.DecodingError):  # a damaged answer: neither says that nobody is there
                raise httpx.ReadError(reason) from None  # as a connection that broke
            raise unreachable(self.endpoint, reason) from None
        self._heard = True
        if not isinstance(response, httpx.Response):
            raise ReadFailedError(f"{request.url}: no answer came through the SDK")
        # httpx ties an answer and its stream into a ring, so that megabytes would stay until the collector runs.
        response.stream = httpx.ByteStream(b"")
        _LOG.debug(
            "%s %s %d %.3f s",
            response.request.method,
            request.url.removeprefix(self.endpoint),
            response.status_code,
            time.perf_counter() - start,
        )
        return response

    def _request(self, call: _Call) -> RequestInformation:
        request = RequestInformation(Method[call.method])
        request.url = self._absolute(call.url)
        request.add_request_options([ResponseHandlerOption(graph_transport.Whole())])
        for name, value in call.headers.items():
            request.headers.try_add(name, value)
        request.headers.try_add("Accept", "application/json")  # where nothing else is asked for
        if call.body is not None:
            request.content = call.body
            request.headers.try_add("Content-Type", "application/json")
        return request

    def reaches(self, url: str) -> bool:
        """Whether a link is of this Graph; one that was kept may be of another address, which is never followed."""
        try:
            self._absolute(url)
        except ReadFailedError:
            return False
        return True

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


def _not_understood(call: _Call, response: httpx.Response, error: Exception) -> ReadFailedError:
    what = str(error) if isinstance(error, msgspec.MsgspecError) else "not UTF-8"
    return ReadFailedError(f"{call.method} {response.url.path}: the answer cannot be understood ({what})")


def _date(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None


def _issuing_tenant(token: str) -> TenantId | None:
    """Read ``tid`` of a JWT without checking it: it is our own token, and only its issuer is asked for."""
    part = token.split(".")[1:2]
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode((part[0] + "==") if part else b""), type=dict[str, Any])
    except (ValueError, msgspec.DecodeError):
        return None
    tid = claims.get("tid")
    return TenantId(tid) if isinstance(tid, str) else None
