"""How a service writes the header Retry-After (RFC 9110, 10.2.3)."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from migrate.emulator.faults.model import Form

_EXACT: Final = 1000
_LONGEST: Final = 10_000_000
"""Seconds: nobody waits for longer, and calendars end."""


def retry_after(seconds: float, form: Form) -> str:
    """Write a time to wait, never a shorter one: to the millisecond, in whole seconds, or as a date.

    The date is one of real time, even where the tenant's clock was moved: it tells the client how long to sleep.
    """
    seconds = min(seconds, _LONGEST)
    if form == "float":
        return f"{math.ceil(seconds * _EXACT) / _EXACT:.3f}"
    if form == "integer":
        return str(math.ceil(seconds))
    moment = datetime.now(UTC) + timedelta(seconds=math.ceil(seconds) + 1)  # the date itself is cut to the second
    return format_datetime(moment, usegmt=True)
