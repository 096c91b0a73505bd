"""Values and expressions: what a row's columns are turned into."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol


class Row(Protocol):
    """Something with columns, which may be computed when they are asked for."""

    def __getitem__(self, name: str) -> Any:
        """Give a column's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A part of a query that has a value for each row."""

    evaluate: Callable[[Row], Any]
    type: str = "dynamic"
    """``string``, ``long``, ``bool`` or ``dynamic``."""
    name: str = field(default="")
    """The name of the column that it becomes when none is given."""


def as_text(value: Any) -> str:
    """Turn a value into a text, as ``tostring`` does: null is empty, an object is JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _is_empty(value: Any) -> bool:
    return as_text(value) == ""


def _bag_keys(value: Any) -> list[str] | None:
    return list(value) if isinstance(value, dict) else None


def _array_length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _strcat(*parts: Any) -> str:
    return "".join(as_text(part) for part in parts)


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if not _is_empty(value)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function: how many values it takes and what it makes of them."""

    call: Callable[..., Any]
    type: str
    least: int = 1
    most: int = 1


FUNCTIONS: Final[Mapping[str, Function]] = {
    "tolower": Function(call=lambda value: as_text(value).lower(), type="string"),
    "toupper": Function(call=lambda value: as_text(value).upper(), type="string"),
    "tostring": Function(call=as_text, type="string"),
    "strlen": Function(call=lambda value: len(as_text(value)), type="long"),
    "strcat": Function(call=_strcat, type="string", most=64),
    "isempty": Function(call=_is_empty, type="bool"),
    "isnotempty": Function(call=lambda value: not _is_empty(value), type="bool"),
    "isnull": Function(call=lambda value: value is None, type="bool"),
    "isnotnull": Function(call=lambda value: value is not None, type="bool"),
    "bag_keys": Function(call=_bag_keys, type="dynamic"),
    "array_length": Function(call=_array_length, type="long"),
    "coalesce": Function(call=_coalesce, type="dynamic", least=2, most=64),
}


# --- comparisons -----------------------------------------------------------------------------------------------------


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return as_text(one) == as_text(other)
    return bool(one == other)


def _equal_folded(one: Any, other: Any) -> bool:
    return as_text(one).lower() == as_text(other).lower()


def _has(text: Any, term: Any) -> bool:
    """Whether a text contains a whole term: neither a letter nor a digit stands beside it."""
    whole, wanted = as_text(text).lower(), as_text(term).lower()
    if not wanted:
        return True
    at = whole.find(wanted)
    while at >= 0:
        before, after = whole[at - 1 : at], whole[at + len(wanted) : at + len(wanted) + 1]
        if not (before.isalnum() and wanted[0].isalnum()) and not (after.isalnum() and wanted[-1].isalnum()):
            return True
        at = whole.find(wanted, at + 1)
    return False


def _contains(text: Any, part: Any) -> bool:
    return as_text(part).lower() in as_text(text).lower()


def _starts(text: Any, part: Any) -> bool:
    return as_text(text).lower().startswith(as_text(part).lower())


def _ends(text: Any, part: Any) -> bool:
    return as_text(text).lower().endswith(as_text(part).lower())


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(one: Any, other: Any) -> bool:
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            return test(one, other)
        return one is not None and other is not None and test(as_text(one), as_text(other))

    return compare


COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": _equal,
    "=~": _equal_folded,
    "has": _has,
    "contains": _contains,
    "startswith": _starts,
    "endswith": _ends,
    "<": _ordered(lambda one, other: one < other),
    ">": _ordered(lambda one, other: one > other),
    "<=": _ordered(lambda one, other: one <= other),
    ">=": _ordered(lambda one, other: one >= other),
}
"""Comparisons of two values; the words among them can be negated with ``!``."""
WORDS: Final = ("has", "contains", "startswith", "endswith")


def member(value: Any, key: Any) -> Any:
    """Give a member of an object or list, null where there is none."""
    if isinstance(value, Mapping) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return None


_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_]*")


def column_name(parts: list[str]) -> str:
    """Name the column that a path becomes, as Kusto does: its parts joined by underscores."""
    return "_".join(part for part in parts if _IDENTIFIER.fullmatch(part))
