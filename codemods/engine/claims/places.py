"""Where a claimed node stands, what is expected in its place, and whether two trees are the same."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A position of ``ast``: the line from 1, the column in UTF-8 bytes from 0, where it ends, and what is there."""

    line: int
    column: int
    end_line: int
    end_column: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a site is to send: the helper's names and where they come from, the parts of an expression, a parameter."""

    helper: str
    function: str
    credential: str
    variable: str
    scope: str
    inline: bool = False
    parameter: str = ""


def place_of(node: ast.AST) -> Place:
    """Give the place of a node; one without a position is nowhere."""
    return Place(
        line=getattr(node, "lineno", 0),
        column=getattr(node, "col_offset", 0),
        end_line=getattr(node, "end_lineno", 0) or 0,
        end_column=getattr(node, "end_col_offset", 0) or 0,
        kind=type(node).__name__,
    )


def same(one: object, other: object) -> bool:
    """Tell whether two trees are the same but for where they stand; without recursion, however deep they are."""
    stack = [(one, other)]
    while stack:
        left, right = stack.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            stack += [(getattr(left, name, None), getattr(right, name, None)) for name in left._fields]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            stack += zip(left, right, strict=True)
        elif left != right:
            return False
    return True
