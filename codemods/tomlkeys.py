"""How many parts the keys of a TOML document have, told without parsing it.

``tomllib`` takes time by the square of that: half a minute and more for a key of 50,000 dots, which nobody means.
Grammar: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
from typing import Final

DEEPEST: Final = 32
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"(?:\\.|[^"\\\n])*+"?|'[^'\n]*+'?)"""
_NEXT: Final = re.compile(rf"{_PART}[ \t]*+\.?", re.DOTALL)
_TOKEN: Final = re.compile(
    r'#[^\n]*+|"""(?:\\(?:.|\Z)|[^\\])*?(?:"""|\Z)|\'\'\'.*?(?:\'\'\'|\Z)|'
    rf"(?P<key>{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+)",
    re.DOTALL,
)
"""What may hold dots: a comment, a text of several lines, or words with dots between them.

A text without an end goes to that of the line or file, so that nothing is looked at twice."""


def deep_key(text: str) -> int:
    """Return the line of the first key of more than ``DEEPEST`` parts, counted from 1; 0 where there is none."""
    for found in _TOKEN.finditer(text):
        key = found["key"]
        if key and key.count(".") >= DEEPEST and sum(1 for _ in _NEXT.finditer(key)) > DEEPEST:
            return text.count("\n", 0, found.start()) + 1
    return 0
