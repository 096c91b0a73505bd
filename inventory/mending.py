"""Makes JSON readable that Python's own reader takes and msgspec, by the letter, does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

_HIGH, _LOW = rb"u[dD][89abAB][0-9a-fA-F]{2}", rb"u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"\\(?:" + _HIGH + rb"\\" + _LOW + rb"|(" + _HIGH + rb"|" + _LOW + rb")|.)", re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|([\[{])|([\]}])', re.DOTALL)
_DEEPEST = 100
DEEP = b'"(nested too deeply)"'
"""Stands in the place of what is cut out."""
_Value = TypeVar("_Value")


def mended(body: bytes) -> bytes:
    """Replace halves of surrogate pairs that stand alone, as in a name that was cut, by U+FFFD (RFC 8259, 8.2)."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def pruned(body: bytes) -> bytes:
    """Put DEEP in the place of whatever is nested deeper than a decoder follows; what is no JSON stays as it is.

    msgspec gives up at about a thousand levels, also in what it skips; Graph documents no object with more than ten.
    """
    kept: list[bytes] = []
    depth = start = 0
    for token in _TOKEN.finditer(body):
        if token[1]:
            depth += 1
            if depth == _DEEPEST + 1:
                kept += (body[start : token.start()], DEEP)
        elif token[2]:
            if depth == _DEEPEST + 1:
                start = token.end()
            depth -= 1
    return body if depth else b"".join((*kept, body[start:]))


def decoded(decode: Callable[[bytes], _Value], body: bytes) -> _Value:
    """Decode a body; what is no JSON, or nested too deeply, is mended and tried again. Raises what ``decode`` does."""
    try:
        return decode(body)
    except RecursionError:
        return decode(pruned(body))
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        better = mended(body)
        if better == body:
            raise
        return decode(better)
