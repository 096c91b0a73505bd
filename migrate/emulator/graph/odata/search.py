"""``$search`` on directory objects.

Page "Use the $search query parameter": clauses ``"property:text"`` in double quotes, joined by AND, OR and brackets;
texts are cut into tokens at blanks, changes of case and symbols, and each wanted token must begin a token of the
property. Which objects a token matches in the service's index is assumed where the page leaves it open.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from migrate.emulator.graph.errors import GraphError, bad_request

Search = Callable[[Mapping[str, Any]], bool]

SEARCHABLE: Final = frozenset({"displayName", "description"})
_TOKEN: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(AND|OR)\b|([()]))')
_WORDS: Final = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+")
_DEEPEST: Final = 20
_MOST_CLAUSES: Final = 50
"""Assumed: that there is a limit, and where it lies."""


def _syntax_error(text: str, position: int) -> GraphError:
    found = text[position : position + 1] or " "
    return bad_request(f"Syntax error: character '{found}' is not valid at position {position} in '{text}'.")


def parse_search(text: str) -> Search:
    """Read a $search, or refuse it with HTTP status 400."""
    parser = _Parser(text)
    if parser.clauses > _MOST_CLAUSES:
        raise bad_request(f"Too many clauses in $search: at most {_MOST_CLAUSES}.", "Request_UnsupportedQuery")
    test = parser.either(0)
    parser.end()
    return test


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(text)]


def _clause(content: str) -> Search:
    name, colon, wanted = content.replace('\\"', '"').partition(":")
    if not colon or name not in SEARCHABLE or not wanted.strip():
        raise bad_request(f"'{content}' is not a supported $search clause.", "Request_UnsupportedQuery")
    words = _words(wanted)
    whole = wanted.strip().casefold()

    def test(body: Mapping[str, Any]) -> bool:
        held = body.get(name)
        if not isinstance(held, str):
            return False
        tokens = _words(held)
        found = bool(words) and all(any(token.startswith(word) for token in tokens) for word in words)
        return found or held.casefold().startswith(whole)

    return test


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self.clauses = sum(kind == "clause" for _, kind, _ in self._tokens)
        self._next = 0

    def _read(self) -> Iterator[tuple[int, str, str]]:
        position, text = 0, self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise _syntax_error(self._text, position)
            clause, word, bracket = match.groups()
            yield match.start(), word or bracket or "clause", clause or ""
            position = match.end()

    def _kind(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _take(self, *kinds: str) -> str:
        if self._kind() not in kinds:
            place = self._tokens[self._next][0] if self._next < len(self._tokens) else len(self._text)
            raise _syntax_error(self._text, place)
        self._next += 1
        return self._tokens[self._next - 1][2]

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self._next != len(self._tokens):
            self._take("")

    def either(self, depth: int) -> Search:
        parts = [self._both(depth)]
        while self._kind() == "OR":
            self._take("OR")
            parts.append(self._both(depth))
        return lambda body: any(part(body) for part in parts)

    def _both(self, depth: int) -> Search:
        parts = [self._one(depth)]
        while self._kind() in ("AND", "clause", "("):  # a blank between clauses means AND
            if self._kind() == "AND":
                self._take("AND")
            parts.append(self._one(depth))
        return lambda body: all(part(body) for part in parts)

    def _one(self, depth: int) -> Search:
        if self._kind() == "(" and depth < _DEEPEST:
            self._take("(")
            inner = self.either(depth + 1)
            self._take(")")
            return inner
        return _clause(self._take("clause"))
