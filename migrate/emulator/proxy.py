"""A forward proxy on loopback that leads the public host names to the embedded tenant, and nothing anywhere else.

Clients that know only their default endpoints reach the emulator through ``HTTPS_PROXY`` and ``HTTP_PROXY``: CONNECT
(RFC 9110 section 9.3.6) for the authority, Microsoft Graph, Azure Resource Manager and vaults, and the absolute form
(RFC 9112 section 3.2.2) for the metadata service. Whatever host is not on the list gets 403 and is remembered, so that
nothing leaks to the Internet and a client that needs more than the emulator has is visible.
"""

import asyncio
import contextlib
import re
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from migrate.emulator.clouds import proxied_host_names
from migrate.emulator.piping import Stream, drain, pipe_both

METADATA_HOSTS: Final = ("169.254.169.254", "imds.emulator.invalid")
"""Names of the metadata service: its real address, which a proxied client may ask for, and one that cannot resolve."""
_HTTPS: Final = 443
_HTTP: Final = 80
_LONGEST_HEAD: Final = 64 * 1024
_LONGEST_NAME: Final = 255
_HEAD_SECONDS: Final = 15.0
_LINGER_SECONDS: Final = 1.0
_MOST_REMEMBERED: Final = 1_000
_LARGEST_PORT: Final = 65_535
_ABSOLUTE: Final = re.compile(r"(?i:http)://(?P<authority>[^/?#]+)(?P<path>[^#]*)(?:#.*)?")
_HOP_BY_HOP: Final = ("connection", "proxy-connection", "keep-alive", "proxy-authorization", "te", "upgrade")
"""Fields that end at a proxy (RFC 9110 section 7.6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    method: str
    target: str
    fields: tuple[tuple[str, str], ...]


class _RefusedError(Exception):
    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class Proxy:
    """Forwards allowed hosts to the emulator's two ports; runs on the emulator's event loop.

    ``tell`` is called with ``host:port`` the first time that a host is refused, on the event loop's thread; ``also``
    says of a name, in lower case, that is on no list whether it is served all the same.
    """

    def __init__(
        self,
        *,
        secure_port: int,
        plain_port: int,
        tell: Callable[[str], None] | None = None,
        also: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._secure = ("127.0.0.1", secure_port)
        self._plain = ("127.0.0.1", plain_port)
        self._secure_hosts = frozenset(proxied_host_names())
        self._tell = tell
        self._also = also
        self._refused: Counter[str] = Counter()
        self._open: set[asyncio.Task[None]] = set()

    @property
    def refused(self) -> dict[str, int]:
        """Hosts that clients asked for in vain, as ``host:port``, with how often; the first thousand."""
        return dict(self._refused)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client connection."""
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._serve((reader, writer))
        finally:
            if task is not None:
                self._open.discard(task)
            writer.close()

    async def close(self) -> None:
        """End every tunnel, idle ones too."""
        open_now = tuple(self._open)
        for task in open_now:
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)

    async def _serve(self, client: Stream) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                raw = await client[0].readuntil(b"\r\n\r\n")
            await self._lead(_parse(raw), client)
        except asyncio.IncompleteReadError:
            return
        except TimeoutError:
            await _refuse(client, "408 Request Timeout", "the request's head took too long")
        except asyncio.LimitOverrunError:
            await _refuse(client, "431 Request Header Fields Too Large", "the request's head is too large")
        except _RefusedError as refused:
            await _refuse(client, refused.status, str(refused))

    async def _lead(self, head: _Head, client: Stream) -> None:
        if head.method == "CONNECT":
            await self._tunnel(head, client)
        else:
            await self._forward(head, client)

    async def _tunnel(self, head: _Head, client: Stream) -> None:
        host, port = _authority(head.target)
        if port != _HTTPS or not (host in self._secure_hosts or self._also(host)):
            raise self._not_served(f"{host}:{port}")
        server = await _connect(self._secure)
        client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await pipe_both(client, server, passes_end=True)

    async def _forward(self, head: _Head, client: Stream) -> None:
        netloc, path = _absolute(head.target)
        host, port = _authority(netloc, _HTTP)
        if host not in METADATA_HOSTS or port != _HTTP:
            raise self._not_served(f"{host}:{port}")
        server = await _connect(self._plain)
        server[1].write(_rewritten(head, path, host))
        await pipe_both(client, server, passes_end=False)

    def _not_served(self, name: str) -> _RefusedError:
        if name in self._refused or len(self._refused) < _MOST_REMEMBERED:
            self._refused[name] += 1
            if self._tell is not None and self._refused[name] == 1:
                self._tell(name)
        return _RefusedError("403 Forbidden", f"the embedded tenant does not serve {name}")


def _parse(raw: bytes) -> _Head:
    lines = raw[:-4].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    known = len(words) == 3 and words[2] in ("HTTP/1.1", "HTTP/1.0")  # noqa: PLR2004 - method, target, version
    if not known or not words[0].isascii() or not words[0].isalpha():
        raise _RefusedError("400 Bad Request", "the request line is malformed")
    return _Head(method=words[0], target=words[1], fields=tuple(_field(line) for line in lines[1:]))


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    hidden = any((letter < " " and letter != "\t") or letter == "\x7f" for letter in line)
    if not colon or not name or not name.isascii() or any(letter.isspace() for letter in name) or hidden:
        raise _RefusedError("400 Bad Request", "a header field is malformed")
    return name, value.strip()


def _authority(text: str, default_port: int | None = None) -> tuple[str, int]:
    """Split ``host:port``; a CONNECT must name the port."""
    host, colon, port = text.rpartition(":")
    if not colon and default_port is not None:
        host, port = text, str(default_port)
    well_formed = host and text.isascii() and text.isprintable() and not set(host) & set(" @/?#")
    if not well_formed or len(host) > _LONGEST_NAME or not port.isdigit() or int(port[:6]) > _LARGEST_PORT:
        raise _RefusedError("400 Bad Request", "the host or port is malformed")
    return host.lower().rstrip("."), int(port[:6])


def _absolute(target: str) -> tuple[str, str]:
    """Split the absolute form into authority and origin form."""
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise _RefusedError("400 Bad Request", "this is a proxy: ask for an absolute http:// address, or CONNECT")
    path = match["path"]
    return match["authority"], path if path.startswith("/") else f"/{path}"


def _rewritten(head: _Head, path: str, host: str) -> bytes:
    # One request for each connection: what follows on it could name another host.
    named = ",".join(value for name, value in head.fields if name.lower() == "connection").lower()
    dropped = {*_HOP_BY_HOP, *(name.strip() for name in named.split(",")), "host"}
    kept = [f"{name}: {value}" for name, value in head.fields if name.lower() not in dropped]
    lines = [f"{head.method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *kept]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _connect(address: tuple[str, int]) -> Stream:
    try:
        return await asyncio.open_connection(*address)
    except OSError:
        raise _RefusedError("502 Bad Gateway", "the embedded tenant does not answer") from None


async def _refuse(client: Stream, status: str, message: str) -> None:
    reader, writer = client
    body = f"{message}\n".encode("ascii", "backslashreplace")
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode("ascii") + b"Connection: close\r\n\r\n" + body)
    await writer.drain()
    writer.write_eof()
    await drain(reader, _LINGER_SECONDS)


async def serve_proxy(proxy: Proxy, bound: socket.socket, stopped: Awaitable[object]) -> None:
    """Serve a proxy on a bound socket until ``stopped`` ends."""
    server = await asyncio.start_server(proxy.handle, sock=bound, limit=_LONGEST_HEAD)
    try:
        await stopped
    finally:
        server.close()
        await proxy.close()
