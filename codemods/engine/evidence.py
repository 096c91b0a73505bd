"""Can a file that mentions something hold a site at all? Told from its text, before its names are bound.

To bind the names of a file costs five times what parsing it costs, and most files that mention a word hold no site: a
construct needs all words of its name, a method its package, and a transform says what its search needs, in any
case. A text may be spelled otherwise than it reads: parts side by side or around a ``+`` are joined, escapes decoded,
and letters of other alphabets that Python reads as plain ones (https://peps.python.org/pep-3131/) are replaced.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from codemods.engine.words import words_of
from codemods.transform import Transform

_GAP = r"[\s\\()]*(?:#[^\n]*\n[\s\\()]*){0,9}"
_JOINT = re.compile(rf"""["']+{_GAP}(?:\+{_GAP})?[rRbBuUfF]{{0,2}}["']+""")
# https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{([^}\n]+)\}|\r?\n)")
_ANYWHERE = (
    frozenset({b"q~"}),  # in every secret that Entra generates: codemods.shapes
    frozenset({b"client_secret", b"tenant"}),  # of any library: codemods.engine.handed_over
)


class Evidence:
    """What a file must hold for a site: all words, or all parts of words, of one of some groups."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        words: set[frozenset[bytes]] = set()
        parts: set[frozenset[bytes]] = set(_ANYWHERE)
        for each in transforms:
            words.update(_exact(name.split(".")) for name in each.constructs)
            words.update(_exact([name.rpartition(".")[2]]) for name in (*each.classes, *each.private_attributes))
            words.update(_exact([name, package]) for name, (package, _) in each.methods.items())
            parts.update(_lowered(group) for group in each.evidence)
        self._words, self._parts = _least(words), _least(parts)
        self._shapes = tuple(shape for each in transforms for shape in each.shapes)

    def is_in(self, text: str) -> bool:
        """Tell whether a file may hold a site."""
        if self._holds(_encoded(text)):
            return True
        read = as_read(text)
        return read != text and self._holds(_encoded(f"{text}\n{read}"))

    def _holds(self, data: bytes) -> bool:
        lowered = data.lower()
        if any(all(part in lowered for part in group) for group in self._parts):
            return True
        if any(shape.search(data) for shape in self._shapes):
            return True
        here = words_of(data)
        return any(group <= here for group in self._words)


def as_read(text: str) -> str:
    """Write the texts and names of a program as Python reads them, as far as that may make words of parts."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "\\" in text:
        text = _ESCAPE.sub(_character, text)
    return _JOINT.sub("", text)


def _character(found: re.Match[str]) -> str:
    *hexadecimal, octal, name = found.groups()
    number = next((int(digits, 16) for digits in hexadecimal if digits), int(octal, 8) if octal else None)
    try:
        return unicodedata.lookup(name) if name else "" if number is None else chr(number)
    except (KeyError, ValueError):
        return found[0]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _exact(names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(name.encode() for name in names)


def _lowered(names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(name.lower().encode() for name in names)


def _least(groups: set[frozenset[bytes]]) -> tuple[frozenset[bytes], ...]:
    """Leave out what asks for more than another group does, and put them in an order."""
    least = (group for group in groups if not any(other < group for other in groups))
    return tuple(sorted(least, key=lambda group: (len(group), sorted(group))))
