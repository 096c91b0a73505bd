"""One HTML file that opens offline: nothing in it is loaded from anywhere, and its policy forbids the browser to try.

Rows stand in the page as JSON and reach the screen through ``textContent`` only, a page at a time, so that a table of
hundreds of thousands of cells stays quick and no name from a tenant is ever read as markup. Without scripts the first
rows of each table still show. The policy (Content Security Policy Level 3) allows the one script and the one style
sheet of this package by their SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_never

from reports.drawing import drawn
from reports.findings import as_table, by_severity
from reports.format import Format
from reports.model import Align, Cell, Document, Finding, Table
from reports.text import readable, rfc3339, visible

_ASSETS = Path(__file__).parent / "html"
_STATIC_ROWS = 25
# Columns whose cells are one word of a closed list show it as a badge; the tone says how the word is meant.
_BADGES = frozenset({"severity", "confidence", "state", "purpose", "outcome", "status", "verdict", "gate", "result"})
_TONES: Mapping[str, str] = {
    "error": "bad",
    "failed": "bad",
    "refused": "bad",
    "expired": "bad",
    "warning": "warn",
    "never expires": "warn",
    "unknown": "warn",
    "closed": "warn",
    "held": "warn",
    "live": "good",
    "open": "good",
    "proven": "good",
    "retired": "good",
    "done": "good",
}


@dataclass(frozen=True, slots=True)
class _Group:
    """The findings of one rule, for the overview."""

    severity: str
    tone: str
    rule: str
    count: int
    example: Finding


@dataclass(frozen=True, slots=True)
class _Section:
    """One table as the template wants it."""

    table: Table
    data: str
    first: tuple[tuple[str, ...], ...]
    more: int


def render(document: Document) -> bytes:
    """Return the page in UTF-8."""
    import jinja2  # noqa: PLC0415 - only this format needs it

    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, style = _asset("report.js"), _asset("report.css")
    page = engine.get_template("report.html.j2").render(
        title=visible(document.title),
        as_of=f"{document.as_of.astimezone(UTC):%d %B %Y, %H:%M} UTC" if document.as_of else None,
        as_of_exact=rfc3339(document.as_of) if document.as_of else None,
        policy=_policy(script, style),
        script=script,
        style=style,
        words=[(visible(fact.label), visible(fact.value)) for fact in document.facts if isinstance(fact.value, str)],
        figures=[(visible(one.label), _figure(one.value)) for one in document.facts if not isinstance(one.value, str)],
        groups=list(_groups(document.findings)),
        curves=[drawn(curve) for curve in document.curves if curve.points],
        sections=[_section(table) for table in _tables(document)],
        visible=visible,
    )
    return page.encode()


def _tables(document: Document) -> Iterator[Table]:
    if document.findings:
        yield as_table(document.findings)
    yield from document.tables


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    allowed = (f"script-src 'sha256-{_sha256(script)}'", f"style-src 'sha256-{_sha256(style)}'")
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _figure(value: Cell) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else readable(value)


def _groups(findings: tuple[Finding, ...]) -> Iterator[_Group]:
    counts = Counter(finding.rule for finding in findings)
    seen: set[str] = set()
    for finding in by_severity(findings):
        if finding.rule not in seen:
            seen.add(finding.rule)
            severity = finding.severity.value
            yield _Group(severity, _TONES.get(severity, "calm"), finding.rule, counts[finding.rule], finding)


def _section(table: Table) -> _Section:
    columns = [
        {
            "title": visible(column.title),
            "right": column.align is Align.RIGHT,
            "badge": column.key in _BADGES,
        }
        for column in table.columns
    ]
    data = {"columns": columns, "rows": [[_value(cell) for cell in row] for row in table.rows], "tones": dict(_TONES)}
    first = tuple(tuple(readable(cell) for cell in row) for row in table.rows[:_STATIC_ROWS])
    return _Section(table, _inert_json(data), first, max(0, len(table.rows) - _STATIC_ROWS))


def _value(cell: Cell) -> str | int | float | bool | dict[str, str] | None:
    """Give a cell as JSON: a time becomes ``{"t": RFC 3339}``, so that the page can tell it from text."""
    match cell:
        case datetime():
            return {"t": rfc3339(cell)}
        case str():
            return visible(cell)
        case None | bool() | int() | float():
            return cell
        case _:
            assert_never(cell)


def _inert_json(data: Any) -> str:
    """Write JSON that cannot end its script element (HTML Standard, "Restrictions for contents of script elements")."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


FORMAT = Format(name="html", suffix=".html", render=render)
