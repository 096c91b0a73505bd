"""Pages and the links between them; the refusal of a token that is none is recorded."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from migrate.emulator.graph.errors import bad_request

_FARTHEST: Final = 10**12


def encode_position(position: int) -> str:
    """Hide a position in an opaque skip token."""
    return base64.urlsafe_b64encode(json.dumps({"p": position}).encode()).decode().rstrip("=")


def decode_position(token: str | None) -> int:
    """Read a skip token; without one a list starts at its beginning."""
    if token is None:
        return 0
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        position = content["p"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        position = None
    if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position <= _FARTHEST:
        raise bad_request(
            "The specified page token value has expired and can no longer be included in your request.",
            "Directory_ExpiredPageToken",
        )
    return position


def next_link(base: str, query: Mapping[str, str], position: int) -> str:
    """Give the address of the next page: the same query with a skip token, as a whole URL."""
    kept = {name: value for name, value in query.items() if name.removeprefix("$").lower() != "skiptoken"}
    kept["$skiptoken"] = encode_position(position)
    encoded = urlencode(kept, quote_via=quote, safe="$,()'/:")
    return f"{base}?{encoded}"
