"""Findings as rows, for formats that have tables and no form of their own for findings."""

from __future__ import annotations

from reports.model import Align, Column, Finding, Severity, Table

_COLUMNS = (
    Column(key="severity", title="Severity"),
    Column(key="rule", title="Rule"),
    Column(key="subject", title="Subject"),
    Column(key="message", title="Finding"),
    Column(key="advice", title="What to do"),
    Column(key="confidence", title="Confidence"),
)
_PLACES = (Column(key="path", title="File"), Column(key="line", title="Line", align=Align.RIGHT))
_ORDER = tuple(Severity)


def by_severity(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings with the worst first, in their own order within each severity."""
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))


def as_table(findings: tuple[Finding, ...]) -> Table:
    """Return the findings as a table; columns for file and line only where a finding has a place in a file."""
    placed = any(finding.location for finding in findings)
    rows = (
        (one.severity.value, one.rule, one.subject, one.message, one.advice, one.confidence.value, *_place(one, placed))
        for one in by_severity(findings)
    )
    columns = (*_COLUMNS, *_PLACES) if placed else _COLUMNS
    return Table(name="findings", title="Findings", columns=columns, rows=tuple(rows))


def _place(finding: Finding, placed: bool) -> tuple[str | int | None, ...]:  # noqa: FBT001 - local
    if not placed:
        return ()
    return (finding.location.path, finding.location.line) if finding.location else (None, None)
