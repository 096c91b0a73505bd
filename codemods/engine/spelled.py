"""Which files may hold a name in a form that matters, told before they are parsed.

A name of a variable or an entry matters as a whole text, as an option that is called after it, as a field of a class,
or as an attribute; most files that hold the word hold it as a name of their own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

from codemods.engine.evidence import spelled_otherwise

_END = r"[\s\\)]*"
_May = Callable[[bytes], bool]


def spellings(name: str) -> tuple[str, str, str]:
    """Give a variable in the spellings of code: itself, as a field, and as an option."""
    return name, name.lower(), name.lower().replace("_", "-")


def any_as_variable(names: Iterable[str], data: bytes) -> bool:
    """Tell whether a file may read, set or require one of some variables."""
    folded = data.lower().replace(b"-", b"_")
    here = (name for name in names if not name.isascii() or name.lower().replace("-", "_").encode() in folded)
    return any(_as_variable(name)(data) for name in here)


@functools.cache
def as_setting(name: str) -> _May:
    """Make a test for a text that is the name, an option ``--its-name`` and a field ``its_name:``, in any case."""
    loose = _loose(name)
    return _test(name, rf"[\"'](?:--+)?{loose}[\"']|(?<!\w){loose}{_END}:")


@functools.cache
def _as_variable(name: str) -> _May:
    """Make the same test, but for a text that is the name letter for letter, or a command that sets or reads it."""
    loose, exact = _loose(name), rf"(?-i:{re.escape(name)})"
    command = rf"(?<!\w){exact}=(?!=)|\$\{{{{0,2}}{exact}(?!\w)"
    return _test(name, rf"[\"'](?:{exact}|--+{loose})[\"']|(?<!\w){loose}{_END}:|{command}")


def _loose(name: str) -> str:
    return "[-_]".join(map(re.escape, re.split("[-_]", name)))


@functools.cache
def as_item(name: str) -> _May:
    """Make a test for a text that is the name, or its second half behind a slash, and for an attribute of that name."""
    exact = re.escape(name.rpartition("/")[2])
    return _test(name, rf"[\"']{exact}[\"']|\.[\s\\]*(?:\#[^\n]*\n[\s\\]*)*{exact}(?!\w)")


def _test(name: str, pattern: str) -> _May:
    search = re.compile(pattern, re.IGNORECASE).search

    def test(data: bytes) -> bool:
        if not name.isascii():  # an identifier has more than one spelling outside of ASCII
            return True
        return search(data.decode("utf-8", "replace")) is not None or search(_read_otherwise(data)) is not None

    return test


@functools.lru_cache(maxsize=1)
def _read_otherwise(data: bytes) -> str:
    """Give the texts of a file as Python reads them; many names are asked of one file."""
    return spelled_otherwise(data.decode("utf-8", "replace"))
