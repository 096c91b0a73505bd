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
    alone = rb"%s(?:from|import)%s%s\b" % (_START, _SPACE, own)
    among = rb"%simport\b[^\n]*(?:\\\r?\n[^\n]*)*,%s%s\b" % (_START, _GAP, own)
    below = rb"\b%s(?:%s\.%s%s\b|%simport\b)" % (above, _GAP, _GAP, own, _SPACE)
    search = re.compile(rb"|".join((alone, among, *([below] if parent else [])))).search
    return lambda data: search(data) is not None
