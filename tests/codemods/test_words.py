"""Which words a file holds: however many are asked for, the answer is that of a pattern with word boundaries."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from codemods.engine.words import Words

PARTS = st.sampled_from(["a", "b", "_", "1", "A", "-", ".", " ", "\n", "é", "(", "\x00"])
WORDS = st.lists(PARTS, min_size=1, max_size=4).map("".join)


@given(st.sets(WORDS, max_size=12), st.lists(PARTS, max_size=60).map("".join))
def test_many_words_are_found_as_one_by_one(words: set[str], text: str) -> None:
    data = text.encode()
    alone = {word for word in words if re.search(rb"\b%s\b" % re.escape(word.encode()), data)}
    assert Words(words).of(data) == alone


def test_a_word_inside_another_is_none() -> None:
    words = {"secret", "settings", "key", "one", "two", "three"}
    assert Words(words).of(b"client_secret = my.settings['key-1']") == {"settings", "key"}
