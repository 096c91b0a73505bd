"""Can a file that mentions something hold a site at all? Told from its text, before it is parsed.

To bind the names of a file costs five times what parsing it costs, and most files that mention a word hold no site: a
construct needs all words of its name, a method its package, and a transform says what its search needs, in any
case. A text may be spelled otherwise than it reads: parts side by side or around a ``+`` are joined, escapes decoded,
and letters of other alphabets that Python reads as plain ones (https://peps.python.org/pep-3131/) are replaced.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from codemods.engine.imported import imported_names
from codemods.engine.texts import Texts
from codemods.engine.words import Words
from codemods.signs import SECRET_BESIDE_TENANT, Sign
from codemods.transform import Transform

_GAP = r"[\s\\()]*(?:#[^\n]*\n[\s\\()]*){0,9}"
# Three quotes alone begin or end a text of several lines, such as every docstring; two may be an empty text.
_TWO_OR_MORE = r"""(?<!["']["'])["'](?!["'])|["']{3,}"""
_JOINT = rf"""["'](?:["']*+{_GAP}(?:\+{_GAP})?[rRbBuUfF]{{0,2}}["']+|{_TWO_OR_MORE})"""
# https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences
_ESCAPE = r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{([^}\n]+)\}|\r?\n)"
_OF_GAPS = " \t\r\n\f\v\\()+rRbBuUfF"
_FIND_JOINT, _FIND_ESCAPE = re.compile(_JOINT), re.compile(_ESCAPE)
_Words = tuple[frozenset[str], str]
"""Words that stand in a file together, and the package that it has to import, if any."""
_SECRET = b"q~"  # in every secret that Entra generates: codemods.shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What may be in a file: known ``names``, what one of some ``searches`` finds, the text of a ``secret``.

    ``handed`` says that a secret may be handed over to any library.
    """

    names: bool
    handed: bool
    searches: tuple[Transform, ...]
    secret: bool

    def __bool__(self) -> bool:
        """Tell whether there may be a site."""
        return self.names or self.handed or self.secret or bool(self.searches)


class Evidence:
    """What a file must hold for a site: all words, or all parts of words, of one of some groups."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        words: set[_Words] = set()
        for each in transforms:
            words.update((frozenset(name.split(".")), name.partition(".")[0]) for name in each.constructs)
            words.update(
                (frozenset({name.rpartition(".")[2]}), "") for name in (*each.classes, *each.private_attributes)
            )
            words.update((frozenset({name, package}), package) for name, (package, _) in each.methods.items())
        self._words = _least(words)
        self._sought = Words({word for group, _ in self._words for word in group})
        self._find_words = Texts(self._sought.texts)
        searching = [each for each in transforms if each.search is not None]
        self._searches = tuple((each, tuple(map(_Group.of, each.evidence))) for each in searching)
        groups = (_HANDED_OVER, *(group for _, groups in self._searches for group in groups))
        self._find_parts = Texts({_SECRET, *(text for group in groups for choice in group.choices for text in choice)})
        self.everything = Seen(names=True, handed=True, searches=tuple(searching), secret=True)

    def of(self, text: str) -> Seen:
        """Say what a file may hold."""
        data = _encoded(f"{text}\n{spelled_otherwise(text)}")
        lowered = data.lower()
        here, held = self._sought.among(data, self._find_words.of(data)), self._find_parts.of(lowered)
        match = cache(lambda pattern: pattern.search(lowered) is not None)
        named = {top.encode() for group, top in self._words if group <= here}
        return Seen(
            names=b"" in named or (bool(named) and not named.isdisjoint(imported_names(data))),
            handed=_HANDED_OVER.is_in(held, match),
            searches=tuple(
                each for each, groups in self._searches if any(group.is_in(held, match) for group in groups)
            ),
            secret=_SECRET in held,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Signs that stand in a file together: of each of some sets one text in lower case, and patterns."""

    choices: tuple[frozenset[bytes], ...]
    patterns: tuple[re.Pattern[bytes], ...]

    @classmethod
    def of(cls, signs: Iterable[Sign]) -> _Group:
        """Tell texts and patterns apart."""
        listed = tuple(signs)
        choices = ({sign} if isinstance(sign, str) else sign for sign in listed if not isinstance(sign, re.Pattern))
        return cls(
            choices=tuple(frozenset(text.lower().encode() for text in choice) for choice in choices),
            patterns=tuple(sign for sign in listed if isinstance(sign, re.Pattern)),
        )

    def is_in(self, held: set[bytes], match: Callable[[re.Pattern[bytes]], bool]) -> bool:
        """Tell whether a file that holds some texts has all signs; ``match`` tries a pattern on it."""
        return not any(map(held.isdisjoint, self.choices)) and all(map(match, self.patterns))


_HANDED_OVER = _Group.of(("client_secret", "tenant", SECRET_BESIDE_TENANT))
"""What a library is handed by anybody: codemods.engine.handed_over."""


def spelled_otherwise(text: str) -> str:
    """Write the lines whose texts and names are spelled otherwise than Python reads them as it reads them."""
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        plain = unicodedata.normalize("NFKC", text)
        return f"{plain}\n{_as_read(plain)}"
    return "\n".join(_as_read(text[start:end]) for start, end in _lines(text))


def _as_read(text: str) -> str:
    return _FIND_JOINT.sub("", _FIND_ESCAPE.sub(_character, text))


def _joints(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places where two texts are joined: between quotes that have nothing but a gap between them.

    To split a text takes a sixth of the time in which a pattern finds its quotes, of which few are followed by a gap.
    """
    end = at = 0
    for part in text.replace("'", '"').split('"'):
        if at and at > end and (not (rest := part.lstrip(_OF_GAPS)) or rest[0] == "#" or rest[0].isspace()):
            found = _FIND_JOINT.match(text, at - 1)
            if found is not None:
                end = found.end()
                yield found.span()
        at += len(part) + 1


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lines in which texts are joined or escaped; those that belong together, together."""
    spans = list(_joints(text))
    if "\\" in text:
        spans = sorted([*spans, *(match.span() for match in _FIND_ESCAPE.finditer(text))])
    start = end = -1
    for first, last in spans:
        if first > end:
            if end >= 0:
                yield start, end
            start = text.rfind("\n", 0, first) + 1
        if last > end:
            end = text.find("\n", last)
            end = len(text) if end < 0 else end
    if end >= 0:
        yield start, end


def _character(found: re.Match[str]) -> str:
    *hexadecimal, octal, name = found.groups()
    number = next((int(digits, 16) for digits in hexadecimal if digits), int(octal, 8) if octal else None)
    try:
        return unicodedata.lookup(name) if name else "" if number is None else chr(number)
    except (KeyError, ValueError):
        return found[0]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _least(groups: set[_Words]) -> tuple[_Words, ...]:
    """Leave out what asks for more than another group does, and put them in an order."""
    least = (
        (group, top)
        for group, top in groups
        if not any(other < group and needed in {"", top} for other, needed in groups)
    )
    return tuple(sorted(least, key=lambda each: (len(each[0]), sorted(each[0]), each[1])))
