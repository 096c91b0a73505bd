"""The wire to Microsoft Graph: sign-in, one request at a time, errors. The only module here that knows the SDK.

Requests run through the request adapter and the middleware of msgraph-sdk (retry of 429, 503 and 504, telemetry) and
come back as bytes, which msgspec decodes: the typed models of the SDK cost two to three orders of magnitude more time.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import math
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.identity.aio import DefaultAzureCredential
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.response_handler import ResponseHandler
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware.middleware import BaseMiddleware
from kiota_http.middleware.options import RedirectHandlerOption, ResponseHandlerOption, RetryHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]
from msgraph_core.middleware import GraphTelemetryHandler  # type: ignore[import-untyped]

from inventory.errors import ReadFailedError, SignInFailedError, TenantUnreachableError
from inventory.model import Cloud, TenantId
from inventory.refusals import refused, sign_in_failed, unreachable

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3  # of a GET whose connection broke; answers are retried by the middleware
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_SUCCESS = range(200, 300)
_UNAUTHORIZED = 401
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_BROKEN = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_Shape = TypeVar("_Shape")

# "National cloud deployments" of the Graph documentation; authorities as azure-identity names them.
_AUTHORITIES: Mapping[Cloud, str] = {
    Cloud.PUBLIC: "https://login.microsoftonline.com",
    Cloud.USGOV: "https://login.microsoftonline.us",
    Cloud.CHINA: "https://login.chinacloudapi.cn",
}
_GRAPHS: Mapping[Cloud, str] = {
    Cloud.PUBLIC: "https://graph.microsoft.com",
    Cloud.USGOV: "https://graph.microsoft.us",
    Cloud.CHINA: "https://microsoftgraph.chinacloudapi.cn",
}
_DOD_GRAPH = "https://dod-graph.microsoft.us"  # same authority as USGOV, an audience of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettings:
    """Where to sign in and where to read.

    ``authority_host`` defaults to AZURE_AUTHORITY_HOST, then to the cloud's; ``graph_endpoint`` to the cloud's.
    ``ca_file`` (PEM) defaults to SSL_CERT_FILE, then REQUESTS_CA_BUNDLE, then to the certificates of the libraries:
    said here once, because the two HTTP libraries below read different variables.
    """

    cloud: Cloud = Cloud.PUBLIC
    tenant_id: str | None = None
    authority_host: str | None = None
    graph_endpoint: str | None = None
    ca_file: Path | None = None

    @property
    def authority(self) -> str:
        """The URL that tokens come from."""
        host = self.authority_host or os.environ.get("AZURE_AUTHORITY_HOST") or _AUTHORITIES[self.cloud]
        return host if "://" in host else f"https://{host}"

    @property
    def endpoint(self) -> str:
        """The URL below which Graph answers, without version and trailing slash."""
        return (self.graph_endpoint or _GRAPHS[self.cloud]).rstrip("/")

    @property
    def scope(self) -> str:
        """What tokens are asked for: always a Graph of Microsoft's, also where the endpoint is another."""
        known = self.endpoint in {*_GRAPHS.values(), _DOD_GRAPH}
        return f"{self.endpoint if known else _GRAPHS[self.cloud]}/.default"

    @property
    def bundle(self) -> str | None:
        """The file of certificate authorities to trust."""
        named = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
        return str(self.ca_file) if self.ca_file else named or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[_Shape]):
    """A decoded answer and the tenant's own time when it was given (``Date``; None where the header is missing)."""

    value: _Shape
    date: datetime | None


class GraphConnection:
    """A signed-in connection: ``async with GraphConnection(settings) as connection``.

    The credential is azure-identity's DefaultAzureCredential, unless one is given (the caller then closes it).
    Every method raises only errors of ``inventory.errors``: TenantUnreachableError, SignInFailedError,
    PermissionMissingError, ReadFailedError.
    """

    def __init__(self, settings: GraphSettings, credential: AsyncTokenCredential | None = None) -> None:
        self._settings = settings
        self._given = credential

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._origin = _checked_origin(settings.endpoint)
        try:
            context = ssl.create_default_context(cafile=settings.bundle) if settings.bundle else True
        except OSError as error:
            raise unreachable(settings.endpoint, f"the certificates in {settings.bundle}: {error.strerror}") from None
        self._opened: list[DefaultAzureCredential] = []
        credential = self._given or self._open()
        self._client = _client(context)
        self._use(credential)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _close(self._client)
        for credential in self._opened:
            await credential.close()

    @property
    def endpoint(self) -> str:
        """The URL below which Graph answers."""
        return self._settings.endpoint

    async def get(self, url: str, shape: type[_Shape]) -> Answer[_Shape]:
        """Read a path (``/v1.0/...``) or a whole URL from an answer, and decode the body as ``shape`` (msgspec)."""
        response = await self._answered("GET", url, None, {}, _ATTEMPTS)
        try:
            value = msgspec.json.decode(response.content, type=shape)
        except (msgspec.DecodeError, ValueError) as error:
            what = str(error) if isinstance(error, msgspec.MsgspecError) else "not UTF-8"
            raise ReadFailedError(f"GET {response.url.path}: the answer cannot be understood ({what})") from None
        return Answer(value=value, date=_date(response))

    async def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Send a request that changes something (``body`` is JSON) and return the answer's body, None where empty.

        The middleware repeats it after 429, 503 and 504, so it must not hurt when done twice; a broken connection
        is not retried here, because nobody knows whether the change was made.
        """
        response = await self._answered(method, url, body, headers or {}, 1)
        return response.content or None

    async def token_tenant(self) -> TenantId | None:
        """Return the tenant that issued our own token (claim ``tid``), None where the token does not say."""
        try:
            token = await self._credential.get_token(self._settings.scope, tenant_id=self._settings.tenant_id)
        except AzureError as error:
            raise sign_in_failed(str(error), self._settings.authority) from None
        return _issuing_tenant(token.token)

    def _open(self) -> AsyncTokenCredential:
        try:
            credential = _credential(self._settings)
        except ValueError as error:  # azure-identity checks the authority and the tenant id
            raise SignInFailedError(f"cannot sign in at {self._settings.authority}: {error}") from None
        self._opened.append(credential)
        return credential

    def _use(self, credential: AsyncTokenCredential) -> None:
        settings = self._settings
        provider = AzureIdentityAuthenticationProvider(
            credential,
            options={"tenant_id": settings.tenant_id} if settings.tenant_id else None,
            scopes=[settings.scope],
            allowed_hosts=[urlsplit(settings.endpoint).hostname or ""],
        )
        self._credential = credential
        self._adapter = GraphRequestAdapter(provider, self._client)
        self._adapter.base_url = settings.endpoint

    async def _answered(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], attempts: int
    ) -> httpx.Response:
        """Return a successful answer; a 401 is asked again once with a new token.

        A credential keeps its token for as long as our own clock says; the tenant may see that otherwise, because the
        token was revoked or because a clock is wrong. Nothing was done for a 401, so that changes are asked again too.
        """
        response = await self._persistent(method, url, body, headers, attempts)
        if response.status_code == _UNAUTHORIZED and self._given is None:
            self._use(self._open())
            response = await self._persistent(method, url, body, headers, attempts)
        if response.status_code not in _SUCCESS:
            target = str(response.request.url).removeprefix(self.endpoint)
            raise refused(method, target, response.status_code, response.content)
        return response

    async def _persistent(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], attempts: int
    ) -> httpx.Response:
        for attempt in range(1, attempts + 1):
            try:
                return await self._exchange(self._request(method, url, body, headers))
            except _BROKEN as error:
                _LOG.debug("%s: the connection broke, attempt %d of %d", method, attempt, attempts)
                if attempt == attempts:
                    raise unreachable(self.endpoint, str(error) or type(error).__name__) from None
                await asyncio.sleep(0.1 * attempt)
        raise AssertionError("attempts is at least 1")

    async def _exchange(self, request: RequestInformation) -> httpx.Response:
        start = time.perf_counter()
        try:
            response = await self._adapter.send_primitive_async(request, "bytes", {})
        except AzureError as error:
            raise sign_in_failed(str(error), self._settings.authority) from None
        except _BROKEN:
            raise
        except httpx.HTTPError as error:
            raise unreachable(self.endpoint, str(error) or type(error).__name__) from None
        if not isinstance(response, httpx.Response):
            raise ReadFailedError(f"{request.url}: no answer came through the SDK")
        _LOG.debug(
            "%s %s %d %.3f s",
            response.request.method,
            request.url.removeprefix(self.endpoint),
            response.status_code,
            time.perf_counter() - start,
        )
        return response

    def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> RequestInformation:
        request = RequestInformation(Method[method])
        request.url = self._absolute(url)
        request.add_request_options([ResponseHandlerOption(_Whole())])
        request.headers.try_add("Accept", "application/json")
        for name, value in headers.items():
            request.headers.try_add(name, value)
        if body is not None:
            request.content = body
            request.headers.try_add("Content-Type", "application/json")
        return request

    def _absolute(self, url: str) -> str:
        """Complete a path; refuse a URL on another host, which would be handed our token (a forged nextLink)."""
        if url.startswith("/"):
            return self.endpoint + url
        try:
            ours = _origin(url) == self._origin
        except ValueError:  # no URL at all
            ours = False
        if not ours:
            raise ReadFailedError(f"an answer of {self.endpoint} points to another host: not followed")
        return url


class _Whole(ResponseHandler):
    """Takes the whole HTTP answer out of the SDK, status and headers included; GraphConnection judges the status."""

    async def handle_response_async(self, response: Any, error_map: Any = None) -> Any:  # noqa: ARG002 - SDK signature
        return response


class _WholeSeconds(BaseMiddleware):
    """Rounds ``Retry-After: 2.128``, as Graph writes it ("throttling guidance"), up to whole seconds.

    The retry handler of kiota above this one understands whole seconds and dates only, and would come back too early.
    """

    async def send(self, request: httpx.Request, transport: httpx.AsyncBaseTransport) -> httpx.Response:
        response = await super().send(request, transport)
        said = response.headers.get("Retry-After", "")
        if said.count(".") == 1 and said.replace(".", "").isdecimal():
            response.headers["Retry-After"] = str(math.ceil(float(said)))
        return response


def _credential(settings: GraphSettings) -> DefaultAzureCredential:
    trust = {"connection_verify": settings.bundle} if settings.bundle else {}
    tenants = [settings.tenant_id] if settings.tenant_id else []
    return DefaultAzureCredential(
        authority=settings.authority,
        additionally_allowed_tenants=tenants,
        retry_total=2,  # an authority that cannot be reached is told after two seconds, not after six
        **trust,
    )


def _client(context: ssl.SSLContext | bool) -> httpx.AsyncClient:  # noqa: FBT001 - httpx takes it this way
    options = {
        RetryHandlerOption.get_key(): RetryHandlerOption(delay=0, max_retries=6),
        RedirectHandlerOption.get_key(): RedirectHandlerOption(should_redirect=False),  # Graph never redirects a read
    }
    middleware = [*KiotaClientFactory.get_default_middleware(options), GraphTelemetryHandler(), _WholeSeconds()]
    client = httpx.AsyncClient(verify=context, timeout=_TIMEOUT)
    GraphClientFactory.create_with_custom_middleware(middleware, client=client)  # changes the client it is given
    return client


async def _close(client: httpx.AsyncClient) -> None:
    """Close the sockets too: the transport that the SDK wraps around ours does not pass ``aclose`` on."""
    wrapped = (client._transport, *client._mounts.values())  # noqa: SLF001 - no public way in msgraph-core 1.5
    await client.aclose()
    for outer in wrapped:
        inner = getattr(outer, "transport", None)
        if isinstance(inner, httpx.AsyncBaseTransport):
            await inner.aclose()


def _checked_origin(endpoint: str) -> tuple[str, str | None, int | None]:
    """Return the origin of an endpoint that may be given a token: TLS, or this very machine."""
    try:
        origin = _origin(endpoint)
    except ValueError:
        origin = ("", None, None)
    scheme, host, _ = origin
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOOPBACK)):
        raise TenantUnreachableError(f"{endpoint} is no address of Graph; give one that begins with https://")
    return origin


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


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
