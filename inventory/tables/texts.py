"""How single values stand in a column: times, lists, truth.

Times are text in RFC 3339, UTC, with six fractional digits, so that they sort as text; truth values are 0 and 1; lists
are JSON arrays.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

_ENCODER = msgspec.json.Encoder()
_WHOLE_SECONDS = len('"2026-03-02T10:00:00Z"')


def time_text(value: datetime) -> str:
    """Write an aware time.

    A snapshot has many times, and msgspec writes one in a fifth of what ``isoformat`` takes: in quotes, and without a
    fraction where it is zero.
    """
    text = _ENCODER.encode(value if value.tzinfo is UTC else value.astimezone(UTC))
    return f"{text[1:20].decode()}.000000Z" if len(text) == _WHOLE_SECONDS else text[1:-1].decode()


def time(value: datetime | None) -> str | None:
    """Write a time, or that there is none."""
    return None if value is None else time_text(value)


def moment(text: str | None) -> datetime | None:
    """Read a time; ValueError for what is none."""
    return None if text is None else datetime.fromisoformat(text)


def items_text(items: tuple[str, ...]) -> str:
    """Write a list."""
    return msgspec.json.encode(items).decode() if items else "[]"


def items(text: str) -> tuple[str, ...]:
    """Read a list; msgspec.DecodeError for what is none."""
    return msgspec.json.decode(text, type=tuple[str, ...])


def pairs_text(pairs: tuple[tuple[str, str], ...]) -> str:
    """Write pairs as an object, so that SQL finds a member by its name."""
    return msgspec.json.encode(dict(pairs)).decode()


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Read an object of texts; msgspec.DecodeError for what is none."""
    return tuple(msgspec.json.decode(text, type=dict[str, str]).items())


def truth(value: int | None) -> bool | None:
    """Read a truth value that may not be known."""
    return None if value is None else bool(value)


def count(value: object) -> int | None:
    """Read a number that may not be known; ValueError for what is none, which SQLite lets stand in any column."""
    if value is None or type(value) is int:
        return value
    raise ValueError("a count that is no number")


def number(value: bool | None) -> int | None:  # noqa: FBT001 - a cell
    """Write a truth value that may not be known."""
    return None if value is None else int(value)
