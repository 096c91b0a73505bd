"""A document with everything that a format must survive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from reports.model import Align, Column, Confidence, Document, Fact, Finding, Location, Severity, Table

AT = datetime(2026, 3, 2, 12, 30, 15, 250000, tzinfo=timezone(timedelta(hours=2)))
HOSTILE = (
    "<script>window.broken=1</script>",
    "</script><img src=x onerror=window.broken=1>",
    '"><svg/onload=window.broken=1>',
    "{{ 7*7 }}{% raw %}",
    "a\u202egnp.exe",
    "two\nlines\ttab\x1b[31m\x00",
    "pipe | back`tick` *star* [link](https://evil.example) @someone #1 \\",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "  +1",
    "-2+3",
    "＝1+1",  # noqa: RUF001 - spreadsheets fold the wide form
    "quote \"double\" and 'single', comma; semicolon",
    "\u2028line\u2029paragraph",
    "日本 🚀",
    "&lt;already&amp;",
    "x" * 300,
)


def document(*, names: tuple[str, ...] = HOSTILE, findings: bool = True) -> Document:
    columns = (
        Column(key="application", title="Application"),
        Column(key="state", title="State"),
        Column(key="end", title="End"),
        Column(key="count", title="Count", align=Align.RIGHT),
        Column(key="share", title="Share", align=Align.RIGHT),
        Column(key="on", title="On"),
    )
    rows = tuple(
        (
            name,
            "live" if at % 2 else "expired",
            AT + timedelta(days=at) if at % 3 else None,
            at - 2,
            at / 4,
            at % 2 == 0,
        )
        for at, name in enumerate(names)
    )
    found = (
        Finding(
            rule="not-so-bad",
            message=names[0],
            severity=Severity.NOTE,
            confidence=Confidence.LOW,
            subject=names[1],
        ),
        Finding(
            rule="bad",
            message="It is.",
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            subject="y",
            advice="Mend it.",
            location=Location(path="src/a.py", line=3),
        ),
    )
    return Document(
        title=f"Report on {names[0]}",
        as_of=AT,
        facts=(Fact(label="Rows", value=1234), Fact(label=names[2], value=names[3]), Fact(label="Since", value=AT)),
        tables=(
            Table(name="main", title=f"Main {names[4]}", columns=columns, rows=rows, note=names[5]),
            Table(name="none", title="Nothing", columns=columns[:1], rows=()),
        ),
        findings=found if findings else (),
    )


EMPTY = Document(title="Empty", as_of=None)
UTC_AT = AT.astimezone(UTC)
