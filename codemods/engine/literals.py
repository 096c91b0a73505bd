"""Which files mention any of many literals, without a pass for each of them.

An alternation of fifty literals costs a regular expression engine a hundred times what a search for one costs. Most
literals share a part (``client_``), so the few parts that cover them all are looked for, and the literals themselves
only in files that hold their part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SHORTEST, _LONGEST = 6, 6  # shorter parts occur in most files, longer ones cover fewer literals


class Literals:
    """A search for any of a fixed set of byte strings."""

    def __init__(self, literals: Iterable[bytes]) -> None:
        wanted = set(literals)
        shortest = {each for each in wanted if not any(other != each and other in each for other in wanted)}
        self._groups = tuple(_cover(shortest))

    def occur_in(self, data: bytes) -> bool:
        """Tell whether one of them occurs."""
        return any(part in data and any(each in data for each in whole) for part, whole in self._groups)


def _cover(literals: set[bytes]) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """Yield parts and the literals each stands for: the part that covers most first, of those the longest."""
    left = sorted(literals)
    parts = {part for each in left for part in _parts(each)}
    while left:
        best = max(parts, key=lambda part: (sum(part in each for each in left), len(part), part))
        yield best, tuple(each for each in left if best in each)
        left = [each for each in left if best not in each]


def _parts(literal: bytes) -> Iterator[bytes]:
    if len(literal) <= _SHORTEST:
        yield literal
    for length in range(_SHORTEST, min(len(literal), _LONGEST) + 1):
        yield from (literal[start : start + length] for start in range(len(literal) - length + 1))
