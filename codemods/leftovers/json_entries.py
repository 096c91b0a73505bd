"""Take members out of objects of a JSON text and leave every other character as it is written.

The proof: the text that is left is read again, and must be the old value without these members, in the same order.
A text with comments or with the same key twice is not plain JSON (RFC 8259, section 4) and stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from codemods.leftovers.cut import Cut, Refused, Span, mentioned, nothing, without

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')
Keys = tuple[str, ...]
Rule = Callable[[str, Keys], bool]
"""Says whether the members of the object that some keys lead to are variables."""


@dataclass(slots=True)
class _Member:
    """A member: the keys that lead to its object, its own, where it starts and ends, and its neighbours' ends."""

    keys: Keys
    key: str
    start: int
    end: int = 0
    before: int = 0
    next: int = 0


def cutter(rule: Rule) -> Callable[[str, str, frozenset[str]], Cut]:
    """Make the cutter of a kind of file."""
    return lambda name, text, names: _cut(rule, name, text, names)


def _cut(rule: Rule, name: str, text: str, names: frozenset[str]) -> Cut:
    try:
        value = _read(text)
    except Refused as refused:
        return nothing(text, mentioned(text, sorted(names)), str(refused))
    members = [each for each in _members(text) if each.key in names and rule(name, each.keys)]
    spans = [_span(text, each) for each in members]
    new = without(text, spans)
    for member in members:
        _drop(value, member)
    try:
        same = json.dumps(_read(new)) == json.dumps(value)
    except (Refused, RecursionError):
        same = False
    if not same:
        return nothing(text, spans, "what would be left could not be proven to be the same")
    return Cut(text=new, gone=tuple(sorted(spans)))


def _read(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Refused("it is not plain JSON (comments, or a key twice)") from error
    if not isinstance(value, dict):
        raise Refused("it is no JSON object")
    return value


def _drop(value: dict[str, Any], member: _Member) -> None:
    for key in member.keys:
        value = value[key]
    del value[member.key]


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _span(text: str, member: _Member) -> Span:
    """Take the comma with a member: the one behind it, or the one before the last."""
    line = text.count("\n", 0, member.start) + 1
    if member.next:
        return Span(start=member.start, end=member.next, line=line, name=member.key)
    return Span(start=member.before, end=member.end, line=line, name=member.key)


def _members(text: str) -> Iterator[_Member]:
    """Find the members of all objects that are reached through objects only."""
    stack: list[_Member | None] = []  # the member that is being read, for each object; None for a list
    done: list[_Member] = []
    end = 0
    for token in _TOKEN.finditer(text):
        mark, open_ = token[0], stack[-1] if stack else None
        if mark in "{[":
            keys = (*open_.keys, open_.key) if open_ is not None else ()
            inside = all(each is not None for each in stack)
            stack.append(_Member(keys, "", -1, before=token.end()) if mark == "{" and inside else None)
        elif mark in "}]":
            if open_ is not None and open_.start >= 0:
                open_.end = end
                done.append(open_)
            stack.pop()
        elif mark == "," and open_ is not None:
            open_.end = end
            done.append(open_)
            stack[-1] = _Member(open_.keys, "", -1, before=end)
        elif open_ is not None and open_.start < 0:
            open_.key, open_.start = json.loads(mark), token.start()
            _close(done, open_)
        end = token.end()
    yield from done


def _close(done: list[_Member], member: _Member) -> None:
    """Tell the member before this one, of the same object, where this one starts."""
    for other in reversed(done):
        if other.keys == member.keys and other.end == member.before:
            other.next = member.start
            return
