"""Take settings out of Terraform and Bicep: a line of a map, or a block that says a name and its value.

No parser stands behind it, so only the plain forms are known: strings and comments are blanked out, brackets must be
balanced before and after, and a file with texts over several lines stays as it is.

https://developer.hashicorp.com/terraform/language/syntax/configuration,
https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from codemods.leftovers.cut import Cut, Refused, Span, line_starts, mentioned, nothing, without

_PAIRS = {"}": "{", "]": "[", ")": "("}
_OPERATORS = "?:&|+-*/%=<>!.,("


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How a language writes things: ``blanked`` matches strings and comments, ``long`` what is not understood.

    ``maps`` and ``lists`` match the text in front of the bracket that holds variables; ``block`` the one in front of a
    block of its own; ``named`` the line that says its name, and ``inner`` any line such a block may have.
    """

    blanked: re.Pattern[str]
    long: re.Pattern[str]
    maps: re.Pattern[str]
    lists: re.Pattern[str]
    block: re.Pattern[str]
    entry: str
    named: str
    inner: re.Pattern[str]


TERRAFORM = Grammar(
    blanked=re.compile(r'"(?:\\.|\$\{[^{}]*\}|[^"\\\n])*"|(?:#|//)[^\n]*'),
    long=re.compile(r"<<|/\*"),
    maps=re.compile(r"\b(?:app_settings|environment_variables|environment|env_vars|variables)[ \t]*=[ \t]*\Z"),
    lists=re.compile(r"(?!)"),
    block=re.compile(r"[ \t]*env[ \t]*\Z"),
    entry=r'[ \t]*(?:"{0}"|{0})[ \t]*=[ \t]*(?!=)(?P<value>\S.*?)[ \t]*,?[ \t]*',
    named=r'[ \t]*name[ \t]*=[ \t]*"{0}"[ \t]*',
    inner=re.compile(r"[ \t]*(?:name|value|secret_name)[ \t]*=.*\S[ \t]*"),
)
BICEP = Grammar(
    blanked=re.compile(r"'(?:\\.|\$\{[^{}]*\}|[^'\\\n])*'|//[^\n]*"),
    long=re.compile(r"'''|/\*"),
    maps=re.compile(r"\b(?:appSettings|environmentVariables|envVars)[ \t]*:[ \t]*\Z"),
    lists=re.compile(r"\b(?:appSettings|env|environmentVariables)[ \t]*:[ \t]*\Z"),
    block=re.compile(r"[ \t]*\Z"),
    entry=r"[ \t]*(?:'{0}'|{0})[ \t]*:[ \t]*(?P<value>\S.*?)[ \t]*",
    named=r"[ \t]*name[ \t]*:[ \t]*'{0}'[ \t]*",
    inner=re.compile(r"[ \t]*(?:name|value|secretRef)[ \t]*:.*\S[ \t]*"),
)


def terraform(_name: str, text: str, names: frozenset[str]) -> Cut:
    """Take settings out of a Terraform file."""
    return _cut(TERRAFORM, text, names)


def bicep(_name: str, text: str, names: frozenset[str]) -> Cut:
    """Take settings out of a Bicep file."""
    return _cut(BICEP, text, names)


def _cut(grammar: Grammar, text: str, names: frozenset[str]) -> Cut:
    found = [each for each in sorted(names) if each in text]
    if not found:
        return Cut(text=text)
    try:
        reader = _Reader(grammar, text)
    except Refused as refused:
        return nothing(text, mentioned(text, found), str(refused))
    spans = sorted(span for name in found for span in reader.spans(name))
    new = without(text, spans)
    try:
        _Reader(grammar, new)
    except Refused as refused:
        return nothing(text, spans, str(refused))
    return Cut(text=new, gone=tuple(spans))


class _Reader:
    """A text with its strings and comments blanked, and the bracket each line stands in."""

    def __init__(self, grammar: Grammar, text: str) -> None:
        self.grammar, self.text = grammar, text
        self.bare = grammar.blanked.sub(lambda found: " " * len(found[0]), text)
        if grammar.long.search(self.bare) or "\r" in text.replace("\r\n", "") or set("\"'`") & set(self.bare):
            raise Refused("it has texts that are not understood (several lines, or templates in templates)")
        self.starts = line_starts(text)
        self.opened: list[int | None] = []
        self.closes: dict[int, int] = {}
        self._pair()

    def _pair(self) -> None:
        """Pair the brackets; Refused when they do not fit."""
        stack: list[int] = []
        at = 0
        for start, end in pairwise(self.starts):
            self.opened.append(stack[-1] if stack else None)
            for at in range(start, end):
                mark = self.bare[at]
                if mark in "{[(":
                    stack.append(at)
                elif mark in _PAIRS:
                    if not stack or self.bare[stack[-1]] != _PAIRS[mark]:
                        raise Refused("its brackets are not balanced")
                    self.closes[stack.pop()] = at
        if stack:
            raise Refused("its brackets are not balanced")

    def spans(self, name: str) -> Iterator[Span]:
        entry = re.compile(self.grammar.entry.format(re.escape(name)))
        named = re.compile(self.grammar.named.format(re.escape(name)))
        for number, bracket in enumerate(self.opened):
            line = self._line(number)
            if bracket is None or name not in line:
                continue
            if entry.fullmatch(self._code(number)) and self._leads(bracket, self.grammar.maps) and self._ends(number):
                yield self._span(number, number, name, number)
            elif named.fullmatch(self._code(number)) and (lines := self._block(bracket)) is not None:
                yield self._span(*lines, name, number)

    def _span(self, first: int, last: int, name: str, number: int) -> Span:
        return Span(start=self.starts[first], end=self.starts[last + 1], line=number + 1, name=name)

    def _line(self, number: int) -> str:
        return self.text[self.starts[number] : self.starts[number + 1]].rstrip("\r\n")

    def _bare(self, number: int) -> str:
        return self.bare[self.starts[number] : self.starts[number + 1]].rstrip("\r\n")

    def _code(self, number: int) -> str:
        """Give a line without the comment behind it."""
        line = self._line(number)
        for found in self.grammar.blanked.finditer(line):
            if found[0].startswith(("#", "//")):
                return line[: found.start()]
        return line

    def _leads(self, bracket: int, pattern: re.Pattern[str]) -> bool:
        start = self.text.rfind("\n", 0, bracket) + 1
        return pattern.search(self.bare[start:bracket]) is not None

    def _ends(self, number: int) -> bool:
        """Tell whether an expression is whole on its line."""
        bare = self._bare(number).rstrip()
        after = next((line for line in map(self._bare, range(number + 1, len(self.opened))) if line.strip()), "")
        depth = sum(mark in "{[(" for mark in bare) - sum(mark in "}])" for mark in bare)
        ended = self._code(number).rstrip().removesuffix(",")
        return not depth and ended[-1:] not in _OPERATORS and after.strip()[:1] not in set(_OPERATORS) - {"-"}

    def _block(self, bracket: int) -> tuple[int, int] | None:
        """Give the lines of a block that sets one variable and has them to itself."""
        first = self.text.count("\n", 0, bracket)
        last = self.text.count("\n", 0, self.closes[bracket])
        start = self.starts[first]
        holder = self.opened[first]
        opened = self.grammar.block.fullmatch(self.bare[start:bracket])
        if not opened or self._bare(first)[bracket - start + 1 :].strip():
            return None
        if self.grammar is BICEP and (holder is None or not self._leads(holder, self.grammar.lists)):
            return None
        inner = all(self.grammar.inner.fullmatch(self._code(number)) for number in range(first + 1, last))
        plain = all(self._ends(number) for number in range(first + 1, last - 1))
        return (first, last) if inner and plain and self._bare(last).strip() in {"}", "},"} else None
