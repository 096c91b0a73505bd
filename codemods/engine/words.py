"""Which of many words occur in the bytes of a file, as words.

A word ends where a byte follows that is no ASCII letter, digit or underscore, as in a bytes pattern:
https://docs.python.org/3/library/re.html#regular-expression-syntax. An alternation of hundreds of words is slow, so
plain ones are looked up among the words of the file.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection

_LETTERS = (string.ascii_letters + string.digits + "_").encode()
_BLANKED = bytes(code if code in _LETTERS else 0x20 for code in range(256))
_FEW = 40


class Words:
    """A search for a fixed set of words."""

    def __init__(self, words: Collection[str]) -> None:
        encoded = {word.encode("utf-8", "surrogateescape"): word for word in words if word}
        plain = {data: word for data, word in encoded.items() if not data.strip(_LETTERS)}
        self._plain = plain if len(plain) > _FEW else {}
        others = {data: word for data, word in encoded.items() if data not in self._plain}
        self._others = {data: (word, _search(data)) for data, word in others.items()}

    def of(self, data: bytes) -> set[str]:
        """Give the words that occur in the bytes."""
        found = {word for part, (word, search) in self._others.items() if part in data and search(data)}
        if self._plain:
            here = self._plain.keys() & words_of(data)
            found.update(self._plain[part] for part in here)
        return found


def _search(word: bytes) -> Callable[[bytes], object]:
    """Make a search for a word that starts with its bytes, which are found much sooner than its edge."""
    here = re.escape(word)
    return re.compile(rb"%s\b(?<=\b%s)" % (here, here)).search


def words_of(data: bytes) -> set[bytes]:
    """Give all words of the bytes."""
    return set(data.translate(_BLANKED).split())
