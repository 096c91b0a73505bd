"""Times as Graph writes them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SHORT_OFFSET = re.compile(r"([+-])(\d:\d\d)$")
_UNSET_YEAR = 1  # .NET writes 0001-01-01 for "no date"


def instant(text: str | None) -> datetime | None:
    """Read a Graph time as UTC, to the microsecond; None for null, empty and the .NET "no date".

    Real answers carry seven fractional digits, and the report samples of the Graph reference an offset of one digit
    (``-8:00``), which is no ISO 8601. Raises ValueError for anything else that is not a time.
    """
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = datetime.fromisoformat(_SHORT_OFFSET.sub(r"\g<1>0\2", text))
    if value.year <= _UNSET_YEAR:
        return None
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999 in a western offset
        return value.replace(tzinfo=UTC)
