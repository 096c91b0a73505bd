"""What is told about a credential: statements, each with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Cell = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One statement."""

    text: str
    evidence: str
    """What it rests on: the listing or source and its time, or the file of code."""
    data: Mapping[str, Cell] = field(default_factory=dict)
    """The same for programs, in the columns of the snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one kind of source tells."""

    title: str
    known: tuple[Known, ...] = ()
    breaks: tuple[Known, ...] = ()
    """What of it stops working without the credential."""
    unseen: tuple[str, ...] = ()
    """What could not be seen here, in words: unknown, never unused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One credential; the three of a signing triple share a key id and have a story each."""

    title: str
    sections: tuple[Section, ...]
    breaks: tuple[Known, ...]
    unseen: tuple[str, ...]
    verdict: str
    """The answer in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All credentials of one key id."""

    key_id: str
    tenant_id: str
    taken_at: str
    stories: tuple[Story, ...]
