"""Cells as text, the same in every format that people read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import assert_never

from reports.model import Cell

# Control characters, bidirectional overrides, invisible and private characters can make one name look like another
# (Unicode Technical Report 36, 3.). The two joiners that scripts and emoji need stay as they are.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0e\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)


def visible(text: str) -> str:
    """Show every character that would hide, reorder or break text by its code point: ``a⟨U+202E⟩b``."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def rfc3339(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC, ending in Z; the fraction of a second only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def readable(cell: Cell) -> str:
    """Write a cell for people: ``2026-03-02 10:00`` (UTC), ``yes``, nothing for None."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M}"
        case str():
            return visible(cell)
        case int() | float():
            return str(cell)
        case _:
            assert_never(cell)
