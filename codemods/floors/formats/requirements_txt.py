"""Requirements and constraints files of pip (https://pip.pypa.io/en/stable/reference/requirements-file-format/)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from codemods.floors.format import ANY, PACKAGES, Declaration, Format, line_of, lines, newline, package_of
from codemods.floors.specifier import judge_requirement

_FILE = re.compile(
    r"(?:.*/)?(?:[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in))"
)
_REQUIREMENT = re.compile(r"[ \t]*([A-Za-z0-9].*?)[ \t]*(?:[ \t]#.*|[ \t]--.*|\\)?")
_INCLUDE = re.compile(r"[ \t]*(?:-[rc][ \t]*|--(?:requirement|constraint)(?:[ \t]+|=))([^\s#]+)")


def _find(text: str, packages: Mapping[str, re.Pattern[str]] = PACKAGES) -> tuple[Declaration, ...]:
    found: list[Declaration] = []
    hashed = "--hash" in text
    for offset, line in lines(text):
        match = _REQUIREMENT.fullmatch(line)
        package = None if match is None else package_of(match[1], packages)
        if match is None or package is None:
            continue
        start, end = offset + match.start(1), offset + match.end(1)
        indent = line[: match.start(1)]

        def insert(requirement: str, *, at: int = offset, indent: str = indent) -> tuple[int, str]:
            return at, f"{indent}{requirement}{newline(text)}"

        found.append(
            Declaration(
                package=package,
                line=line_of(text, offset),
                start=start,
                end=end,
                judge=judge_requirement,
                fixed="the file has hashes: they must be made anew for the new release" if hashed else "",
                insert=None if hashed else insert,
            )
        )
    return tuple(found)


def _includes(text: str) -> tuple[str, ...]:
    return tuple(match[1] for _, line in lines(text) if (match := _INCLUDE.match(line)) is not None)


def _same(old: str, new: str) -> bool:
    kept = [[line for _, line in lines(text) if package_of(line.strip()) is None] for text in (old, new)]
    return kept[0] == kept[1]


FORMAT = Format(
    name="requirements",
    matches=lambda name: _FILE.fullmatch(name) is not None,
    find=_find,
    includes=_includes,
    same=_same,
    beside=lambda text: _find(text, ANY),
)
