"""What it means to take a name out of a file that sets it: exactly those bytes, or nothing and the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

SEVERAL_LINES = "its value may go on over several lines"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A stretch of text that does nothing but set a name; ``line`` is where the name stands, counted from 1."""

    start: int
    end: int
    line: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Kept:
    """A place that sets a name and cannot be taken out, with the reason."""

    line: int
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is left of a text, what was taken out of it, and what could not be."""

    text: str
    gone: tuple[Span, ...] = ()
    kept: tuple[Kept, ...] = ()


Cutter = Callable[[str, str, frozenset[str]], Cut]
"""Takes the path of a file below its project, its text, and names; the rest of the text stays as it is."""


class Refused(Exception):  # noqa: N818 - not an error: the text stays as it is
    """A text cannot be understood well enough; the message says why."""


def nothing(text: str, spans: Iterable[Span], why: str) -> Cut:
    """Leave a text as it is."""
    return Cut(text=text, kept=tuple(sorted({Kept(line=span.line, name=span.name, why=why) for span in spans})))


def mentioned(text: str, names: Iterable[str]) -> list[Span]:
    """List the lines that hold a name, as spans of nothing."""
    lines = list(enumerate(text.split("\n"), start=1))
    return [Span(start=0, end=0, line=number, name=name) for name in names for number, line in lines if name in line]


def without(text: str, spans: Iterable[Span]) -> str:
    """Take spans out of a text; those that overlap are joined."""
    parts: list[str] = []
    at = 0
    for span in sorted(spans):
        parts.append(text[at : max(at, span.start)])
        at = max(at, span.end)
    return "".join((*parts, text[at:]))


def line_starts(text: str) -> list[int]:
    """List where the lines of a text start, and its end as the start of the line behind the last one."""
    starts = [0]
    while (found := text.find("\n", starts[-1])) >= 0:
        starts.append(found + 1)
    return [*starts, len(text)] if starts[-1] != len(text) else starts
