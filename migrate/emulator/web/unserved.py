"""Remembers the requests that found nothing here, so that what a client misses can be seen while it runs.

Only the method, the host and the path are kept, the path without the names and identifiers in it, and never a query or
a body: what a client sends there may be secret.
"""

import re
from collections import Counter
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrate.emulator.web.common import host_of

_FLAG: Final = "emulator.unserved"
_MOST_REMEMBERED: Final = 1_000
_LONGEST_PATH: Final = 300
_NO_SUCH_METHOD: Final = 405
_GUID: Final = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_QUOTED: Final = re.compile(r"'[^']*'")
_WORD: Final = re.compile(r"[A-Za-z$][\w.$-]*(\(.*\))?|v\d\.\d")


def mark_unserved(request: Request) -> None:
    """Say of a request that the answer to it means "there is nothing of that kind here"."""
    request.scope[_FLAG] = True


class Unserved:
    """What was asked for in vain: method, host, path template and how often; the first thousand."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def add(self, method: str, host: str, path: str) -> None:
        """Count a request."""
        row = (method[:20], host[:255].lower(), template(path))
        if row in self._seen or len(self._seen) < _MOST_REMEMBERED:
            self._seen[row] += 1

    def rows(self) -> list[dict[str, str | int]]:
        """Give what was seen, most often first."""
        return [
            {"method": method, "host": host, "path": path, "count": count}
            for (method, host, path), count in self._seen.most_common()
        ]


class UnservedWatch:
    """Counts the requests whose answer came from no route, or from a route that found no such resource or method."""

    def __init__(self, app: ASGIApp, seen: Unserved) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and _in_vain(scope, message["status"]):
                host = host_of(Request(scope)).partition(":")[0]
                self._seen.add(scope["method"], host, scope["path"])
            await send(message)

        await self._app(scope, receive, watched)


def _in_vain(scope: Scope, status: int) -> bool:
    return bool(scope.get(_FLAG)) or "endpoint" not in scope or status == _NO_SUCH_METHOD


def template(path: str) -> str:
    """Take names and identifiers out of a path: GUIDs, keys in quotes, and the names in paths of Azure's resources."""
    parts = path.strip("/").split("/")
    taken = [_placeholder(parts, index) for index in range(len(parts))]
    return f"/{'/'.join(taken)}"[:_LONGEST_PATH]


def _placeholder(parts: list[str], index: int) -> str:
    part = parts[index]
    if _GUID.fullmatch(part) or _names_a_resource(parts, index):
        return "{id}"
    if not _WORD.fullmatch(part):
        return "{name}" if part else ""
    return _QUOTED.sub("'{id}'", _GUID.sub("{id}", part))


def _names_a_resource(parts: list[str], index: int) -> bool:
    """Tell names from types: ``resourceGroups/NAME`` and ``providers/NAMESPACE/TYPE/NAME[/TYPE/NAME]``."""
    lower = [part.lower() for part in parts[:index]]
    if index and lower[-1] == "resourcegroups":
        return True
    if "providers" not in lower:
        return False
    after = index - (len(lower) - 1 - lower[::-1].index("providers"))
    return after > 2 and after % 2 == 1  # noqa: PLR2004 - namespace and type stand before the first name
