"""Lists that clients read page by page."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.state.shelf import Shelf

PAGE: Final = 1000
_MARK: Final = re.compile(r"([0-9]{1,4}):([0-9]{1,12})")
Source = tuple[Shelf[Any], Callable[[Any], dict[str, Any] | None]]
"""Where records stand, and how one is shown; None for one that is not on the list."""


def listed(call: ArmCall, *sources: Source, size: int = PAGE) -> ArmReply:
    """Give a page of a list, with a nextLink when there is more."""
    size = min(size, top_of(call) or size)
    shown: list[dict[str, Any]] = []
    token = ""
    for mark, body in _walk(sources, *_position(call, len(sources))):
        if len(shown) == size:
            return ArmReply(body={"value": shown, "nextLink": _link(call, token)})
        shown.append(body)
        token = mark
    return ArmReply(body={"value": shown})


def _walk(sources: Sequence[Source], first: int, position: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(first, len(sources)):
        shelf, show = sources[number]
        for after, record in shelf.after(position if number == first else 0):
            body = show(record)
            if body is not None:
                yield f"{number}:{after}", body


def top_of(call: ArmCall) -> int | None:
    """Read ``$top``, a positive number."""
    text = call.query.get("$top", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) == 0:  # noqa: PLR2004 - nine digits
        raise ArmError(400, "InvalidTopQueryOption", f"The '$top' query option '{text}' is not valid.")
    return int(text)


def _position(call: ArmCall, sources: int) -> tuple[int, int]:
    token = call.query.get("$skiptoken", "")
    if not token:
        return 0, 0
    try:
        match = _MARK.fullmatch(base64.urlsafe_b64decode(token.encode() + b"==").decode())
    except (binascii.Error, ValueError):
        match = None
    if match is None or int(match[1]) >= sources:
        raise ArmError(400, "InvalidSkipToken", "The provided '$skiptoken' is not valid.")
    return int(match[1]), int(match[2])


def _link(call: ArmCall, token: str) -> str:
    kept = {name: value for name, value in call.query.items() if name != "$skiptoken"}
    kept["$skiptoken"] = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return f"{call.base}/{quote(call.path.strip('/'))}?{urlencode(kept, quote_via=quote, safe='$,')}"
