"""``$filter``: a parser for the grammar that Graph clients use, and its evaluation on a JSON object.

Grammar: ``or``, ``and``, ``not``, comparisons, ``in``, ``startswith``/``endswith``, ``any``/``all`` with
a lambda, ``path/$count`` (OData 4.0 part 2, section 5.1.1). Texts compare without regard to case, as the directory
does (page "Use the $filter query parameter").
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.graph.values import parse_moment

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<punct>[(),:])|(?P<word>[^\s(),:'][^\s(),']*))""",
)
_DEEPEST: Final = 40
_MOST_PAIRS: Final = 200_000
_COMPARISONS: Final = ("eq", "ne", "gt", "ge", "lt", "le")
_FUNCTIONS: Final = ("startswith", "endswith")
"""The pages write both startsWith and startswith."""
_LONGEST_NUMBER: Final = 18
_LAMBDA: Final = re.compile(r"(?P<path>.+)/(?P<kind>any|all)")
_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}

Scope = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A parsed filter."""

    test: Callable[[Scope], bool]
    properties: frozenset[str]
    """The properties of the object that it looks at."""
    equalities: Mapping[str, Any]
    """What it demands by ``eq`` at its top level, for look-ups by index."""
    is_advanced: bool
    """Whether it uses what Graph calls advanced: ``not``, ``ne``, ``endswith``, ``$count``."""
    alternatives: int = 0
    """How many parts ``or`` joins, the values of an ``in`` included."""


def syntax_error(message: str) -> GraphError:
    """Word the refusal of a filter that cannot be read (the code is recorded, the details of the text are assumed)."""
    return bad_request(f"Invalid filter clause: {message}")


def parse_filter(text: str) -> Filter:
    """Read a filter, or refuse it with HTTP status 400."""
    parser = _Parser(text)
    test = parser.expression(0)
    parser.end()
    return Filter(
        test=test,
        properties=frozenset(parser.properties),
        equalities=parser.equalities,
        is_advanced=parser.is_advanced,
        alternatives=parser.alternatives,
    )


def _tokens(text: str) -> Iterator[str]:
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise syntax_error(f"Syntax error at position {position} in '{text}'.")
        # A colon inside a word (a date, a URI) belongs to the word; after a lambda's variable it stands alone.
        yield match.group().strip()
        position = match.end()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_split_lambda_colons(_tokens(text)))
        self._next = 0
        self._variables: list[str] = []
        self.properties: set[str] = set()
        self.is_advanced = False
        self.alternatives = 0
        self.equalities: dict[str, Any] = {}
        self._budget = _MOST_PAIRS

    def _fail(self) -> GraphError:
        return syntax_error(f"Syntax error at position {self._next} in '{self._text}'.")

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _at(self, word: str) -> bool:
        return self._peek() == word

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if not token or (expected is not None and token != expected):
            raise self._fail()
        self._next += 1
        return token

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self._next != len(self._tokens):
            raise self._fail()

    def expression(self, depth: int) -> Callable[[Scope], bool]:
        if depth > _DEEPEST:
            raise syntax_error("The filter is nested too deeply.")
        outside, self.equalities = self.equalities, {}
        parts = [self._conjunct(depth)]
        while self._at("or"):
            self._take()
            parts.append(self._conjunct(depth))
        if len(parts) == 1:
            self.equalities |= outside
            return parts[0]
        self.equalities = outside  # no alternative is demanded
        self.alternatives += len(parts)
        return lambda scope: any(part(scope) for part in parts)

    def _conjunct(self, depth: int) -> Callable[[Scope], bool]:
        parts = [self._term(depth)]
        while self._at("and"):
            self._take()
            parts.append(self._term(depth))
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def _term(self, depth: int) -> Callable[[Scope], bool]:
        if self._at("not"):
            return self._negation(depth)
        if self._at("("):
            self._take()
            inner = self.expression(depth + 1)
            self._take(")")
            return inner
        if self._peek().lower() in _FUNCTIONS:
            return self._function()
        match = _LAMBDA.fullmatch(self._peek())
        if match is not None:
            return self._lambda(match["path"], match["kind"], depth)
        return self._comparison()

    def _negation(self, depth: int) -> Callable[[Scope], bool]:
        self.is_advanced = True
        self._take()
        outside = dict(self.equalities)
        test = self._term(depth + 1) if depth <= _DEEPEST else self.expression(depth + 1)
        self.equalities = outside
        return lambda scope: not test(scope)

    def _function(self) -> Callable[[Scope], bool]:
        name = self._take().lower()
        self.is_advanced |= name == "endswith"
        self._take("(")
        path = self._path(self._take())
        self._take(",")
        value = self._value(self._take())
        self._take(")")
        if not isinstance(value, str):
            raise self._fail()
        method = str.startswith if name == "startswith" else str.endswith
        wanted = value.casefold()

        def test(scope: Scope) -> bool:
            held = path(scope)
            return isinstance(held, str) and method(held.casefold(), wanted)

        return test

    def _lambda(self, path_text: str, kind: str, depth: int) -> Callable[[Scope], bool]:
        self._take()
        self._take("(")
        if kind == "any" and self._at(")"):
            self._take()
            path = self._path(path_text)
            return lambda scope: bool(path(scope))
        path = self._path(path_text)
        variable = self._take()
        if not re.fullmatch(r"[A-Za-z_]\w*", variable):
            raise self._fail()
        self._take(":")
        multiplies = bool(self._variables) and path_text.partition("/")[0] != self._variables[-1]
        self._variables.append(variable)
        # A demand inside a lambda is one on the elements, not on the object.
        outside = dict(self.equalities)
        inner = self.expression(depth + 1)
        self.equalities = outside
        self._variables.pop()
        self._take(")")
        quantifier = any if kind == "any" else all

        def test(scope: Scope) -> bool:
            held = path(scope)
            elements = held if isinstance(held, (list, tuple)) else ()
            if multiplies:
                self._spend(len(elements))
            return quantifier(inner({**scope, variable: element}) for element in elements)

        return test

    def _spend(self, elements: int) -> None:
        """Bound the work of lambdas that go through one collection for each element of another (assumed)."""
        self._budget -= elements
        if self._budget < 0:
            raise bad_request("The filter needs too much work.", "Request_UnsupportedQuery")

    def _comparison(self) -> Callable[[Scope], bool]:
        name = self._take()
        path = self._path(name)
        operator = self._take()
        if operator == "in":
            values = self._list()
            return lambda scope: any(_compare("eq", path(scope), value) for value in values)
        if operator not in _COMPARISONS:
            raise self._fail()
        self.is_advanced |= operator == "ne"
        value = self._value(self._take())
        if operator == "eq":
            self.equalities.setdefault(name, value)
        return lambda scope: _compare(operator, path(scope), value)

    def _list(self) -> list[Any]:
        self._take("(")
        values = [self._value(self._take())]
        while self._at(","):
            self._take()
            values.append(self._value(self._take()))
        self._take(")")
        self.alternatives += len(values)
        return values

    def _path(self, text: str) -> Callable[[Scope], Any]:
        steps = text.split("/")
        if not all(re.fullmatch(r"\$?[A-Za-z_@][\w.@]*", step) for step in steps):
            raise self._fail()
        self.is_advanced |= "$count" in steps
        if steps[0] not in self._variables:
            self.properties.add(steps[0])

        def walk(scope: Scope) -> Any:
            held: Any = scope
            for step in steps:
                if step == "$count":
                    held = len(held) if isinstance(held, (list, tuple)) else 0
                else:
                    held = held.get(step) if isinstance(held, Mapping) else None
            return held

        return walk

    def _value(self, token: str) -> Any:
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in _WORDS:
            return _WORDS[token]
        if re.fullmatch(r"-?\d+", token) and len(token) <= _LONGEST_NUMBER:
            return int(token)
        if re.fullmatch(r"[\w.:+-]+", token):
            return parse_moment(token) or token  # a date or a GUID, which OData writes without quotes
        raise self._fail()


def _split_lambda_colons(tokens: Iterator[str]) -> Iterator[str]:
    previous = ""
    for token in tokens:
        variable, colon, rest = token.partition(":")
        # "(t:t" arrives as one word when the client writes no blank after the colon.
        if previous == "(" and colon and re.fullmatch(r"[A-Za-z_]\w*", variable):
            yield from filter(None, (variable, ":", rest))
        else:
            yield token
        previous = token


def _compare(operator: str, held: Any, wanted: Any) -> bool:
    if isinstance(held, str) and isinstance(wanted, datetime):
        held = parse_moment(held)
    elif isinstance(held, str) and isinstance(wanted, str):
        held, wanted = held.casefold(), wanted.casefold()
    if operator in ("eq", "ne"):
        return bool(held == wanted) is (operator == "eq")
    if isinstance(held, bool) or type(held) is not type(wanted) or held is None:
        return False
    return bool({"gt": held > wanted, "ge": held >= wanted, "lt": held < wanted, "le": held <= wanted}[operator])
