"""Which bytes can hold an absolute import of a file, told without parsing them.

Grammar of imports: https://docs.python.org/3/reference/simple_stmts.html#the-import-statement. Between two names stand
spaces, dots and line continuations; only the names of ``from ... import (...)`` may be further away.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_GAP = rb"[\s\\]*"
_SPACE = rb"[\s\\]+"
_START = rb"(?:^(?:\xef\xbb\xbf)?|[;:\r\n])[ \t\f]*"

_FROM = re.compile(rb"from[\s\\]+(\w+)").finditer
_IMPORT = re.compile(rb"import\b[^\n]*(?:\\\r?\n[^\n]*)*").finditer
_WORD = re.compile(rb"\w+").findall


def importable(path: Path) -> Path:
    """Give what an import of a file names: the folder of a package, or the file without its suffix."""
    return path.parent if path.stem == "__init__" else path.with_suffix("")


def imported_names(data: bytes) -> frozenset[bytes]:
    """Give the words of the lines of imports, and whatever follows ``from``: each may be a module without a package."""
    words = {match[1] for match in _FROM(data)}
    for match in _IMPORT(data):
        words.update(_WORD(match[0]))
    return frozenset(words)


def may_import(place: Path) -> Callable[[bytes, frozenset[bytes]], bool]:
    """Make a test for the bytes of a file and its imported names: ``import a.place``, ``from a import place``."""
    name, parent = place.name, place.parent.name
    if not (name.isascii() and parent.isascii()):  # an identifier has more than one spelling outside of ASCII
        return lambda _data, _names: True
    own, above = name.encode(), parent.encode()
    package = re.escape(above), _GAP, _GAP, re.escape(own), _SPACE
    below = re.compile(rb"%s(?:%s\.%s%s\b|%simport\b)" % package).search
    line = rb"[^\n]*(?:\\\r?\n[^\n]*)*"
    spelled = _START, _SPACE, re.escape(own), line, re.escape(own)
    alone = re.compile(rb"%s(?:from%s%s\b|import\b%s\b%s\b)" % spelled).search

    def test(data: bytes, names: frozenset[bytes]) -> bool:
        if own not in data:
            return False
        if above and above in data and below(data) is not None:
            return True
        return own in names and alone(data) is not None

    return test
