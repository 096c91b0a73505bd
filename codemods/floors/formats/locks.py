"""Lock files of Poetry, uv, PDM and pipenv: what they hold is read and never edited; their tool makes them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from codemods.floors import toml
from codemods.floors.format import Declaration, Format, FormatError, line_of, package_of
from codemods.floors.specifier import Judged, judge_version

_TOOLS = {
    "poetry.lock": "poetry lock",
    "uv.lock": "uv lock --upgrade-package",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
    "pylock.toml": "the tool that wrote it",
}


def _find(text: str) -> tuple[Declaration, ...]:
    held = _pipenv(text) if text.lstrip().startswith("{") else _packages(toml.parsed(text))
    return tuple(_declaration(text, name, version) for name, version in held if package_of(name) is not None)


def _packages(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    packages = document.get("package", document.get("packages", []))
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict):
            yield str(package.get("name", "")), str(package.get("version", ""))


def _pipenv(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise FormatError("it is not valid JSON") from None
    for section in document.values() if isinstance(document, dict) else ():
        for name, package in section.items() if isinstance(section, dict) else ():
            if isinstance(package, dict) and "version" in package:
                yield name, str(package["version"]).lstrip("=")


def _declaration(text: str, name: str, version: str) -> Declaration:
    def judge(_: str, floor: str) -> Judged:
        return judge_version(version, floor)

    place = re.search(rf"[\"']{re.escape(name)}[\"']", text)
    return Declaration(
        package=package_of(name) or "",
        line=1 if place is None else line_of(text, place.start()),
        start=0,
        end=0,
        judge=judge,
        fixed="a lock file is made anew by its tool",
    )


FORMAT = Format(name="lock", matches=lambda name: name.rpartition("/")[2] in _TOOLS, find=_find)
