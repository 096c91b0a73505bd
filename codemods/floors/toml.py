"""Declarations in TOML: the parser says what they are, the text says where; both must agree on how many there are."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from codemods.floors.format import PACKAGES, Declaration, FormatError, line_of, lines, newline, package_of, without_ours
from codemods.floors.specifier import Judged, judge_requirement
from codemods.tomlkeys import DEEPEST, deep_key

_SECTION = re.compile(r"[ \t]*\[+[ \t]*([^\]]*?)[ \t]*\]+[ \t]*(?:#.*)?")
_ENTRY = re.compile(r"([ \t]*)([\"']?)([A-Za-z0-9._-]+)\2([ \t]*=[ \t]*)(.*)")
_VERSION = re.compile(r"(?:\{.*?\bversion[ \t]*=[ \t]*)?([\"'])([^\"']*)\1")


def parsed(text: str) -> dict[str, Any]:
    """Parse a document; raise ``FormatError`` with the line at most."""
    if line := deep_key(text):
        raise FormatError(f"line {line} has a key of more than {DEEPEST} parts")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        raise FormatError("it is not valid TOML") from None


def same(old: str, new: str) -> bool:
    """Tell whether two texts are the same document apart from our packages."""
    return bool(without_ours(parsed(old)) == without_ours(parsed(new)))


def strings(text: str, values: list[str], packages: Mapping[str, re.Pattern[str]] = PACKAGES) -> Iterator[Declaration]:
    """Find the requirements a document holds in arrays; one that stands elsewhere as well is not edited."""
    for value, count in Counter(item for item in values if package_of(item, packages) is not None).items():
        places = [match for match in re.finditer(rf"([\"']){re.escape(value)}\1", text) if not _commented(text, match)]
        fixed = "" if len(places) == count else "the same text stands in other places of the file"
        for match in places:
            yield _string(text, match, package_of(value, packages) or "", fixed)


def entries(
    text: str,
    is_section: Callable[[str], bool],
    judge: Callable[[str, str], Judged],
    packages: Mapping[str, re.Pattern[str]] = PACKAGES,
) -> Iterator[Declaration]:
    """Find ``name = "version"`` and ``name = {version = "..."}`` in some sections."""
    inside = False
    for offset, line in lines(text):
        if (section := _SECTION.fullmatch(line)) is not None:
            inside = is_section(section[1].replace('"', ""))
        match = _ENTRY.fullmatch(line) if inside else None
        package = (
            None if match is None else next((key for key, name in packages.items() if name.fullmatch(match[3])), None)
        )
        if match is not None and package is not None:
            yield _entry(text, offset, match, package, judge)


def _entry(
    text: str, offset: int, match: re.Match[str], package: str, judge: Callable[[str, str], Judged]
) -> Declaration:
    version = _VERSION.match(match[5])
    where = offset + match.start(5)
    indent, equals = match[1], match[4]

    def insert(requirement: str) -> tuple[int, str]:
        name, _, floor = requirement.partition(">=")
        return offset, f'{indent}{name}{equals}">={floor}"{newline(text)}'

    return Declaration(
        package=package,
        line=line_of(text, offset),
        start=where + (version.start(2) if version else 0),
        end=where + (version.end(2) if version else len(match[5])),
        judge=judge,
        fixed="" if version else "it names no version",
        insert=insert,
    )


def _string(text: str, match: re.Match[str], package: str, fixed: str) -> Declaration:
    quote, start = match[1], match.start()
    head = text[text.rfind("\n", 0, start) + 1 : start]
    gap = " " if head.strip() else f"{newline(text)}{head}"

    def insert(requirement: str) -> tuple[int, str]:
        return start, f"{quote}{requirement}{quote},{gap}"

    return Declaration(
        package=package,
        line=line_of(text, start),
        start=start + 1,
        end=match.end() - 1,
        judge=judge_requirement,
        fixed=fixed,
        insert=insert,
    )


def _commented(text: str, match: re.Match[str]) -> bool:
    head = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return "#" in re.sub(r"\"[^\"]*\"|'[^']*'", "", head)
