"""What a report format is: a name and a function from a document to bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.model import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way of writing a document down.

    ``render`` is pure: equal documents give equal bytes, whenever and wherever they are rendered.
    """

    name: str
    suffix: str
    """File name ending with its dot."""
    render: Callable[[Document], bytes]
