"""Conda environments (https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html).

The file is searched line by line and never written as YAML: comments and layout stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from codemods.floors.format import PACKAGES, Declaration, Format, line_of, lines, newline, package_of
from codemods.floors.specifier import judge_requirement

_FILE = re.compile(r"(?:.*/)?(?:environment|conda)[\w.-]*\.ya?ml")
_ITEM = re.compile(r"([ \t]*-[ \t]+([\"']?)(?:[\w./-]+::)?)([A-Za-z0-9][^#\"']*?)(\2[ \t]*)(?:#.*)?")


def _find(text: str, packages: Mapping[str, re.Pattern[str]] = PACKAGES) -> tuple[Declaration, ...]:
    found: list[Declaration] = []
    for offset, line in lines(text):
        match = _ITEM.fullmatch(line)
        package = None if match is None else package_of(match[3], packages)
        if match is None or package is None:
            continue
        before, after = match[1], match[2]

        def insert(requirement: str, *, at: int = offset, before: str = before, after: str = after) -> tuple[int, str]:
            return at, f"{before}{requirement}{after}{newline(text)}"

        found.append(
            Declaration(
                package=package,
                line=line_of(text, offset),
                start=offset + match.start(3),
                end=offset + match.end(3),
                judge=judge_requirement,
                insert=insert,
            )
        )
    return tuple(found)


def _same(old: str, new: str) -> bool:
    kept = [[line for _, line in lines(text) if not _is_ours(line)] for text in (old, new)]
    return kept[0] == kept[1]


def _is_ours(line: str) -> bool:
    match = _ITEM.fullmatch(line)
    return match is not None and package_of(match[3]) is not None


FORMAT = Format(
    name="conda",
    matches=lambda name: _FILE.fullmatch(name) is not None and "lock" not in name.rpartition("/")[2],
    find=_find,
    same=_same,
)
