r"""JSON (RFC 8259) for machines: stable names, exact values, ASCII only, keys sorted.

Times are RFC 3339 in UTC. A consumer checks ``schema`` and ``version``; new keys may come within a version, a key never
changes its meaning. Text is exact: what other formats make visible stands here as a ``\u`` escape.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

from reports.format import Format
from reports.model import Document, Finding, Table
from reports.text import rfc3339

SCHEMA = "unsecret/report"
VERSION = 1


def render(document: Document) -> bytes:
    """Return the document as one JSON object and a final newline."""
    whole = {
        "schema": SCHEMA,
        "version": VERSION,
        "title": document.title,
        "as_of": document.as_of,
        "facts": [{"label": fact.label, "value": fact.value} for fact in document.facts],
        "findings": [_finding(finding) for finding in document.findings],
        "tables": [_table(table) for table in document.tables],
    }
    return (json.dumps(whole, indent=1, sort_keys=True, allow_nan=False, default=_time) + "\n").encode("ascii")


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "name": table.name,
        "title": table.title,
        "note": table.note,
        "columns": [{"key": column.key, "title": column.title} for column in table.columns],
        "rows": [dict(zip(keys, row, strict=True)) for row in table.rows],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return dataclasses.asdict(finding)


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"a cell cannot be a {type(value).__name__}")


FORMAT = Format(name="json", suffix=".json", render=render)
