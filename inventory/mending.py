"""Makes JSON readable that Python's own reader takes and msgspec, by the letter, does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

_HIGH, _LOW = rb"u[dD][89abAB][0-9a-fA-F]{2}", rb"u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"\\(?:" + _HIGH + rb"\\" + _LOW + rb"|(" + _HIGH + rb"|" + _LOW + rb")|.)", re.DOTALL)
_Value = TypeVar("_Value")


def mended(body: bytes) -> bytes:
    """Replace halves of surrogate pairs that stand alone, as in a name that was cut, by U+FFFD (RFC 8259, 8.2)."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def decoded(decode: Callable[[bytes], _Value], body: bytes) -> _Value:
    """Decode a body; one that is no JSON is mended and tried once more. Raises what ``decode`` raises."""
    try:
        return decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        better = mended(body)
        if better == body:
            raise
        return decode(better)
