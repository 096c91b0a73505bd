"""Sockets on loopback and the servers behind them."""

import asyncio
import socket
import threading
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from migrate.emulator.errors import EmulatorPortError
from migrate.emulator.faults.connection import ReachableProtocol
from migrate.emulator.proxy import Proxy, serve_proxy

LOOPBACK: Final = "127.0.0.1"
"""The only address that the emulator ever listens on."""
_LARGEST_PORT: Final = 65_535
_BACKLOG: Final = 512


class PromptServer(uvicorn.Server):
    """A server that says when it is up and ends without waiting for clients that keep idle TLS connections open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, without waiting for connections on which nothing is being answered."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await asyncio.sleep(0)
        await super().shutdown(sockets)


def make_server(app: ASGIApp, *, certificate: Path | None = None, key: Path | None = None) -> PromptServer:
    """Make the server of an application, over TLS when there is a certificate."""
    config = uvicorn.Config(
        app,
        http=ReachableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    return PromptServer(config)


async def serve_all(
    servers: tuple[PromptServer, PromptServer], sockets: tuple[socket.socket, ...], proxy: Proxy
) -> None:
    """Run the TLS and the plain server and the proxy until both servers are told to end."""
    secure, plain, through = sockets
    stopped = asyncio.gather(servers[0].serve(sockets=[secure]), servers[1].serve(sockets=[plain]))
    await serve_proxy(proxy, through, stopped)


def bind(port: int) -> socket.socket:
    """Listen on a loopback port, 0 for any free one; EmulatorPortError when it cannot be had."""
    if not 0 <= port <= _LARGEST_PORT:
        raise EmulatorPortError(port, "ports go from 0 to 65535")
    # The protocol is named because asyncio turns Nagle's algorithm off (40 ms a request) only where it is.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise EmulatorPortError(port, error.strerror or str(error)) from error
    return bound
