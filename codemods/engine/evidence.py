"""Can a file that mentions something hold a site at all? Told from its text, before its names are bound.

To bind the names of a file costs five times what parsing it costs, and most files that mention a word hold no site: a
construct needs all words of its name, a method its package, and a transform says what its search needs, in any
case. Texts that stand side by side (``"a" "b"`` is one text) are joined as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from codemods.engine.words import words_of
from codemods.transform import Transform

_JOINT = re.compile(rb"""["'][\s\\]*(?:#[^\n]*\n[\s\\]*)*[rRbBuUfF]{0,2}["']""")
_SECRET = b"q~"  # in every secret that Entra generates: codemods.shapes


class Evidence:
    """What a file must hold for a site: all words, or all parts of words, of one of some groups."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        words: set[frozenset[bytes]] = set()
        parts: set[frozenset[bytes]] = {frozenset({_SECRET})}
        for each in transforms:
            words.update(_exact(name.split(".")) for name in each.constructs)
            words.update(_exact([name.rpartition(".")[2]]) for name in (*each.classes, *each.private_attributes))
            words.update(_exact([name, package]) for name, (package, _) in each.methods.items())
            parts.update(_lowered(group) for group in each.evidence)
            if each.search is not None and not each.evidence:
                parts.update(frozenset({literal.lower()}) for literal in each.literals)
        self._words, self._parts = _least(words), _least(parts)
        self._shapes = tuple(shape for each in transforms for shape in each.shapes)

    def is_in(self, text: str) -> bool:
        """Tell whether a file may hold a site."""
        data = text.encode("utf-8", "surrogatepass")
        return self._holds(data) or self._holds(_JOINT.sub(b"", data))

    def _holds(self, data: bytes) -> bool:
        lowered = data.lower()
        if any(all(part in lowered for part in group) for group in self._parts):
            return True
        if any(shape.search(data) for shape in self._shapes):
            return True
        here = words_of(data)
        return any(group <= here for group in self._words)


def _exact(names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(name.encode() for name in names)


def _lowered(names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(name.lower().encode() for name in names)


def _least(groups: set[frozenset[bytes]]) -> tuple[frozenset[bytes], ...]:
    """Leave out what asks for more than another group does, and put them in an order."""
    least = (group for group in groups if not any(other < group for other in groups))
    return tuple(sorted(least, key=lambda group: (len(group), sorted(group))))
