"""Which files may hold a name in a form that matters, told before they are parsed.

A name of a variable or an entry matters as a whole text, as an option that is called after it, as a field of a class,
or as an attribute; most files that hold the word hold it as a name of their own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator

from codemods.engine.evidence import spelled_otherwise

_START = r"(?:^|[;:\r])[ \t\f(]*"
_END = r"[\s\\)]*"
_BESIDE = 64
"""Letters that are looked at on both sides of a name: quotes, dashes, a colon some spaces away."""
_HEAD = 400
"""Bytes before and behind the word ``class`` in which its decorators and bases stand."""
_SETTINGS = re.compile(rb"Settings")
_FILLED = re.compile(
    rb"(?:Settings|BaseModel)[\s\\]*[,)\[#]|@[\w. \t]*(?<!\w)(?:dataclass|define|frozen|attrs|s|mutable)(?!\w)"
)
_May = Callable[[bytes], bool]


def spellings(name: str) -> tuple[str, str, str]:
    """Give a variable in the spellings of code: itself, as a field, and as an option."""
    return name, name.lower(), name.lower().replace("_", "-")


def any_as_variable(names: Iterable[str], data: bytes) -> bool:
    """Tell whether a file may read, set or require one of some variables."""
    return any(_as_variable(name)(data) for name in names)


@functools.cache
def as_setting(name: str) -> _May:
    """Make a test for a text that is the name letter for letter, and a field of settings in any case: ``its_name:``."""
    exact = rf"[\"'](?-i:{re.escape(name)})[\"']"
    return _near(name, exact, _START + rf"{_loose(name)}{_END}:", _SETTINGS)


@functools.cache
def _as_variable(name: str) -> _May:
    """Make the same test, but for a text that is the name letter for letter, or a command that sets or reads it.

    A field counts in a class whose fields something may fill: codemods.engine.leftover_code.
    """
    loose, exact = _loose(name), rf"(?-i:{re.escape(name)})"
    command = rf"(?<!\w){exact}=(?!=)|\$\{{{{0,2}}{exact}(?!\w)"
    return _near(name, rf"[\"'](?:{exact}|--+{loose})[\"']|{command}", _START + rf"{loose}{_END}:", _FILLED)


def _loose(name: str) -> str:
    return "[-_]".join(map(re.escape, re.split("[-_]", name)))


@functools.cache
def as_item(name: str) -> _May:
    """Make a test for a text that is the name, or its second half behind a slash, and for an attribute of that name."""
    exact = re.escape(name.rpartition("/")[2])
    return _test(name, rf"[\"']{exact}[\"']|\.[\s\\]*(?:\#[^\n]*\n[\s\\]*)*{exact}(?!\w)")


def _near(name: str, text: str, field: str, filled: re.Pattern[bytes] | None = None) -> _May:
    """Make a test for patterns that hold a name, which look no further than to what stands beside it.

    A ``field`` counts in a class whose head is a match of ``filled``.
    """
    in_text, in_field = re.compile(text, re.IGNORECASE).search, re.compile(field, re.IGNORECASE | re.MULTILINE).search

    def holds(data: bytes) -> bool:
        for at in _places(data, name):
            beside = data[max(0, at - _BESIDE) : at + len(name) + _BESIDE].decode("utf-8", "replace")
            if in_text(beside) is not None:
                return True
            if in_field(beside) is not None and (filled is None or _is_in_class(data, at, filled)):
                return True
        return False

    def test(data: bytes) -> bool:
        if not name.isascii():  # an identifier has more than one spelling outside of ASCII
            return True
        return holds(data) or holds(_read_otherwise(data))

    return test


def _places(data: bytes, name: str) -> Iterator[int]:
    """Give each place of a name, however it is spelled."""
    folded, whole = _folded(name.encode()), _folded(data)
    at = whole.find(folded)
    while at >= 0:
        yield at
        at = whole.find(folded, at + 1)


def _is_in_class(data: bytes, at: int, head: re.Pattern[bytes]) -> bool:
    """Tell whether the class around a place, by its indentation, has a head or a decorator of some kind."""
    start = data.rfind(b"\n", 0, at) + 1
    indented = start + len(data[start:at]) - len(data[start:at].lstrip())
    place = data.rfind(b"class", 0, at)
    while place >= 0:
        line = data.rfind(b"\n", 0, place) + 1
        if not data[line:place].strip() and place - line < max(indented - start, 1):
            return head.search(data, max(0, line - _HEAD), min(at, place + _HEAD)) is not None
        place = data.rfind(b"class", 0, place)
    return False


@functools.lru_cache(maxsize=4)
def _folded(data: bytes) -> bytes:
    """Write what differs between spellings in one way; each letter keeps its place."""
    return data.lower().replace(b"-", b"_")


def _test(name: str, pattern: str) -> _May:
    search = re.compile(pattern, re.IGNORECASE).search

    def test(data: bytes) -> bool:
        if not name.isascii():  # an identifier has more than one spelling outside of ASCII
            return True
        texts = (data, _read_otherwise(data))
        return any(search(each.decode("utf-8", "replace")) is not None for each in texts)

    return test


@functools.lru_cache(maxsize=1)
def _read_otherwise(data: bytes) -> bytes:
    """Give the texts of a file as Python reads them; many names are asked of one file."""
    return spelled_otherwise(data.decode("utf-8", "replace")).encode("utf-8", "surrogatepass")
