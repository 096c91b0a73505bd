"""The hash chain: each entry's hash covers the entry and the hash of the one before it. Pure.

What is hashed is the canonical JSON (RFC 8785) of the fields below: names in alphabetical order, no white space, UTF-8.
Their values are strings, whole numbers and null alone; JSON inside of an entry is hashed as the text that is stored, so
that no two encoders ever have to agree on how a number is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

Cell = str | int | None
Row = Mapping[str, Cell]

FIELDS = (
    "actor",
    "application",
    "at",
    "data",
    "done",
    "fence",
    "kind",
    "meant",
    "number",
    "plan",
    "previous",
    "seen_after",
    "seen_before",
    "subject",
)
FORMAT = "unsecret journal 1"
_CELLS = frozenset({str, int, type(None)})
_ENCODER = msgspec.json.Encoder(order="sorted")
"""Ten times as fast as the json module, and of flat objects of cells it makes the same bytes (there is a test)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Every entry is as it was written, and stands where it was written."""

    entries: int
    head: str
    """Hash of the last entry: an anchor for later, as nothing else tells that the end of a journal was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The chain does not hold."""

    number: int
    """Of the first entry that is wrong; 0 where no entry is."""
    how: str


Verdict = Sound | Broken


def canonical(value: Mapping[str, Cell]) -> bytes:
    """Return the canonical JSON of a flat object; raises ValueError, TypeError for what is no such object."""
    if not all(type(cell) in _CELLS for cell in value.values()):  # an encoder would find some text for bytes and floats
        raise TypeError("a cell is a string, a whole number or null")
    return _ENCODER.encode(value)


def genesis(journal: str) -> str:
    """Return what stands for the hash before the first entry of the journal with this id."""
    return _sha256({"format": FORMAT, "journal": journal})


def link(row: Row) -> str:
    """Return the hash that an entry must carry; raises ValueError, TypeError where it holds what no entry can."""
    return _sha256({field: row[field] for field in FIELDS})


def check(journal: str, rows: Iterable[Row], anchor: str | None = None) -> Verdict:
    """Follow the chain from its beginning; ``anchor`` is the hash of an entry that must be there.

    Rows are read once, one after the other, and only the last is kept.
    """
    head, last, count = genesis(journal), 0, 0
    anchored = anchor is None or anchor == head
    for row in rows:
        if how := _wrong(row, last, head):
            return Broken(number=_number(row), how=how)
        head, last, count = str(row["hash"]), _number(row), count + 1
        anchored = anchored or head == anchor
    if not anchored:
        return Broken(number=0, how=f"no entry has the hash {anchor}: the end was cut off, or all after it rewritten")
    return Sound(entries=count, head=head)


def _wrong(row: Row, last: int, head: str) -> str:
    if _number(row) <= last:
        return f"it stands after entry {last}"
    if row["previous"] != head:
        after = f"entry {last}" if last else "the beginning of the journal"
        return f"it does not continue {after}: something was removed, inserted, moved or altered between them"
    try:
        right = link(row)
    except (ValueError, TypeError):
        return "it holds something that is no text"
    return "" if row["hash"] == right else "it was altered: its hash is not that of what it says"


def _number(row: Row) -> int:
    number = row["number"]
    return number if isinstance(number, int) else 0


def _sha256(value: Mapping[str, Cell]) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
