"""Connections that an application can break: ASGI knows no way to, so the protocol hands its transport along."""

import asyncio
import socket
import struct
from typing import Any, Final

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_KEY: Final = "emulator.transport"
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time; closing then drops what was not sent and resets the connection (RFC 9293, 3.6.1)."""


class ReachableProtocol(H11Protocol):
    """HTTP/1.1, with the connection's transport among the state that requests carry."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take note of the transport."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _KEY: transport}


def reset(scope: Scope) -> None:
    """Reset the connection of a request (TCP RST); where it cannot be reached, nothing happens to it."""
    transport: Any = scope.get("state", {}).get(_KEY)
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
