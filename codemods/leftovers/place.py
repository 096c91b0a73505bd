"""What a kind of place is: which files, which lines of them set a name, and what else it knows to look for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
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
    general ones. ``use`` says what a line does with a name beyond setting it, and ``only`` is the pattern around
    ``{name}`` of the lines that count, where not all do. ``guessed`` kinds are told by the ending
    of the file alone: most such files set nothing, and what is searched for in them is searched for in every spelling.
    ``cut`` takes names out, where the format allows it. A ``mounted`` file is called by the name of the secret that it
    holds.
    """

    kind: LeftoverKind
    matches: Callable[[str], bool]
    comment: str | tuple[str, ...] = "#"
    applies: Callable[[str], bool] = lambda _: True
    constructs: tuple[tuple[re.Pattern[str], LeftoverKind], ...] = ()
    rank: int = 1
    use: Callable[[list[str], int, str], LeftoverKind | None] = use_of
    only: str = ""
    guessed: bool = False
    cut: Cutter | None = None
    mounted: bool = False


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Make the pattern that finds names as words: ``X`` is in ``${X}`` and not in ``MY_X``."""
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{listed})(?![A-Za-z0-9_])")


def keys_of(names: Iterable[str]) -> re.Pattern[str]:
    """Make the pattern that finds names as keys of settings, in any case and with either separator.

    Only ASCII has another case here: a long s is none of ``s``, and would not be found again among the names.
    """
    parts = (re.split("[-_]", name) for name in sorted(names, key=len, reverse=True))
    listed = "|".join("[-_]".join(map(re.escape, each)) for each in parts)
    key = rf"[\"']?(?:[\w-]+\.)*({listed})[\"']?"
    return re.compile(rf"(?:^|[{{,])\s*(?:export\s+)?{key}\s*[:=]", re.IGNORECASE | re.ASCII)


def key_hits(text: str, keys: Collection[str], told: Collection[str]) -> Iterator[tuple[int, str]]:
    """List the lines of a settings file that give a value to a key, by the name under which the code asks for it.

    What is ``told`` is told where it is written so, letter for letter.
    """
    known = {key.lower().replace("-", "_"): key for key in keys}
    pattern = keys_of(known.values())
    for number, line in enumerate(text.split("\n"), start=1):
        for found in dict.fromkeys(pattern.findall(line)):
            if found not in told:
                yield number, known[found.lower().replace("-", "_")]


def hits(place: Place, text: str, names: re.Pattern[str] | None) -> Iterator[Hit]:
    """List the lines that set, use or pass on a name, each name once a line; comments set nothing."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if place.comment and line.lstrip().startswith(place.comment):
            continue
        for name in dict.fromkeys(names.findall(line) if names is not None else ()):
            if place.only and not re.search(place.only.format(name=re.escape(name)), line):
                continue
            yield Hit(line=number, name=name, kind=place.use(lines, number - 1, name) or place.kind)
        for construct, kind in place.constructs:
            if (found := construct.search(line)) is not None:
                yield Hit(line=number, name=found[1], kind=kind)
