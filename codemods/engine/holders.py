"""Whose item is a name, told from the text: ``self.secret``, ``options["secret"]``, ``options.get("secret")``.

To parse a file and to bind its names costs a hundred times what a look at its text does, and most files that hold a
name hold it as an item of something of their own. What is not one of the plain forms is not told, and has to be parsed.
Forms of an item: ``codemods.engine.items.item_of``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NEAR = 300
_QUOTES = frozenset("'\"")
_SPACE = " \t\f\v\r\n\\"
_LITERAL = re.compile(r"(?:(?<!\w)[rRuUbBfF]{1,2})?(?:'''|\"\"\"|['\"])$")
_COMPARED = re.compile(r"(?:[\s\\)]|#[^\n]*\n)*(?:not|in)\b")
_GROUPED = re.compile(r"(?:[\s\\]|#[^\n]*\n)*\)")
_BREAKS = r"(?:\s|\\(?=[\r\n]))*"  # behind a backslash the line ends
_DOT = re.compile(rf"\.{_BREAKS}(?:#[^\n]*\n{_BREAKS})*$")
_ASSIGNED = re.compile(r"\s*(?:[-+%&|^@]|\*\*?|//?|<<|>>)?=(?![=\s]*[=}!:])")
_IN_TEXT = frozenset("'\"{\r")
_WORD = r"[^\W\d]\w*"
_FREE = r"(?<![\w.)\]}\"'])"
_CHAIN = rf"{_FREE}({_WORD}(?:[ \t]*\.[ \t]*{_WORD})*)"
_OF_ATTRIBUTE = re.compile(rf"{_CHAIN}[ \t]*\.[ \t]*$")
_OF_SUBSCRIPT = re.compile(rf"{_CHAIN}[ \t]*\[$")
_OF_CALL = re.compile(rf"{_CHAIN}[ \t]*\.[ \t]*(?:get|pop)[ \t]*\($")
_OF_GETATTR = re.compile(rf"{_FREE}(?:getattr|hasattr)[ \t]*\([ \t]*({_WORD}(?:[ \t]*\.[ \t]*{_WORD})*)[ \t]*,$")
_READS = re.compile(r"\b(?:get|pop|getattr|hasattr)$")
_INNERMOST = re.compile(r"([(\[{])([^()\[\]{}#]*),$")
_BY_NAME = re.compile(r"\b(?:get|has)attr\b")


class Untold(Exception):  # noqa: N818 - an answer, not an error
    """The text does not tell whose item a name is."""


def holders_of(text: str, name: str) -> frozenset[str]:
    """Give the dotted names whose item of this name a text may read; raise Untold where they cannot be seen.

    The name is an identifier of ASCII letters. ``text`` holds the lines that are spelled otherwise than they are read,
    too. What is told may be no item at all, but no item is left out.
    """
    mentions = re.finditer(rf"{name}(?!\w)(?<!\w{name})", text)
    found = (holder for match in mentions for holder in _holder(text, match.start(), match.end()))
    return frozenset("".join(each.split()) for each in found)


def _holder(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the holder of one mention, or nothing where it is no item."""
    before = text[:start] if start <= _NEAR else f".{text[start - _NEAR : start]}"  # nothing starts where it is cut
    if before[-1:] in _QUOTES and text[end : end + 1] == before[-1]:
        yield from _of_key(text, _behind(_LITERAL.sub("", before)), start, end)
    elif (dot := _DOT.search(before)) and not _is_apart(text, before, dot, end):
        yield _told(None if "#" in dot[0] else _OF_ATTRIBUTE.search(before))


def _is_apart(text: str, before: str, dot: re.Match[str], end: int) -> bool:
    """Tell whether a dot and the name on a later line are not of one expression: the dot may end a sentence.

    Lines of one expression are in brackets, where nothing is assigned to an attribute. What stands on a line that
    begins with a comment is a comment or a text, unless a text ends on it or shows an expression.
    """
    if not {"\n", "\r"} & {*dot[0]} or "\\" in dot[0]:
        return False
    if _ASSIGNED.match(text, end):
        return True
    _, starts, line = before[: dot.start()].rpartition("\n")
    return bool(starts) and line.lstrip().startswith("#") and _IN_TEXT.isdisjoint(line)


def _of_key(text: str, before: str, start: int, end: int) -> Iterator[str]:
    """Yield the holder of an item whose key is a literal; ``before`` is what stands in front of it."""
    quotes = text[end : end + 3]
    closing = end + len(quotes) - len(quotes.lstrip(text[end]))
    if _COMPARED.match(text, closing) or before[-1:] in _QUOTES:
        raise Untold
    opening, outer = before[-1:], _behind(before[:-1])
    called = outer[-1:].isalnum() or outer[-1:] in {"_", ")", "]", "}", "'", '"'}
    if opening == "[" and called:
        yield _told(_OF_SUBSCRIPT.search(before))
    elif opening == "(" and _READS.search(outer):
        yield _told(_OF_CALL.search(before))
    elif opening == "(" and not called and _GROUPED.match(text, closing):
        raise Untold
    elif opening == ",":
        yield from _of_argument(text, before, start)


def _of_argument(text: str, before: str, start: int) -> Iterator[str]:
    """Yield the holder of a name that may be the second argument of ``getattr``."""
    if (found := _OF_GETATTR.search(before)) is not None:
        yield _told(found)
        return
    inside = _INNERMOST.search(before)
    if inside is None or any(inside[2].count(quote) % 2 for quote in _QUOTES):
        if _BY_NAME.search(text, 0, start):
            raise Untold
    elif inside[1] == "(" and _BY_NAME.search(_behind(before[: inside.start()])[-10:]):
        raise Untold


def _behind(before: str) -> str:
    """Leave out the white space at the end; a comment in it could hide what stands there."""
    plain = before.rstrip(_SPACE)
    if ("\n" in before[len(plain) :] and "#" in plain.rpartition("\n")[2]) or plain == ".":
        raise Untold
    return plain


def _told(found: re.Match[str] | None) -> str:
    if found is None or not found[1].isascii():
        raise Untold
    return found[1]
