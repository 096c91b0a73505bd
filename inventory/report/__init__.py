"""A snapshot as a document, by SQL: figures, tables and findings; every time is judged at the time of the scan."""

from __future__ import annotations

from inventory.report.document import LIMIT, document
from inventory.report.several import together

__all__ = ["LIMIT", "document", "together"]
