"""Canonical JSON (RFC 8785) of objects, arrays, strings, whole numbers, booleans and null. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_EXACT = 1 << 53
"""Whole numbers beyond it are not the same number to every reader of JSON (RFC 7493, 2.2)."""


def canonical(value: Any) -> bytes:
    """Return the one way to write a value; raises ValueError, TypeError for what a certificate cannot hold."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of a certificate's file: indented and in ASCII, so that no name in it can steer a terminal."""
    return json.dumps(_ordered(document), indent=2).encode("ascii") + b"\n"


def parsed(content: bytes) -> Any:
    """Read a certificate's file; raises ValueError, RecursionError for what is no JSON."""
    return json.loads(content)


def _ordered(value: Any) -> Any:
    """Return a value with the keys of its objects in the order of their UTF-16 code units (RFC 8785, 3.2.3)."""
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) < _EXACT:
            return value
        case list() | tuple():
            return [_ordered(each) for each in value]
        case Mapping():
            return {key: _ordered(value[key]) for key in sorted(value, key=lambda each: each.encode("utf-16-be"))}
        case _:
            raise TypeError(f"a certificate holds no {type(value).__name__} such as this")
