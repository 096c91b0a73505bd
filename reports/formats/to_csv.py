"""CSV (RFC 4180) of one table: the first of the document, or its findings where it has no table.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` (or with these behind blanks) as a formula, and
names in a tenant are whatever their makers typed: such text gets an apostrophe in front (OWASP, "CSV Injection").
Numbers stay numbers. Control characters are shown by their code point, so no cell begins with a tab or a line end.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import assert_never

from reports.findings import as_table
from reports.format import Format
from reports.model import Cell, Document
from reports.text import rfc3339, visible

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets fold the wide forms too


def render(document: Document) -> bytes:
    """Return header and rows in UTF-8 without a mark; lines end in CR LF."""
    table = document.tables[0] if document.tables else as_table(document.findings)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.key for column in table.columns])
    writer.writerows([_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode()


def _cell(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return rfc3339(cell)
        case str():
            return _inert(visible(cell))
        case int() | float():
            return cell
        case _:
            assert_never(cell)


def _inert(text: str) -> str:
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


FORMAT = Format(name="csv", suffix=".csv", render=render)
