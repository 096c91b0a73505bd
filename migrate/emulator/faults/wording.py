"""Says what is wrong with a fault plan: which fault, which field, and what would be allowed there."""

import re
import reprlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from migrate.emulator.faults.model import FaultPlan

_PLACE: Final = re.compile(r"\$(?:\.faults\[(?P<number>\d+)\])?(?:\.(?P<field>\w+))?")
_NAMED: Final = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<field>[^`]*)`")
_HOW: Final = {"contains unknown": "is no field", "missing required": "is missing"}


def explain(error: msgspec.ValidationError, content: Any) -> str:
    """Word a refusal of ``content``: the fault's number (from 1) and kind, the field, and what is allowed."""
    message, _, where = str(error).partition(" - at ")
    place = _PLACE.search(where)
    named = _NAMED.match(message)
    number = int(place["number"]) if place and place["number"] else None
    holder = content if number is None else content["faults"][number]
    if not isinstance(holder, dict):
        return f"{_heading(number, None)}cannot be {_shown(holder)}; allowed: a table of fields"
    kind = None if number is None else _kind(holder)
    field = named["field"] if named else place["field"] if place else None
    if field is None:
        return f"{_heading(number, kind)}{message}"
    known = _fields(number, kind)
    what = _fault_with(named["how"] if named else "", holder.get(field))
    return f"{_heading(number, kind)}{field} {what}; allowed: {known.get(field) or ', '.join(known)}"


def _heading(number: int | None, kind: str | None) -> str:
    if number is None:
        return ""
    return f"fault {number + 1} ({kind}): " if kind else f"fault {number + 1}: "


def _fault_with(how: str, value: Any) -> str:
    return _HOW[how] if how else f"cannot be {_shown(value)}"


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # Python writes no number of thousands of digits
        return "so large a number"


def _kind(fault: Mapping[str, Any]) -> str | None:
    kind = fault.get("kind")
    return kind if isinstance(kind, str) and kind in _kinds() else None


def _kinds() -> dict[str, inspect.StructType]:
    faults: Any = next(field for field in _plan().fields if field.name == "faults")
    return {each.tag: each for each in faults.type.item_type.types}


def _plan() -> inspect.StructType:
    plan = inspect.type_info(FaultPlan)
    assert isinstance(plan, inspect.StructType)  # noqa: S101 - for the type checker
    return plan


def _fields(number: int | None, kind: str | None) -> dict[str, str]:
    """Say for each field what it may hold."""
    if number is None:
        return {field.name: _allowed(field.type) for field in _plan().fields}
    kinds = {"kind": ", ".join(_kinds())}
    return kinds if kind is None else kinds | {each.name: _allowed(each.type) for each in _kinds()[kind].fields}


def _allowed(kind: Any) -> str:
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_allowed(each) for each in kind.types if not isinstance(each, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(map(str, kind.values))
    if isinstance(kind, inspect.VarTupleType):
        return "a list of " + ("faults" if isinstance(kind.item_type, inspect.UnionType) else _allowed(kind.item_type))
    if isinstance(kind, inspect.DictType):
        return f"a table with {_allowed(kind.key_type)}, each {_allowed(kind.value_type)}"
    if isinstance(kind, inspect.StrType):
        return "a text"
    return f"{'a whole number' if isinstance(kind, inspect.IntType) else 'a number'}{_range(kind)}"


def _range(kind: Any) -> str:
    bounds = (("from", kind.ge), ("above", kind.gt), ("up to", kind.le), ("below", kind.lt))
    return "".join(f" {word} {_number(bound)}" for word, bound in bounds if bound is not None)


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
