"""Which bytes can hold an absolute import of a file, told without parsing them.

Grammar of imports: https://docs.python.org/3/reference/simple_stmts.html#the-import-statement. Between two names stand
spaces, dots and line continuations; only the names of ``from ... import (...)`` may be further away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_GAP = rb"[\s\\]*"
_SPACE = rb"[\s\\]+"
_START = rb"(?:^(?:\xef\xbb\xbf)?|[;:\r\n])[ \t\f]*"

_GOES_ON = (b"\\", b"\\\r")
_WORD = re.compile(rb"\w+").findall
_BEFORE = re.compile(rb"(?:\w+%s\.%s)*\Z" % (_GAP, _GAP)).search
_LONGEST = 400
# The names of an import, in parentheses or on one logical line; whatever else is called so holds no fewer words.
_REST = re.compile(r"import\b[^\n\\(]*(?:\\\r?\n?[^\n\\(]*)*(?:\([^)#]*(?:#[^\n]*[^)#]*)*)?")
_NAMES = re.compile(r"\w+").findall
_STAR = re.compile(r"import[\s\\]*\*").search


def importable(path: Path) -> Path:
    """Give what an import of a file names: the folder of a package, or the file without its suffix."""
    return path.parent if path.stem == "__init__" else path.with_suffix("")


def imported_names(data: bytes) -> frozenset[bytes]:
    """Give the words of the lines of imports; what stands in parentheses on the next ones is not among them."""
    return frozenset(_WORD(b"\n".join(_lines_of_imports(data))))


def _lines_of_imports(data: bytes) -> Iterator[bytes]:
    """Yield the logical lines in which ``import`` stands: one fixed text is found much sooner than a pattern."""
    position = data.find(b"import")
    while position >= 0:
        start = data.rfind(b"\n", 0, position)
        while start >= 0 and data.endswith(_GOES_ON, 0, start):
            start = data.rfind(b"\n", 0, start)
        end = data.find(b"\n", position)
        while end >= 0 and data.endswith(_GOES_ON, position, end):
            end = data.find(b"\n", end + 1)
        yield data[start + 1 : None if end < 0 else end]
        position = -1 if end < 0 else data.find(b"import", end)


def words_of_imports(text: str) -> frozenset[str]:
    """Give the words of the statements that import something, wherever their names stand."""
    return frozenset(_NAMES("\n".join(_statements(text))))


def words_behind_imports(text: str) -> frozenset[str]:
    """Give the words of what is imported, without those of the modules that it is taken from."""
    return frozenset(_NAMES("\n".join(_REST.findall(text))))


def _statements(text: str) -> Iterator[str]:
    """Yield what stands behind ``from`` and ``import``: one fixed text is found much sooner than a pattern."""
    position = text.find("import")
    while position >= 0:
        if (found := _REST.match(text, position)) is not None:
            start = text.find("from", _start_of_line(text, position), position)
            yield text[position if start < 0 else start : found.end()]
        position = text.find("import", position + 1 if found is None else found.end())


def _start_of_line(text: str, position: int) -> int:
    """Find where the logical line starts that a position is on."""
    start = text.rfind("\n", 0, position)
    while start >= 0 and text.endswith(("\\", "\\\r"), 0, start):
        start = text.rfind("\n", 0, start)
    return start + 1


def may_take_all(text: str) -> bool:
    """Tell whether a text may import everything of a module."""
    return _STAR(text) is not None


def may_import(place: Path) -> Callable[[bytes, frozenset[bytes]], bool]:
    """Make a test for the bytes of a file and its imported names: ``import a.place``, ``from a import place``."""
    name, parent = place.name, place.parent.name
    if not (name.isascii() and parent.isascii()):  # an identifier has more than one spelling outside of ASCII
        return lambda _data, _names: True
    own, above = name.encode(), parent.encode()
    below, alone = re.compile(_below(own, above)).search, re.compile(_alone(own)).search

    def test(data: bytes, names: frozenset[bytes]) -> bool:
        if not (own in names or above in names) or own not in data:
            return False
        if above in names and below(data) is not None:
            return True
        return own in names and alone(data) is not None

    return test


def _below(own: bytes, above: bytes) -> bytes:
    package = re.escape(above), _GAP, _GAP, re.escape(own), _SPACE
    return rb"%s(?:%s\.%s%s\b|%simport\b)" % package


def _alone(own: bytes) -> bytes:
    line = rb"[^\n]*(?:\\\r?\n[^\n]*)*"
    spelled = _START, _SPACE, re.escape(own), line, re.escape(own)
    return rb"%s(?:from%s%s\b|import\b%s\b%s\b)" % spelled


def depths(place: Path) -> Callable[[bytes], frozenset[int]]:
    """Make a search for how many last parts of a place the imports in the bytes of a file may name, at the most."""
    own, above = place.name.encode("utf-8", "surrogateescape"), place.parent.name.encode("utf-8", "surrogateescape")
    everything = frozenset(range(1, len(place.parts) + 1))
    below, alone = re.compile(_below(own, above)).finditer, re.compile(_alone(own)).search

    def search(data: bytes) -> frozenset[int]:
        if not (place.name + place.parent.name).isascii():
            return everything
        found = {1} if alone(data) is not None else set()
        for match in below(data):
            head = data[max(0, match.start() - _LONGEST) : match.start()]
            before = _BEFORE(head)
            left = b"" if before is None else head[: before.start()].rstrip(b"\\ \t\r\n\f\v")[-1:]
            if before is None or len(before[0]) == _LONGEST or left == b"." or left > b"\x7f":
                return everything  # the name goes on to the left, maybe in other letters
            found.add(before[0].count(b".") + 2)
        return frozenset(found)

    return search


class Importers:
    """A search for the files that may import one of some others by an absolute name.

    ``stems`` are texts one of which is in each of them, ``words`` those one of which it imports, where that can be
    told: an identifier has more than one spelling outside of ASCII.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        places = {path: importable(path) for path in paths}
        self.stems = frozenset(place.name.encode("utf-8", "surrogateescape") for place in places.values())
        self._odd = [path for path, place in places.items() if not (place.name + place.parent.name).isascii()]
        self._tests = {path: may_import(place) for path, place in places.items()}
        self._by_word: dict[bytes, set[Path]] = {}
        for path, place in places.items():
            for word in () if path in self._odd else (place.name.encode(), place.parent.name.encode()):
                self._by_word.setdefault(word, set()).add(path)
        self.words = None if self._odd else frozenset(self._by_word)

    def of(self, data: bytes) -> Iterator[Path]:
        """Yield the files that the bytes of another may import."""
        names = imported_names(data)
        maybe = {path for word in names & self._by_word.keys() for path in self._by_word[word]}
        yield from (path for path in (*self._odd, *maybe) if self._tests[path](data, names))
