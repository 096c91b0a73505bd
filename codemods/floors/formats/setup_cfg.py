"""``setup.cfg`` of setuptools (https://setuptools.pypa.io/en/latest/userguide/declarative_config.html)."""

from __future__ import annotations

import configparser
import re

from codemods.floors.format import Declaration, Format, FormatError, line_of, lines, newline, package_of
from codemods.floors.specifier import judge_requirement

_SECTION = re.compile(r"\[([^\]]+)\].*")
_KEY = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*(.*)")
_EXTRAS = "options.extras_require"


def _find(text: str) -> tuple[Declaration, ...]:
    _check(text)
    found: list[Declaration] = []
    section = key = ""
    for offset, line in lines(text):
        if (head := _SECTION.fullmatch(line)) is not None:
            section, key = head[1], ""
        elif (pair := _KEY.fullmatch(line)) is not None and not line.startswith((" ", "\t")):
            key = pair[1]
            found += _declared(text, offset, pair.start(2), pair[2], own=False) if _holds(section, key) else ()
        elif line[:1] in {" ", "\t"} and _holds(section, key):
            bare = line.lstrip(" \t")
            found += _declared(text, offset, len(line) - len(bare), bare, own=True)
    return tuple(found)


def _holds(section: str, key: str) -> bool:
    return section == _EXTRAS or (section == "options" and key == "install_requires")


def _declared(text: str, offset: int, column: int, written: str, *, own: bool) -> list[Declaration]:
    requirement = re.sub(r"[ \t]+#.*|[ \t]+$", "", written)
    package = package_of(requirement)
    if package is None:
        return []
    indent = text[offset : offset + column]
    several = ";" not in requirement and requirement.count(",") and not own
    return [
        Declaration(
            package=package,
            line=line_of(text, offset),
            start=offset + column,
            end=offset + column + len(requirement),
            judge=judge_requirement,
            fixed="several stand on one line" if several else "",
            insert=(lambda new: (offset, f"{indent}{new}{newline(text)}")) if own else None,
        )
    ]


def _check(text: str) -> None:
    try:
        configparser.ConfigParser(interpolation=None).read_string(text)
    except configparser.Error:
        raise FormatError("it is not a valid configuration file") from None


def _same(old: str, new: str) -> bool:
    kept = [[line for _, line in lines(text) if _names_none(line)] for text in (old, new)]
    return kept[0] == kept[1]


def _names_none(line: str) -> bool:
    return (
        package_of(re.sub(r"^[\w.-]+[ \t]*[=:][ \t]*", "", line.strip())) is None and package_of(line.strip()) is None
    )


FORMAT = Format(name="setup-cfg", matches=lambda name: name.rpartition("/")[2] == "setup.cfg", find=_find, same=_same)
