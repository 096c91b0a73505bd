"""Which files mention any of many literals, without a pass for each of them.

An alternation of fifty literals costs a regular expression engine a hundred times what a search for one costs. Most
literals share a part (``client_``), so the few parts that cover them all are looked for, and the literals themselves
only in files that hold their part.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator

_LENGTH = 6  # shorter parts occur in most files, longer ones cover fewer literals
_RARE = (
    b"AZURE_CLIENT_", b"BotFramework", b"OAuth2", b"PROVIDER ", b"ServicePrincipal", b".windows.net", b".oauth2.",
    b"get_client_from_", b"oauth2/",
)  # fmt: skip
"""Parts of more than one literal that stand in few files without one: to read those costs less than one more search."""


class Literals:
    """A search for any of a fixed set of byte strings."""

    def __init__(self, literals: Iterable[bytes]) -> None:
        shortest = shortest_of(literals)
        self._groups = tuple(_cover(shortest))
        self.parts = shortest_of(next((part for part in _RARE if part in each), each) for each in shortest)
        """Texts one of which is in every file that mentions a literal, and in few others."""

    def occur_in(self, data: bytes) -> bool:
        """Tell whether one of them occurs."""
        return any(part in data and any(each in data for each in whole) for part, whole in self._groups)


def shortest_of(texts: Iterable[bytes]) -> set[bytes]:
    """Leave out texts that hold another one: wherever they are found, that one is."""
    wanted = set(texts)
    return {each for each in wanted if not any(other != each and other in each for other in wanted)}


def _cover(literals: set[bytes]) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """Yield parts and the literals each stands for: the part that covers most first."""
    holding: dict[bytes, set[bytes]] = {}
    for each in literals:
        for part in _parts(each):
            holding.setdefault(part, set()).add(each)
    left = set(literals)
    waiting = sorted((len(held), part) for part, held in holding.items())
    while left:
        _, part = waiting.pop()
        count = len(holding[part] & left)
        if waiting and (count, part) < waiting[-1]:
            if count:  # it covers less than it did: what others cover can only have become less, too
                insort(waiting, (count, part))
            continue
        yield part, tuple(sorted(holding[part] & left))
        left -= holding[part]


def _parts(literal: bytes) -> Iterator[bytes]:
    if len(literal) <= _LENGTH:
        yield literal
    for start in range(len(literal) - _LENGTH + 1):
        yield literal[start : start + _LENGTH]
