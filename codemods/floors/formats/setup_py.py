"""``setup.py``: a program, so its requirements are read where they are plain strings, and never edited."""

from __future__ import annotations

import ast
import warnings

from packaging.requirements import InvalidRequirement, Requirement

from codemods.floors.format import Declaration, Format, FormatError, package_of
from codemods.floors.specifier import Judged, judge_requirement


def _find(text: str) -> tuple[Declaration, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormatError("it is not Python 3") from None
    return tuple(
        _declaration(node, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_requirement(node.value)
    )


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return package_of(text) is not None


def _declaration(node: ast.Constant, requirement: str) -> Declaration:
    def judge(_: str, floor: str) -> Judged:
        return judge_requirement(requirement, floor)

    return Declaration(
        package=package_of(requirement) or "",
        line=node.lineno,
        start=0,
        end=0,
        judge=judge,
        fixed="setup.py is a program: raise it by hand",
    )


FORMAT = Format(name="setup-py", matches=lambda name: name.rpartition("/")[2] == "setup.py", find=_find)
