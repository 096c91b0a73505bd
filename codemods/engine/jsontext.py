"""Where the values of a JSON text stand, so that one of them can be changed and the rest left as it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A value, where it starts and ends in the text, and its elements if it is a list."""

    value: object
    start: int
    end: int
    elements: tuple[Token, ...] = ()


def members(text: str, start: int) -> Iterator[tuple[str, Token]]:
    """Yield the members of the object that starts at an index; ValueError when none does."""
    at = _skip(text, _expect(text, start, "{"))
    while text[at] != "}":
        key = _token(text, at)
        value = _token(text, _skip(text, _expect(text, _skip(text, key.end), ":")))
        yield str(key.value), value
        at = _next(text, value.end)


def elements(text: str, start: int) -> Iterator[Token]:
    """Yield the elements of the list that starts at an index; ValueError when none does."""
    at = _skip(text, _expect(text, start, "["))
    while text[at] != "]":
        value = _token(text, at)
        yield value
        at = _next(text, value.end)


def rebuilt(text: str, old: Token, new: str) -> str:
    """Write a text in the form of an old value: one string, or a list with a string for each line.

    Lines that stay are written as they were, and separated as the old ones.
    """
    escape = text.isascii()
    if not old.elements:
        return json.dumps(new, ensure_ascii=escape) if isinstance(old.value, str) else _fresh(new, escape=escape)
    lines = [line for line in re.split(r"(?<=\n)", new) if line]
    before = [str(item.value) for item in old.elements]
    head = _common(before, lines)
    tail = _common(before[head:][::-1], lines[head:][::-1])
    written = [text[item.start : item.end] for item in old.elements[:head]]
    written += [json.dumps(line, ensure_ascii=escape) for line in lines[head : len(lines) - tail]]
    written += [text[item.start : item.end] for item in old.elements[len(before) - tail :]]
    opening = text[old.start : old.elements[0].start]
    joint = text[old.elements[0].end : old.elements[1].start] if len(before) > 1 else f",{opening[1:]}"
    return opening + joint.join(written) + text[old.elements[-1].end : old.end]


def _fresh(new: str, *, escape: bool) -> str:
    return json.dumps([line for line in re.split(r"(?<=\n)", new) if line], ensure_ascii=escape)


def _common(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _token(text: str, at: int) -> Token:
    value, end = _DECODER.raw_decode(text, at)
    inner = (
        tuple(elements(text, at)) if isinstance(value, list) and all(isinstance(item, str) for item in value) else ()
    )
    return Token(value=value, start=at, end=end, elements=inner)


def _next(text: str, at: int) -> int:
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _expect(text: str, at: int, character: str) -> int:
    if text[at] != character:
        raise ValueError(f"no {character} where one belongs")
    return at + 1
