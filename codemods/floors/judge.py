"""All dependency files of one project together: what is enough, what is raised, what is added, what stands in the way.

Pure: it takes texts and gives texts. Nothing is raised in a project where anything stands in the way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from codemods.floors.format import Declaration, Format, FormatError
from codemods.requirement import FLOORS, Requirement, RequirementStatus

_GENERATED = "azure-identity"
_MAIN = frozenset({"pyproject.toml", "requirements.txt"})
_FOR_DEVELOPERS = re.compile(r"dev|test|lint|doc|ci\b|constraint", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One file: its declarations judged, and its text as it would be (None: as it is)."""

    requirements: tuple[Requirement, ...]
    new: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgements:
    """The files of a project by name; ``obstacle`` is the first requirement that keeps its code as it is."""

    files: Mapping[str, Judgement]

    @property
    def obstacle(self) -> Requirement | None:
        """Name what must be changed by a person first."""
        listed = (each for file in self.files.values() for each in file.requirements)
        return next((each for each in listed if each.status is RequirementStatus.TOO_OLD), None)


_Edit = tuple[int, int, str]


def judge(texts: Mapping[str, tuple[Format, str]], *, generates: bool = True) -> Judgements:
    """Judge the dependency files of one project, by their names; ``generates`` says that code will import more."""
    found: dict[str, tuple[Declaration, ...]] = {}
    unreadable: dict[str, Judgement] = {}
    for name, (form, text) in texts.items():
        try:
            found[name] = form.find(text)
        except FormatError as error:
            unreadable[name] = _unreadable(name, str(error))
    judged = {name: _file(name, texts[name][1], declarations) for name, declarations in found.items()}
    added = _added(found, texts) if generates else None
    if added is not None:
        name, requirement, edit = added
        requirements, edits = judged[name]
        judged[name] = ((*requirements, requirement), [*edits, *([] if edit is None else [edit])])
    files = {name: _applied(*texts[name], *judged[name]) for name in judged}
    return Judgements(files={**files, **unreadable})


def _unreadable(name: str, why: str) -> Judgement:
    requirement = Requirement(path=name, line=1, package=_GENERATED, status=RequirementStatus.UNREADABLE, why=why)
    return Judgement(requirements=(requirement,))


def _file(name: str, text: str, declarations: Collection[Declaration]) -> tuple[tuple[Requirement, ...], list[_Edit]]:
    requirements: list[Requirement] = []
    edits: list[_Edit] = []
    for each in declarations:
        requirement = _judged(name, text, each)
        requirements.append(requirement)
        if requirement.status is RequirementStatus.RAISED:
            edits.append((each.start, each.end, requirement.new))
    return tuple(requirements), edits


def _judged(name: str, text: str, each: Declaration) -> Requirement:
    old, floor = text[each.start : each.end], FLOORS[each.package]
    judged = each.judge(old, floor)
    suggested = judged.new or f"{each.package}>={floor}"
    common = Requirement(
        path=name, line=each.line, package=each.package, status=RequirementStatus.SUFFICIENT, old=_shown(old)
    )
    if judged.enough:
        return common
    if judged.new and not each.fixed:
        return replace(common, status=RequirementStatus.RAISED, new=judged.new)
    why = "; ".join(part for part in (judged.why, each.fixed) if part)
    return replace(common, status=RequirementStatus.TOO_OLD, new=suggested, why=why)


def _shown(text: str) -> str:
    """Leave out an address: it may hold a token."""
    return f"{text.partition('@')[0]}@ (address)" if "@" in text else text


def _added(
    found: Mapping[str, Collection[Declaration]], texts: Mapping[str, tuple[Format, str]]
) -> tuple[str, Requirement, _Edit | None] | None:
    """Add what the generated code imports, where msal, or what else the program needs, is declared and it is not."""
    every = [(name, each) for name, declarations in found.items() for each in declarations]
    if any(each.package == _GENERATED for _, each in every):
        return None
    if not every:
        return _beside({name: texts[name] for name in found})
    new = f"{_GENERATED}>={FLOORS[_GENERATED]}"
    places = [(name, each) for name, each in every if each.insert is not None and not each.fixed]
    name, each = (places or every)[0]
    requirement = Requirement(path=name, line=each.line, package=_GENERATED, status=RequirementStatus.ADDED, new=new)
    if len(every) == 1 and each.insert is not None and not each.fixed:
        at, written = each.insert(new)
        return name, requirement, (at, at, written)
    why = each.fixed if len(every) == 1 else "" if len(places) > 1 else _not_elsewhere(every, name)
    why = why or "the generated code imports it, and more than one place could declare it"
    return name, replace(requirement, status=RequirementStatus.TOO_OLD, why=why), None


def _not_elsewhere(every: Collection[tuple[str, Declaration]], name: str) -> str:
    """Say which files beside the one that could declare it list what is installed without it: lock files."""
    others = sorted({other for other, _ in every if other != name})
    listed = ", ".join(others)
    return f"the generated code imports it, and {listed} would not install it: declare it, and make {listed} anew"


def _beside(texts: Mapping[str, tuple[Format, str]]) -> tuple[str, Requirement, _Edit | None] | None:
    """Declare it with whatever else the program needs; where that is not one place, say that nothing declares it."""
    places = {
        name: sorted(form.beside(text), key=lambda each: bool(each.fixed) or each.insert is None)
        for name, (form, text) in texts.items()
        if not _FOR_DEVELOPERS.search(name.rpartition("/")[2])
    }
    named = [name for name, declarations in places.items() if declarations]
    plain = [name for name in named if name.rpartition("/")[2] in _MAIN]
    chosen = plain if len(plain) == 1 else named
    if not chosen:
        return None
    each, new = places[chosen[0]][0], f"{_GENERATED}>={FLOORS[_GENERATED]}"
    requirement = Requirement(
        path=chosen[0], line=each.line, package=_GENERATED, status=RequirementStatus.ADDED, new=new
    )
    if len(chosen) == 1 and each.insert is not None and not each.fixed:
        at, written = each.insert(new)
        return chosen[0], requirement, (at, at, written)
    why = each.fixed or "the generated code imports it, nothing declares it, and more than one place could"
    return chosen[0], replace(requirement, status=RequirementStatus.UNDECLARED, why=why), None


def _applied(form: Format, text: str, requirements: tuple[Requirement, ...], edits: list[_Edit]) -> Judgement:
    """Make the new text, and keep the old one where the rest would not be the same."""
    new = text
    for start, end, written in sorted(edits, reverse=True):
        new = new[:start] + written + new[end:]
    if new == text:
        return Judgement(requirements=requirements)
    try:
        proven = form.same(text, new) and _enough(form, new, requirements)
    except FormatError:
        proven = False
    if proven:
        return Judgement(requirements=requirements, new=new)
    why = "an edit could not be proven to leave the rest alone"
    changing = {RequirementStatus.RAISED, RequirementStatus.ADDED}
    refused = (
        replace(each, status=RequirementStatus.TOO_OLD, why=why) if each.status in changing else each
        for each in requirements
    )
    return Judgement(requirements=tuple(refused))


def _enough(form: Format, new: str, requirements: tuple[Requirement, ...]) -> bool:
    """Read the new text again: as many declarations as meant, and every one that was raised is enough now."""
    again = form.find(new)
    enough = sum(each.judge(new[each.start : each.end], FLOORS[each.package]).enough for each in again)
    wanted = sum(each.status is not RequirementStatus.TOO_OLD for each in requirements)
    absent = sum(each.status is RequirementStatus.TOO_OLD and not each.old for each in requirements)
    return len(again) in {len(requirements), len(requirements) - absent} and enough == wanted
