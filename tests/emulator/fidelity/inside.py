"""A client that calls an emulator's application in this process: thousands of requests, and no exception is lost."""

import asyncio
from types import TracebackType
from typing import Any

import httpx

from migrate.emulator.server import Emulator
from tests.emulator.conftest import World


class Inside(httpx.BaseTransport):
    """Leads requests to the applications behind an emulator's servers, by scheme, as the servers themselves would.

    An exception that an application lets through reaches the test, instead of becoming a 500 and a line in a log.
    """

    def __init__(self, emulator: Emulator) -> None:
        secure, plain = (server.config.app for server in emulator._servers)
        self._loop = asyncio.new_event_loop()
        self._inner: dict[str, Any] = {
            "https": httpx.ASGITransport(app=secure),  # type: ignore[arg-type]  # uvicorn knows more kinds
            "http": httpx.ASGITransport(app=plain),  # type: ignore[arg-type]  # uvicorn knows more kinds
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return self._loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner[request.url.scheme].handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    def close(self) -> None:
        """Close the loop."""
        self._loop.close()


class InsideWorld:
    """A tenant whose every request stays in this process."""

    def __init__(self, **options: Any) -> None:
        self._emulator = Emulator(**options)

    def __enter__(self) -> World:
        running = self._emulator.__enter__()
        self._web = httpx.Client(base_url=running.authority, transport=Inside(running))
        return World(emulator=running, web=self._web)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.close()
        self._emulator.__exit__(kind, error, trace)
