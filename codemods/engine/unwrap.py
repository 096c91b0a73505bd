"""Take the condition away from statements that are always executed: ``if secret: ... else: raise``.

The lines of the condition and of the other branch go, the statements move to the left. ``if secret: return ...`` with a
refusal behind it is the same without the ``else``. Only a body of simple
statements is moved, and of a statement of several lines only the first: inside its brackets the layout means nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from codemods.engine.cutting import Uncuttable
from codemods.engine.flow import whole_lines
from codemods.engine.source import Source
from codemods.engine.splice import Edit

_COMPOUND = (
    ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.Match | ast.FunctionDef
    | ast.AsyncFunctionDef | ast.ClassDef
)  # fmt: skip
_HEADER_END = re.compile(r"[\s)]*:[ \t]*(#[^\r\n]*)?(\r\n|\r|\n)")


def unwrap(source: Source, owner: ast.If, deleted: Collection[ast.AST], behind: Sequence[ast.stmt] = ()) -> list[Edit]:
    """Make the edits that leave the body of an ``if`` in its place, but for statements that are deleted anyway.

    The statements ``behind`` it, which are never reached then, are deleted by the caller.
    """
    header = _HEADER_END.match(source.text, source.span(owner.test)[1])
    start, body_end = source.line_start(owner.lineno), whole_lines(source, owner.body[-1])
    other = owner.orelse or behind
    end = whole_lines(source, other[-1])
    first = source.line_start(owner.body[0].lineno)
    if header is None or header.end() > first or body_end is None or end is None or body_end[1] > end[0]:
        raise Uncuttable
    between = source.text[body_end[1] : source.line_start(other[0].lineno)]
    if "#" in between or any(isinstance(statement, _COMPOUND) for statement in owner.body):
        raise Uncuttable
    moves = list(_moves(source, owner, header.end(), body_end[1], deleted))
    otherwise = [Edit(start=body_end[1], end=end[1], text="")] if owner.orelse else []
    return [Edit(start=start, end=header.end(), text=""), *moves, *otherwise]


def _moves(source: Source, owner: ast.If, start: int, end: int, deleted: Collection[ast.AST]) -> Iterator[Edit]:
    """Move the first line of each statement, and the comments between them, as far left as the condition stands."""
    outer = source.text[source.line_start(owner.lineno) : source.span(owner)[0]]
    first = source.line_start(owner.body[0].lineno)
    inner = source.text[first : source.span(owner.body[0])[0]]
    if outer.strip() or inner.strip() or not inner.startswith(outer) or inner == outer:
        raise Uncuttable
    held = {line for item in owner.body for line in range(item.lineno + 1, (item.end_lineno or item.lineno) + 1)}
    held |= {item.lineno for item in owner.body if item in deleted}
    for line, at in enumerate(source.starts, 1):
        blank = not source.text[at : source.line_start(line + 1)].strip()
        if start <= at < end and line not in held and not blank:
            if not source.text.startswith(inner, at):
                raise Uncuttable
            yield Edit(start=at + len(outer), end=at + len(inner), text="")
