"""Values that every format can write: findings, tables, documents. Plain data, no rendering."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

Cell = str | int | float | bool | datetime | None


class Severity(enum.StrEnum):
    """How bad it is when the finding is right."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(enum.StrEnum):
    """How sure we are that the finding is right; says nothing about how bad it is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a text file; line and column count from 1, the path is relative with forward slashes.

    Columns count characters. The end is where the next character stands; None where only the start is known.
    """

    path: str
    line: int
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a finding's ``rule`` means, for formats that explain rules apart from findings.

    ``danger`` is a score from 0.1 to 10.0 as CVSS has it, for rules whose findings are a vulnerability by themselves.
    """

    name: str
    summary: str
    explanation: str = ""
    advice: str = ""
    severity: Severity = Severity.WARNING
    confidence: Confidence = Confidence.HIGH
    danger: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a person should look at, with the rule that found it and what to do next.

    ``fingerprint`` stays the same while the thing does, whatever moves around it; empty where nobody follows it from
    run to run. ``group`` sets findings of one kind apart. ``accepted`` says that somebody decided to live with it.
    """

    rule: str
    message: str
    severity: Severity
    confidence: Confidence
    subject: str = ""
    advice: str = ""
    location: Location | None = None
    fingerprint: str = ""
    group: str = ""
    accepted: bool = False


class Align(enum.StrEnum):
    """How the cells of a column stand."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the key is stable for machines, the title is for people."""

    key: str
    title: str
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under columns; every row has exactly one cell for each column."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a ragged table and two columns of one key here, where the mistake was made, not in a format."""
        if len({column.key for column in self.columns}) != len(self.columns):
            raise ValueError(f"table {self.name}: two columns have the same key")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.name}: a row of {len(row)} cells under {len(self.columns)} columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A labelled figure at the head of a document."""

    label: str
    value: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A quantity that goes down or up in steps; formats without pictures leave it out, so its figures are in a table.

    Each point has a label and a value of 0 or more; the value holds up to the next point.
    """

    title: str
    points: tuple[tuple[str, int], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report; ``as_of`` is the time of the evidence, never the time of rendering."""

    title: str
    as_of: datetime | None
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    curves: tuple[Curve, ...] = ()
    rules: tuple[Rule, ...] = ()
    """What the rules of the findings mean; a rule without an entry explains itself by its name."""
