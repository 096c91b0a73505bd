"""What a kind of place is: which files, which lines of them set a name, and what else it knows to look for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from codemods.leftover import LeftoverKind
from codemods.leftovers.cut import Cutter
from codemods.leftovers.used import use_of

_WHOLE = re.compile(r"[A-Za-z0-9_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A line of a file; ``name`` is what was looked for, or the construct that was met."""

    line: int
    name: str
    kind: LeftoverKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A kind of file. ``comment`` starts a line that sets nothing; ``constructs`` count whatever name is looked for.

    ``applies`` looks into the text where the name of the file is not enough; ``rank`` puts special names before
    general ones. ``cut`` takes names out, where the format allows it.
    """

    kind: LeftoverKind
    matches: Callable[[str], bool]
    comment: str = "#"
    applies: Callable[[str], bool] = lambda _: True
    constructs: tuple[tuple[re.Pattern[str], LeftoverKind], ...] = ()
    rank: int = 1
    cut: Cutter | None = None


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Make the pattern that finds names as words: ``X`` is in ``${X}`` and not in ``MY_X``."""
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{listed})(?![A-Za-z0-9_])")


def hits(place: Place, text: str, names: re.Pattern[str] | None) -> Iterator[Hit]:
    """List the lines that set, use or pass on a name, each name once a line; comments set nothing."""
    if not place.applies(text):
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if place.comment and line.lstrip().startswith(place.comment):
            continue
        for name in dict.fromkeys(names.findall(line) if names is not None else ()):
            yield Hit(line=number, name=name, kind=use_of(lines, number - 1, name) or place.kind)
        for construct, kind in place.constructs:
            if (found := construct.search(line)) is not None:
                yield Hit(line=number, name=found[1], kind=kind)
