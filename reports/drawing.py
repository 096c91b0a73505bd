"""Curves as coordinates of a picture (SVG user units, y downwards); how they look is the format's."""

from __future__ import annotations

from dataclasses import dataclass

from reports.model import Curve
from reports.text import visible

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 684, 14, 186
_LABELS = 12
"""Labels that fit below a curve."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with what is written at it; ``text`` is empty where there is no room for all."""

    x: float
    y: float
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A curve with its coordinates."""

    title: str
    note: str
    spoken: str
    """The figures in words, for those who do not see the picture."""
    line: str
    area: str
    marks: tuple[Mark, ...]
    levels: tuple[Mark, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    bottom: int = _BOTTOM


def drawn(curve: Curve) -> Drawing:
    """Return the picture of a curve that has at least one point."""
    top = max(1, *(value for _, value in curve.points), 0)
    step = (_RIGHT - _LEFT) / max(1, len(curve.points) - 1)
    every = -(-len(curve.points) // _LABELS)
    marks = tuple(
        Mark(
            round(_LEFT + at * step, 1),
            _y(value, top),
            f"{visible(label)}: {value:,}",
            visible(label) if at % every == 0 else "",
        )
        for at, (label, value) in enumerate(curve.points)
    )
    line = f"M{marks[0].x} {marks[0].y}" + "".join(f"H{mark.x}V{mark.y}" for mark in marks[1:])
    return Drawing(
        title=visible(curve.title),
        note=visible(curve.note),
        spoken=f"{visible(curve.title)}: {', '.join(mark.title for mark in marks)}",
        line=line,
        area=f"{line}V{_BOTTOM}H{_LEFT}Z",
        marks=marks,
        levels=tuple(Mark(_LEFT, _y(level, top), "", f"{level:,}") for level in sorted({0, top // 2, top})),
    )


def _y(value: int, top: int) -> float:
    return round(_BOTTOM - value / top * (_BOTTOM - _TOP), 1)
