"""Bytes between two connections: both directions at once, with half-closing and back-pressure."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_CHUNK: Final = 64 * 1024
_LAST_ANSWER_SECONDS: Final = 30.0
"""How long an answer is waited for after a client has said that it sends nothing more."""


async def pipe_both(client: Stream, server: Stream, *, passes_end: bool) -> None:
    """Carry bytes both ways until the server has said everything, or a side is gone.

    ``passes_end`` hands the end of the client's stream on, as a tunnel must (RFC 9110 section 9.3.6). Where this side
    knows that one answer is due, the end is kept instead, because a server may take it for the client's leaving; the
    answer is then waited for, for a limited time.
    """
    try:
        await _until_answered(
            _pipe(client[0], server[1], passes_end=passes_end),
            _pipe(server[0], client[1], passes_end=True),
            None if passes_end else _LAST_ANSWER_SECONDS,
        )
    finally:
        server[1].close()


async def _until_answered(
    outward: Coroutine[Any, Any, bool], inward: Coroutine[Any, Any, bool], seconds: float | None
) -> None:
    # When the server has said everything, a client that keeps its side open has nothing more to send.
    going, coming = asyncio.ensure_future(outward), asyncio.ensure_future(inward)
    try:
        await asyncio.wait((going, coming), return_when=asyncio.FIRST_COMPLETED)
        if not coming.done() and going.result():
            await asyncio.wait((coming,), timeout=seconds)
    finally:
        going.cancel()
        coming.cancel()
        await asyncio.gather(going, coming, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, passes_end: bool) -> bool:
    """Carry bytes one way; True where the stream came to its end, False where a connection broke."""
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        if passes_end and writer.can_write_eof():
            writer.write_eof()
    except OSError:
        return False
    return True


async def drain(reader: asyncio.StreamReader, seconds: float) -> None:
    """Read what a refused client still sends and drop it: closing on unread bytes would take the answer away."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds):
            while await reader.read(_CHUNK):
                pass
