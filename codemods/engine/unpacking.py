"""Take a name and its value out of ``tenant, client, secret = a, b, c`` and leave the others as they are written."""

from __future__ import annotations

import ast

from codemods.engine.cutting import Uncuttable, cut
from codemods.engine.source import Source
from codemods.engine.splice import Edit


def without(source: Source, statement: ast.Assign, gone: frozenset[int]) -> list[Edit]:
    """Make the edits that take some places out of both sides, or raise Uncuttable; at least one place stays.

    What alone is left is no tuple any more: ``tenant = a``.
    """
    sides = [elements_of(side) for side in (statement.targets[0], statement.value)]
    kept = [index for index in range(len(sides[0])) if index not in gone]
    if len(kept) == 1:
        pairs = ((statement.targets[0], sides[0][kept[0]]), (statement.value, sides[1][kept[0]]))
        return [edit for whole, part in pairs for edit in _only(source, whole, part)]
    wholes = (statement.targets[0], statement.value)
    parts = ((whole, [side[index] for index in sorted(gone)]) for whole, side in zip(wholes, sides, strict=True))
    return [edit for whole, part in parts for edit in cut(source, whole, part)]


def elements_of(side: ast.expr) -> list[ast.expr]:
    """Give the elements of one side, in their order."""
    return side.elts if isinstance(side, ast.Tuple | ast.List) else []


def _only(source: Source, whole: ast.expr, part: ast.expr) -> list[Edit]:
    """Leave one element of a tuple, without the brackets and commas around it; a comment there would be lost."""
    outer, inner = source.span(whole), source.span(part)
    text, lost = source.text[inner[0] : inner[1]], source.text[outer[0] : inner[0]] + source.text[inner[1] : outer[1]]
    if "#" in lost or not _stands_alone(text):
        raise Uncuttable
    return [
        Edit(start=outer[0], end=inner[0], text=""),
        Edit(start=inner[1], end=outer[1], text=""),
    ]


def _stands_alone(text: str) -> bool:
    """Tell whether a text is an expression without the brackets that stood around it."""
    try:
        ast.parse(f"_ = {text}")
    except SyntaxError:
        return False
    return True
