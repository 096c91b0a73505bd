"""Take terms out of a condition and leave every other byte alone.

The text is cut between tokens: a term goes with the operator or comma that ties it to its neighbour. A comment between
the two would be lost or change its place, so such a condition is not cut.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from codemods.engine.source import Source
from codemods.engine.splice import Edit

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")
_SPACE = frozenset({
    tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
})  # fmt: skip


class Uncuttable(Exception):  # noqa: N818 - not an error: the condition stays, and its site with it
    """A condition cannot lose the secret, or nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Where the tokens of one term start and end."""

    start: int
    end: int


def cut(source: Source, container: ast.expr, gone: Collection[ast.expr]) -> list[Edit]:
    """Make the edits that take children out of ``and``, ``or``, a list, a tuple or a set; at least one child stays."""
    children = _children(container)
    start, end = source.span(container)
    pieces = _divided(source.text[start:end], container, len(children))
    at = [_Piece(start=start + piece.start, end=start + piece.end) for piece in pieces]
    kept = [index for index, child in enumerate(children) if child not in gone]
    edits = [_removal(source, at, index, kept) for index, child in enumerate(children) if child in gone]
    if isinstance(container, ast.Tuple) and len(kept) == 1:
        edits += _lone_comma(source, at[kept[0]], end, edits)
    return edits


def _divided(text: str, container: ast.expr, size: int) -> list[_Piece]:
    """Split the text of a container into its children; a tuple may stand without brackets."""
    joint = "and" if isinstance(getattr(container, "op", None), ast.And) else "or"
    if isinstance(container, ast.List | ast.Tuple | ast.Set):
        joint = ","
    depths = {ast.BoolOp: (1,), ast.Tuple: (1, 2)}.get(type(container), (2,))
    for depth in depths:
        pieces = list(_pieces(text, joint, depth=depth))
        if len(pieces) == size and (size > 1 or depth == depths[-1]):
            return pieces
    raise Uncuttable


def _children(container: ast.expr) -> list[ast.expr]:
    match container:
        case ast.BoolOp(values=children) | ast.List(elts=children) | ast.Tuple(elts=children) | ast.Set(elts=children):
            return children
        case _:
            return []


def _removal(source: Source, at: list[_Piece], index: int, kept: list[int]) -> Edit:
    first = index < kept[0]
    start, end = (at[index].start, at[index + 1].start) if first else (at[index - 1].end, at[index].end)
    between = source.text[start : at[index + 1].start if first else at[index].start]
    if "#" in between.replace(source.text[at[index].start : at[index].end], ""):
        start += _own_line(between, first=first)
    if (
        not first
        and "\n" in source.text[start : at[index].start]
        and (comment := _COMMENT.match(source.text, end)) is not None
    ):
        end = comment.end()
    return Edit(start=start, end=end, text="")


def _own_line(between: str, *, first: bool) -> int:
    """Skip the comments behind a neighbour, when the operator starts the line of the term that goes."""
    head, _, tail = between.rpartition("\n")
    if first or tail.strip() not in {"and", "or"}:
        raise Uncuttable
    return len(head.removesuffix("\r"))


def _lone_comma(source: Source, piece: _Piece, end: int, edits: list[Edit]) -> Iterator[Edit]:
    """Keep a tuple of one element a tuple."""
    behind = max([piece.end, *(edit.end for edit in edits)])
    if "," not in source.text[behind:end]:
        yield Edit(start=behind, end=behind, text=",")


def _pieces(text: str, joint: str, *, depth: int) -> Iterator[_Piece]:
    """Split an expression at its outermost operators, or a bracketed list at its commas."""
    starts = [0]
    wrapped = f"({text})"
    starts += [match.end() for match in re.finditer("\n", wrapped)]
    level, piece = 0, _Piece(start=-1, end=-1)
    for token in _tokens(wrapped):
        if token.type in _SPACE:
            continue
        if token.string in {")", "]", "}"} and token.type == tokenize.OP:
            level -= 1
        at = starts[token.start[0] - 1] + token.start[1] - 1
        end = starts[token.end[0] - 1] + token.end[1] - 1
        if level == depth and token.string == joint:
            yield piece
            piece = _Piece(start=-1, end=-1)
        elif level >= depth and token.type != tokenize.COMMENT:
            piece = _Piece(start=at if piece.start < 0 else piece.start, end=end)
        if token.string in {"(", "[", "{"} and token.type == tokenize.OP:
            level += 1
    if piece.start >= 0:
        yield piece


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    try:
        return list(tokenize.generate_tokens(io.StringIO(text, newline="").readline))
    except (tokenize.TokenError, SyntaxError):
        raise Uncuttable from None
