"""What a format of dependency files is: which files it reads, and where in their text a package is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codemods.floors.specifier import Judged

PACKAGES = {
    "azure-identity": re.compile(r"azure[-_.]+identity", re.IGNORECASE),
    "msal": re.compile(r"msal", re.IGNORECASE),
}
ANY = {"": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")}
"""Every package: beside one of them another one can be declared."""


class FormatError(Exception):
    """The text does not follow its format; the message quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A place that declares a package: ``text[start:end]`` is what is judged and replaced.

    ``fixed`` says why this place is never edited. ``insert`` makes the place and the text that declare another
    requirement of the same style, or is None where none can be added.
    """

    package: str
    line: int
    start: int
    end: int
    judge: Callable[[str, str], Judged]
    fixed: str = ""
    insert: Callable[[str], tuple[int, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format: ``matches`` a path below the project, ``find`` lists declarations and may raise ``FormatError``.

    ``includes`` names other files of the same format, and ``same`` proves that two versions of a text differ in the
    declarations of our packages only. ``beside`` lists what the program itself needs, tools of its developers apart,
    where a file can take another declaration.
    """

    name: str
    matches: Callable[[str], bool]
    find: Callable[[str], tuple[Declaration, ...]]
    includes: Callable[[str], tuple[str, ...]] = lambda _: ()
    same: Callable[[str, str], bool] = lambda _old, _new: True
    beside: Callable[[str], tuple[Declaration, ...]] = lambda _: ()


def package_of(text: str, packages: Mapping[str, re.Pattern[str]] = PACKAGES) -> str | None:
    """Name the package, by default one of ours, that a requirement begins with."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", text)
    name = "" if found is None else found[0]
    return next((package for package, pattern in packages.items() if pattern.fullmatch(name)), None)


def line_of(text: str, offset: int) -> int:
    """Give the line of a place in a text."""
    return text.count("\n", 0, offset) + 1


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text without their ends, and where each starts."""
    offset = 0
    for line in text.split("\n"):
        yield offset, line.removesuffix("\r")
        offset += len(line) + 1


def newline(text: str) -> str:
    """Give the line end a text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def without_ours(value: Any) -> Any:
    """Copy a parsed document without what declares our packages, so that the rest can be compared."""
    match value:
        case Mapping():
            return {key: without_ours(item) for key, item in value.items() if package_of(str(key)) is None}
        case list():
            return [without_ours(item) for item in value if not (isinstance(item, str) and package_of(item))]
        case _:
            return value
