"""One declaration of a package: is its floor high enough, and how would it be raised.

Grammar of requirements and specifiers: https://packaging.python.org/en/latest/specifications/dependency-specifiers/ and
https://packaging.python.org/en/latest/specifications/version-specifiers/. Poetry's caret and tilde:
https://python-poetry.org/docs/dependency-specification/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_HEAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[ \t]*(?:\[[^\]]*\])?[ \t]*")
_PIN = re.compile(r"[A-Za-z0-9_.-]+?[ \t]*(?:={1,2}[ \t]*|[ \t]+)v?([0-9][0-9A-Za-z.]*?)(?:\.?\*)?(?:=\S*)?[ \t]*")
_LOWER = frozenset({">=", ">"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a declaration is worth: enough, raised to ``new``, or neither; ``why`` then says why not."""

    enough: bool = False
    new: str = ""
    why: str = ""


def judge_requirement(text: str, floor: str) -> Judged:
    """Judge a requirement as pip reads it; name, extras, markers and white space stay as they are."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return _judge_pin(text, floor)
    if requirement.url is not None:
        return Judged(why="a direct reference does not say which release it is")
    head = _HEAD.match(text)
    marker = text.find(";")
    end = len(text) if marker < 0 else marker
    start = 0 if head is None else head.end()
    written = text[start:end].rstrip()
    judged = judge_specifier(written.strip("()"), floor)
    if not judged.new:
        return judged
    new = f"({judged.new})" if written.startswith("(") else judged.new
    return Judged(new=text[:start] + new + text[start + len(written) :])


def judge_specifier(text: str, floor: str) -> Judged:
    """Judge a set of version specifiers (PEP 440)."""
    try:
        parts = [Specifier(part) for part in text.split(",") if part.strip()]
    except InvalidSpecifier:
        return Judged(why="its version cannot be read")
    wanted = Version(floor)
    if any(_reaches(part, wanted) for part in parts):
        return Judged(enough=True)
    bound = next((part for part in parts if not _admits(part, wanted)), None)
    if bound is not None:
        return Judged(why=f"{bound} does not allow {floor}")
    new = _raised(text, floor)
    try:
        fits = wanted in SpecifierSet(new, prereleases=True)
    except InvalidSpecifier:
        fits = False
    return Judged(new=new) if fits else Judged(why=f"{floor} cannot be asked for beside {text}")


def judge_poetry(text: str, floor: str) -> Judged:
    """Judge a constraint of Poetry: a caret raises its floor, a bare version is a pin."""
    wanted = Version(floor)
    written = text.strip()
    if written in {"", "*"}:
        return Judged(new=f">={floor}")
    try:
        lower = Version(written.lstrip("^~= "))
    except InvalidVersion:
        return Judged(why="alternatives are not read") if "|" in written else judge_specifier(written, floor)
    if written.startswith((">", "<", "!")):
        return judge_specifier(written, floor)
    if lower >= wanted:
        return Judged(enough=True)
    if written.startswith("^") and lower.major == wanted.major:
        return Judged(new=f"^{floor}")
    return Judged(why=f"{written} does not allow {floor}")


def judge_version(text: str, floor: str) -> Judged:
    """Judge what a lock file holds."""
    try:
        return Judged(enough=True) if Version(text) >= Version(floor) else Judged(why=f"it is locked to {text}")
    except InvalidVersion:
        return Judged(why="its version cannot be read")


def _judge_pin(text: str, floor: str) -> Judged:
    """Judge a pin as conda writes it: ``name=1.12``, ``name 1.12``, ``name=1.12.*=build``."""
    found = _PIN.fullmatch(text)
    if found is None:
        return Judged(why="it cannot be read")
    judged = judge_version(found[1], floor)
    return judged if judged.enough else Judged(why=f"{found[1]} is older than {floor}")


def _reaches(part: Specifier, wanted: Version) -> bool:
    if part.operator not in {*_LOWER, "==", "===", "~="}:
        return False
    try:
        return Version(part.version.removesuffix(".*")) >= wanted
    except InvalidVersion:
        return False


def _admits(part: Specifier, wanted: Version) -> bool:
    """Tell whether a part leaves room for the floor, or for a later release."""
    return part.operator in {*_LOWER, "!="} or part.contains(wanted, prereleases=True)


def _raised(text: str, floor: str) -> str:
    lower = re.compile(r"(?<![~=!<>])(>=?)([ \t]*)[^,\s]+")
    if (found := lower.search(text)) is not None:
        return f"{text[: found.start()]}>={found[2]}{floor}{text[found.end() :]}"
    if (found := re.search(r"~=([ \t]*)[^,\s]+", text)) is not None:
        short = ".".join(floor.split(".")[: text[found.start() : found.end()].count(".") + 1])
        return f"{text[: found.start()]}~={found[1]}{short}{text[found.end() :]}"
    return f">={floor},{text.lstrip()}" if text.strip() else f">={floor}"
