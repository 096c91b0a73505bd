"""Cells as text, the same in every format that people read."""

from __future__ import annotations

import json
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
_BEYOND_ASCII = re.compile(rb"\x7f|[\xc2-\xf4][\x80-\xbf]+")
# What a build's log takes for a command: Azure Pipelines "##vso[" and "##[" anywhere in a line ("logging commands"),
# GitHub Actions "::name" at its beginning ("workflow commands").
_COMMAND = re.compile(
    r"#(?=#(?:vso)?\[)|(?<!\S):(?=:(?:add-|debug|echo|end|error|group|notice|remove-|save-|set-|stop-|warning))",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """Show what would hide, reorder or break text, or begin a command of a build's log, by its code point.

    ``a⟨U+202E⟩b``, ``⟨U+0023⟩#vso[``.
    """
    if not (text.isascii() and text.isprintable()):
        text = _HIDDEN.sub(_by_code_point, text)
    return _COMMAND.sub(_by_code_point, text) if "##" in text or "::" in text else text


def _by_code_point(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found.group()):04X}⟩"


def json_visible(content: bytes) -> bytes:
    """Write the characters that ``visible`` shows as escapes: the same JSON, which steers no terminal and no reader."""
    return _BEYOND_ASCII.sub(_escaped, content)


def _escaped(found: re.Match[bytes]) -> bytes:
    character = found.group().decode()
    return json.dumps(character)[1:-1].encode() if _HIDDEN.search(character) else found.group()


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
