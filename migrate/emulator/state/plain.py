"""Records as JSON or MessagePack and back, for the state file.

Only what a record's type says can come out of such a text: nothing in it names code.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar, get_origin, get_type_hints

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
