"""The HTTP client below a connection to Microsoft Graph: the SDK's middleware, and our own two pieces of it."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
from kiota_abstractions.response_handler import ResponseHandler
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware.middleware import BaseMiddleware
from kiota_http.middleware.options import RedirectHandlerOption, RetryHandlerOption
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]
from msgraph_core.middleware import GraphTelemetryHandler  # type: ignore[import-untyped]

from inventory.quotas import Quotas, charge
from inventory.retry_after import whole_seconds

PRIORITY = "x-ms-throttle-priority"
_LOW = "Low"
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class Whole(ResponseHandler):
    """Takes the whole HTTP answer out of the SDK, status and headers included; GraphConnection judges the status."""

    async def handle_response_async(self, response: Any, error_map: Any = None) -> Any:  # noqa: ARG002 - SDK signature
        """Return the answer as it is."""
        return response


class _WholeSeconds(BaseMiddleware):
    """Writes ``Retry-After`` as whole seconds, rounded up.

    The retry handler of kiota above this one understands whole seconds and dates only: it would come back too early
    after ``2.128``, and it measures dates by the clock of this machine.
    """

    async def send(self, request: httpx.Request, transport: httpx.AsyncBaseTransport) -> httpx.Response:
        response = await super().send(request, transport)
        seconds = whole_seconds(response.headers)
        if seconds is not None:
            response.headers["Retry-After"] = seconds
        return response


class _Paced(BaseMiddleware):
    """Makes every request, repeated ones included, wait for its turn."""

    def __init__(self, quotas: Quotas) -> None:
        super().__init__()
        self._quotas = quotas

    async def send(self, request: httpx.Request, transport: httpx.AsyncBaseTransport) -> httpx.Response:
        low = request.headers.get(PRIORITY) == _LOW
        url = request.url
        body = request.content if url.path.endswith("/$batch") else b""
        cost = charge(request.method, url.path, url.query.decode("ascii", "replace"), body, low=low)
        probe = await self._quotas.spend(cost)
        if probe:  # of low priority it would be dropped where the bucket is nearly empty, which is what it is to show
            del request.headers[PRIORITY]
        try:
            response = await super().send(request, transport)
        except BaseException:
            self._quotas.abandon(cost, probe=probe)
            raise
        finally:
            if probe:
                request.headers[PRIORITY] = _LOW
        await self._quotas.learn(cost, response.status_code, response.headers, probe=probe)
        return response


def client(context: ssl.SSLContext | bool, quotas: Quotas | None) -> httpx.AsyncClient:  # noqa: FBT001 - as httpx
    """Return a client with the middleware of msgraph-sdk; ``quotas`` of None lets requests go when they come."""
    options = {
        RetryHandlerOption.get_key(): RetryHandlerOption(delay=0, max_retries=6),
        RedirectHandlerOption.get_key(): RedirectHandlerOption(should_redirect=False),  # Graph never redirects a read
    }
    middleware = [*KiotaClientFactory.get_default_middleware(options), GraphTelemetryHandler()]
    middleware += [_Paced(quotas)] if quotas else []
    made = httpx.AsyncClient(verify=context, timeout=_TIMEOUT)
    GraphClientFactory.create_with_custom_middleware([*middleware, _WholeSeconds()], client=made)  # changes it
    return made


async def close(made: httpx.AsyncClient) -> None:
    """Close the sockets too: the transport that the SDK wraps around ours does not pass ``aclose`` on."""
    wrapped = (made._transport, *made._mounts.values())  # noqa: SLF001 - no public way in msgraph-core 1.5
    await made.aclose()
    for outer in wrapped:
        inner = getattr(outer, "transport", None)
        if isinstance(inner, httpx.AsyncBaseTransport):
            await inner.aclose()
