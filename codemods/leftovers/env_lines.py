"""Take variables out of environment files: one line each.

The dialects differ in quotes that go on over lines (https://docs.docker.com/compose/how-tos/environment-variables/
variable-interpolation/, https://github.com/theskumar/python-dotenv); a file that may have such a value stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from codemods.leftovers.cut import SEVERAL_LINES, Cut, Span, line_starts, nothing, without

_SET = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:=[ \t]*(.*))?")


def cut(_name: str, text: str, names: frozenset[str]) -> Cut:
    """Take the lines that set names out of an environment file."""
    starts = line_starts(text)
    spans: list[Span] = []
    several = False
    for number, (start, end) in enumerate(pairwise(starts), start=1):
        line = text[start:end].rstrip("\r\n")
        found = _SET.fullmatch(line)
        several |= _goes_on(line if found is None else found[2] or "")
        if found is not None and found[1] in names:
            spans.append(Span(start=start, end=end, line=number, name=found[1]))
    if several or "\r" in text.replace("\r\n", ""):
        return nothing(text, spans, SEVERAL_LINES)
    return Cut(text=without(text, spans), gone=tuple(spans))


def _goes_on(value: str) -> bool:
    """Tell whether a value may end on a later line; so may what is no assignment and no comment."""
    if value.lstrip().startswith("#"):
        return False
    return value.endswith("\\") or any(_is_open(value, quote) for quote in _quotes(value))


def _quotes(value: str) -> Iterator[str]:
    yield from (quote for quote in "\"'`" if quote in value)


def _is_open(value: str, quote: str) -> bool:
    return value.replace(f"\\{quote}", "").count(quote) % 2 == 1
