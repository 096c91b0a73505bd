"""Flexible federated credentials: an expression over claims in the place of one subject.

Page "Flexible federated identity credentials": clauses joined by ``and``, each ``claims['NAME'] eq 'VALUE'`` or
``claims['NAME'] matches 'PATTERN'``, where ``*`` stands for any characters and ``?`` for one. Assumed: an expression
that cannot be read matches nothing.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_CLAUSE: Final = re.compile(r"\s*claims\['(?P<claim>[^']{1,100})'\]\s+(?P<how>eq|matches)\s+'(?P<value>[^']*)'\s*")
_AND: Final = re.compile(r"and\b")


def matches(expression: str | None, claims: Mapping[str, Any]) -> bool:
    """Whether the claims of a token satisfy an expression; None is satisfied by nothing."""
    position = 0
    while expression is not None:
        clause = _CLAUSE.match(expression, position)
        if clause is None or not _holds(clause, claims):
            return False
        if clause.end() == len(expression):
            return True
        joined = _AND.match(expression, clause.end())
        if joined is None:
            return False
        position = joined.end()
    return False


def _holds(clause: re.Match[str], claims: Mapping[str, Any]) -> bool:
    value = claims.get(clause["claim"])
    if not isinstance(value, str):
        return False
    return value == clause["value"] if clause["how"] == "eq" else _is_like(value, clause["value"])


def _is_like(text: str, pattern: str) -> bool:
    """Match wildcards step by step: patterns come from clients, and a regular expression could be made to stall."""
    at = place = 0
    star, resume = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, resume = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = resume, star + 1
        else:
            return False
    return all(mark == "*" for mark in pattern[place:])
