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
    """A place in a text file; line and column count from 1, the path is relative with forward slashes."""

    path: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a person should look at, with the rule that found it and what to do next."""

    rule: str
    message: str
    severity: Severity
    confidence: Confidence
    subject: str = ""
    advice: str = ""
    location: Location | None = None


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
class Document:
    """A whole report; ``as_of`` is the time of the evidence, never the time of rendering."""

    title: str
    as_of: datetime | None
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
