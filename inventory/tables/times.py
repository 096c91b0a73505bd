"""Whole columns of Graph's times as a snapshot has them. Pure.

Almost every time that Graph tells has one of two forms, with seven fractional digits or without any; a column of those
is checked in C and cut, which takes a third of what it takes to make times of them and texts of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory.instants import instant
from inventory.tables.texts import time

_LONG, _SHORT = len("2026-03-02T10:00:00.0000000Z"), len("2026-03-02T10:00:00Z")
_MARKS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: ".", 27: "Z"}
"""What stands where in the long form, beside digits."""
_FIRST = "0002"  # .NET writes the year 1 for "no date"
_CUT = 26
"""The place of the digit after the microseconds."""


def times(column: Sequence[str | None]) -> list[str | None]:
    """Return what ``instant`` and ``time`` make of each; ValueError where one is no time."""
    told = [text for text in column if text is not None]
    if len(told) != len(column):
        return [time(instant(text)) for text in column]
    cut = _cut(told) or _cut([f"{text[:-1]}.0000000Z" if len(text) == _SHORT else text for text in told])
    return [time(instant(text)) for text in column] if cut is None else [*cut]


def _cut(column: list[str]) -> list[str] | None:
    """Return a column of times in the long form, cut; None where one has another form."""
    whole, count = "\n".join(column), len(column)
    if set(map(len, column)) != {_LONG} or not whole.isascii():
        return None
    if any(whole[at :: _LONG + 1] != sign * count for at, sign in _MARKS.items()) or min(column) < _FIRST:
        return None
    for _ in map(datetime.fromisoformat, column):  # a day that is none
        pass
    cells = bytearray(whole, "ascii")
    del cells[_CUT :: _LONG + 1]
    return cells.decode("ascii").split("\n")
