"""Markdown (GitHub Flavored Markdown, tables extension) for issues, pull requests and wikis.

No text of a tenant can start a tag, a link, a mention, emphasis or a new cell; control characters are shown by code
point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reports.escaping import markdown
from reports.findings import as_table
from reports.format import Format
from reports.model import Align, Document, Table
from reports.text import readable, rfc3339


def render(document: Document) -> bytes:
    """Return the whole document; findings come before the tables."""
    return ("\n".join(_lines(document)) + "\n").encode()


def _lines(document: Document) -> Iterator[str]:
    yield f"# {_safe(document.title)}"
    if document.as_of is not None:
        yield from ("", f"Evidence as of {rfc3339(document.as_of)}.")
    if document.facts:
        yield ""
        yield from _grid(
            ("Fact", "Value"), ("---", "---:"), ((fact.label, readable(fact.value)) for fact in document.facts)
        )
    if document.findings:
        yield from _table(as_table(document.findings))
    for table in document.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield from ("", f"## {_safe(table.title)} ({len(table.rows)})")
    if table.note:
        yield from ("", _safe(table.note))
    if not table.rows:
        yield from ("", "None.")
        return
    yield ""
    rules = ["---:" if column.align is Align.RIGHT else "---" for column in table.columns]
    yield from _grid((column.title for column in table.columns), rules, (map(readable, row) for row in table.rows))


def _grid(titles: Iterable[str], rules: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield _row(map(_safe, titles))
    yield _row(rules)
    for row in rows:
        yield _row(map(_safe, row))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    return markdown(readable(text))


FORMAT = Format(name="markdown", suffix=".md", render=render)
