from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from azure.core.credentials import AccessToken

from inventory.graph import GraphConnection, GraphSettings

DATE = "Mon, 02 Mar 2026 10:00:00 GMT"
TOKEN = "header.eyJ0aWQiOiJBQUFBQUFBQS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDAifQ.signature"


class StaticCredential:
    """Hands out one made-up token and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ARG002 - azure-core's signature
        self.asked += 1
        return AccessToken(TOKEN, 4102444800)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        return None


@dataclass
class Request:
    """What the made-up Graph was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class MadeUpGraph:
    """A Graph of scripted answers on loopback: for what the wire can do wrong, below what a tenant can do wrong."""

    answers: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    requests: list[Request] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=dict)
    """Bodies by path or by the whole query, given again and again; ``{url}`` in them is this server's own."""
    url: str = ""

    def answer(self, path: str, body: Any, *, status: int = 200, cut: int = 0, **headers: str) -> None:
        """Add the next answer for a path (without query); the last one is repeated; ``cut`` bytes are left away."""
        self.answers[path].append(self._whole(body, status=status, cut=cut, **headers))

    def _whole(self, body: Any, *, status: int = 200, cut: int = 0, **headers: str) -> bytes:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Date": DATE, "Content-Type": "application/json", **headers, "Content-Length": str(len(raw))}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
        whole = f"HTTP/1.1 {status} Said\r\n{head}Connection: close\r\n\r\n".encode() + raw
        return whole[: len(whole) - cut]

    def _next(self, target: str) -> bytes:
        path, mark, query = target.partition("?")
        page = self.pages.get(mark + query, self.pages.get(path))
        if page is not None:
            return self._whole(json.dumps(page).replace("{url}", self.url).encode())
        script = self.answers[path]
        return script.pop(0) if len(script) > 1 else script[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, target, _ = first.split(" ")
            self.requests.append(Request(method, target, headers, body))
            writer.write(self._next(target))
            await writer.drain()
        finally:
            writer.close()

    @asynccontextmanager
    async def connected(self, **settings: Any) -> AsyncIterator[GraphConnection]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            async with GraphConnection(
                GraphSettings(graph_endpoint=self.url, **settings), StaticCredential()
            ) as connection:
                yield connection
        finally:
            server.close()
            await server.wait_closed()
