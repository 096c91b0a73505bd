"""Rows of a page as JSON.

Nine tenths of a whole object are the same for every object that nobody has changed. Their text is made once for a
page; only what a record has of its own is encoded for each.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def encode_rows(blank: Mapping[str, Any], rows: Iterable[dict[str, Any]]) -> msgspec.Raw:
    """Encode a list of objects, each given as its difference from a blank one."""
    same: dict[tuple[str, ...], bytes] = {}
    encoded = []
    for row in rows:
        names = tuple(row)
        if names not in same:
            same[names] = _beginning(blank, names)
        try:
            encoded.append(same[names] + _encode(row)[1:])
        except UnicodeEncodeError:  # a client's name may hold half a surrogate pair, which UTF-8 cannot
            encoded.append(json.dumps({**blank, **row}, separators=(",", ":")).encode())
    return msgspec.Raw(b"[%b]" % b",".join(encoded))


def _beginning(blank: Mapping[str, Any], names: tuple[str, ...]) -> bytes:
    """Encode what objects with these properties of their own have in common, up to the comma."""
    common = {name: value for name, value in blank.items() if name not in names}
    return _encode(common)[:-1] + b"," if common and names else b"{"
