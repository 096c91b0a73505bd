"""Records as JSON or MessagePack and back, for copies of them and for the state file.

Only what a record's type says can come out of such a text: nothing in it names code.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar, get_origin, get_type_hints

import msgspec

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
R = TypeVar("R")
_set: Final = object.__setattr__


def write_unknown(value: object) -> object:
    """Encode what msgspec does not know, as its ``enc_hook``: read-only mappings."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"a record holds a {type(value).__name__}, which cannot be written down")


@cache
def _mappings(kind: type) -> tuple[str, ...]:
    """Name the fields of a record type that hold mappings."""
    hints = get_type_hints(kind)
    return tuple(item.name for item in fields(kind) if get_origin(hints[item.name]) is Mapping)


def seal(record: R) -> R:
    """Make the mappings of a record that was just decoded read-only again, as everything else in it is."""
    kind: type = type(record)
    for name in _mappings(kind):
        held = getattr(record, name)
        # Nobody else has seen the record yet, so this is still part of its making.
        _set(record, name, MappingProxyType(held) if held else _NOTHING)
    return record


def take_apart(record: object) -> dict[str, Any]:
    """Give a record as nested dictionaries and lists of its own, with the very texts, moments and bytes it holds."""
    parts = msgspec.to_builtins(record, builtin_types=(datetime, bytes), enc_hook=write_unknown)
    opened: dict[str, Any] = _opened(parts)
    return opened


def _opened(parts: Any) -> Any:
    if isinstance(parts, dict):
        return {key: _opened(value) for key, value in parts.items()}
    return [_opened(value) for value in parts] if isinstance(parts, (list, tuple)) else parts


def join(parts: Mapping[str, Any], kind: type[R]) -> R:
    """Make a record of its parts, sharing texts, moments and bytes; its mappings are still to be sealed."""
    return msgspec.convert(parts, kind, builtin_types=(datetime, bytes))
