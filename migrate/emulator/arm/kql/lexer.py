"""Cuts a query into words."""

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)
    |(?P<verbatim>@'[^'\n]*'|@"[^"\n]*")
    |(?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>(?:mv-expand|project-away|project-rename)\b|[A-Za-z_$][A-Za-z0-9_]*)
    |(?P<symbol>=~|==|=|!~|!=|!|<=|>=|<|>|~|\||,|\(|\)|\[|\]|\.|\*|-)""",
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
LONGEST: Final = 32_000


class KqlError(Exception):
    """A query that is not understood: code, place and word as Azure Resource Graph gives them."""

    def __init__(self, code: str, *, line: int = 1, position: int = 0, token: str = "", expected: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.position = position
        self.token = token
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word of a query."""

    kind: str
    """``name``, ``string``, ``number``, ``symbol`` or ``end``."""
    text: str
    line: int
    position: int

    def error(self, code: str = "ParserFailure", expected: str = "") -> KqlError:
        """Word the refusal of this word."""
        shown = self.text or "<EOF>"
        return KqlError(code, line=self.line, position=self.position, token=shown[:200], expected=expected)


def tokens_of(query: str) -> list[Token]:
    """Cut a query into words; KqlError for a letter that cannot stand where it does."""
    if len(query) > LONGEST:
        raise KqlError("QueryTooLong")
    found: list[Token] = []
    at, line, start = 0, 1, 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise KqlError("ParserFailure", line=line, position=at - start, token=query[at])
        kind, text = match.lastgroup or "", match[0]
        if kind != "blank":
            found.append(_token(kind, text, line, at - start))
        if "\n" in text:
            line += text.count("\n")
            start = at + text.rindex("\n") + 1
        at = match.end()
    found.append(Token(kind="end", text="", line=line, position=at - start))
    return found


def _token(kind: str, text: str, line: int, position: int) -> Token:
    if kind == "verbatim":
        return Token(kind="string", text=text[2:-1], line=line, position=position)
    if kind == "string":
        plain = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1])
        return Token(kind="string", text=plain, line=line, position=position)
    return Token(kind=kind, text=text, line=line, position=position)
