"""How long an answer asks to wait. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d+(\.\d+)?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in ``Retry-After``, None where there is none that can be read; names are in lower case.

    Graph writes a fraction too (``2.128``, "throttling guidance"), HTTP a date (RFC 9110, 10.2.3), which is measured
    by the clock that wrote it: the answer's own ``Date``.
    """
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    try:
        until = parsedate_to_datetime(said)
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError):  # TypeError: one with and one without an offset
        return None


def whole_seconds(headers: Mapping[str, str]) -> str | None:
    """Return ``Retry-After`` rounded up to whole seconds."""
    seconds = retry_after(headers)
    return None if seconds is None or not math.isfinite(seconds) else str(math.ceil(seconds))
