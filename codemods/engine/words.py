"""Which of many words occur in the bytes of a file, as words.

A word ends where a byte follows that is no ASCII letter, digit or underscore, as in a bytes pattern:
https://docs.python.org/3/library/re.html#regular-expression-syntax.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Iterable

from codemods.engine.texts import Texts

_LETTERS = (string.ascii_letters + string.digits + "_").encode()
_BLANKED = bytes(code if code in _LETTERS else 0x20 for code in range(256))


class Words:
    """A search for a fixed set of words; ``texts`` are their bytes."""

    def __init__(self, words: Collection[str]) -> None:
        encoded = {word.encode("utf-8", "surrogateescape"): word for word in words if word}
        self._searches = {data: (word, _search(data)) for data, word in encoded.items()}
        self.texts = frozenset(encoded)

    def of(self, data: bytes) -> set[str]:
        """Give the words that occur in the bytes."""
        return self.among(data, Texts(self.texts).of(data))

    def among(self, data: bytes, texts: Iterable[bytes]) -> set[str]:
        """Give the words that occur as words, where some texts are in the bytes."""
        found = (self._searches[text] for text in texts if text in self._searches)
        return {word for word, search in found if search(data)}


def _search(word: bytes) -> Callable[[bytes], object]:
    """Make a search for a word that starts with its bytes, which are found much sooner than its edge."""
    here = re.escape(word)
    return re.compile(rb"%s\b(?<=\b%s)" % (here, here)).search


def words_of(data: bytes) -> set[bytes]:
    """Give all words of the bytes."""
    return set(data.translate(_BLANKED).split())
