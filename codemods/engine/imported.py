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


def importable(path: Path) -> Path:
    """Give what an import of a file names: the folder of a package, or the file without its suffix."""
    return path.parent if path.stem == "__init__" else path.with_suffix("")


def may_import(place: Path) -> Callable[[bytes], bool]:
    """Make a test for bytes that already hold the name of a place: ``import a.place``, ``from a import place``."""
    name, parent = place.name, place.parent.name
    if not (name.isascii() and parent.isascii()):  # an identifier has more than one spelling outside of ASCII
        return lambda _data: True
    own, above = re.escape(name.encode()), re.escape(parent.encode())
    below = re.compile(rb"%s(?:%s\.%s%s\b|%simport\b)" % (above, _GAP, _GAP, own, _SPACE)).search if parent else None
    alone = rb"%s%s\b" % (_SPACE, own)
    among = rb"import\b[^\n]*(?:\\\r?\n[^\n]*)*,%s%s\b" % (_GAP, own)
    # Each starts with fixed bytes, which are found a hundred times sooner than a class of them.
    quick = [re.compile(pattern).search for pattern in (rb"import%s" % alone, rb"from%s" % alone, among)]
    exact = re.compile(rb"%s(?:(?:from|import)%s|%s)" % (_START, alone, among)).search

    def test(data: bytes) -> bool:
        if below is not None and below(data) is not None:
            return True
        return any(search(data) is not None for search in quick) and exact(data) is not None

    return test
