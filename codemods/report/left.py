"""What is left when the secret is gone, and which releases are needed, for people: in the order of applications."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from codemods.leftover import Leftover, LeftoverKind
from codemods.model import Run
from codemods.report.context import Context
from codemods.report.fingerprints import Mark, leftover_marks
from codemods.requirement import Requirement, RequirementStatus
from reports.model import Confidence, Finding, Location, Rule, Severity

NOBODY: Final = "an application that is not known"
_TOLD = frozenset({RequirementStatus.TOO_OLD, RequirementStatus.UNDECLARED, RequirementStatus.UNREADABLE})


def by_application(leftovers: Iterable[Leftover]) -> dict[str | None, tuple[Leftover, ...]]:
    """Group leftovers by application; those of nobody come last, and what breaks comes first."""
    found: dict[str | None, list[Leftover]] = {}
    for each in sorted(leftovers, key=lambda item: (item.application is None, item.application or "")):
        found.setdefault(each.application, []).append(each)
    return {whose: tuple(sorted(each, key=lambda item: not item.kind.holds)) for whose, each in found.items()}


def staying(run: Run) -> tuple[Leftover, ...]:
    """List the leftovers that are not removed, nor would be with --apply."""
    return tuple(each for each in run.leftovers if not each.dead)


def lines(run: Run, context: Context) -> Iterator[str]:
    """Say what breaks and what is set needlessly, application by application, and what is too old."""
    if context.check:
        yield from _retired(run, context)
        return
    for whose, leftovers in by_application(staying(run)).items():
        for holds, heading in (
            (True, "still breaks, or still uses it"),
            (False, "is still there; nothing is seen to need it"),
        ):
            rows = [each for each in leftovers if each.kind.holds is holds]
            if rows:
                yield f"when the secret of {named(whose, context)} is gone, this {heading}:"
                yield from (f"  {_line(each)}" for each in rows)
    done = "removed" if context.applied else "can be removed (--apply does it)"
    yield from (
        f"{each.path}:{each.line}: {each.kind.value}: {each.name}: {done}" for each in run.leftovers if each.dead
    )
    for file in run.requirements:
        for one in file.requirements:
            if one.status is not RequirementStatus.SUFFICIENT:
                yield f"{one.path}:{one.line}: {one.package}: {seen(one)}"


def _retired(run: Run, context: Context) -> Iterator[str]:
    """Say what sets or needs a name that no sign-in reads any more."""
    marked = zip(run.leftovers, leftover_marks(run), strict=True)
    rows = [each for each, mark in marked if each.fails_check and mark not in context.compared.accepted]
    if rows:
        yield "no sign-in reads these names any more, and this still sets or needs them:"
        yield from (f"  {_line(each)}" for each in rows)


def named(whose: str | None, context: Context) -> str:
    """Name an application as the plan does, with its client id."""
    acting = context.acting.get((whose or "").lower())
    if whose is None or acting is None or acting.application_name is None:
        return whose or NOBODY
    return f"{acting.application_name} ({whose})"


def seen(one: Requirement) -> str:
    """Say what became of a requirement."""
    changed = f": {one.old} becomes {one.new}" if one.old else f": {one.new}"
    changed = changed if one.status in _CHANGED else ""
    why = f" ({one.why})" if one.why else ""
    needed = f"; needs {one.new}" if one.new and one.status not in _CHANGED else ""
    return f"{one.status.meaning}{changed}{why}{needed}"


_CHANGED = frozenset({RequirementStatus.RAISED, RequirementStatus.ADDED})


def findings(run: Run, accepted: Collection[Mark] = ()) -> tuple[Finding, ...]:
    """List what stays and what is too old, as findings; ``accepted`` are the marks that a baseline holds."""
    marks = zip(run.leftovers, leftover_marks(run), strict=True)
    found = [_finding(each, mark, accepted) for each, mark in marks if not each.dead]
    requirements = [one for file in run.requirements for one in file.requirements if one.status in _TOLD]
    return (*found, *map(_of_requirement, requirements))


def rules() -> tuple[Rule, ...]:
    """Explain the rules of what stays."""
    left = (
        Rule(name=_rule(kind), summary=kind.meaning, advice=kind.advice, severity=_severity(kind))
        for kind in LeftoverKind
    )
    declared = (
        Rule(name=_rule_of(status), summary=status.meaning, advice=status.advice, severity=Severity.NOTE)
        for status in RequirementStatus
        if status in _TOLD
    )
    return (*left, *declared)


def _rule(kind: LeftoverKind) -> str:
    return f"leftover-{kind.value}"


def _rule_of(status: RequirementStatus) -> str:
    return f"requirement-{status.value}"


def _severity(kind: LeftoverKind) -> Severity:
    return Severity.WARNING if kind.holds else Severity.NOTE


def _finding(each: Leftover, mark: Mark, accepted: Collection[Mark]) -> Finding:
    kept = f"; it stays: {each.kept}" if each.kept else ""
    return Finding(
        rule=_rule(each.kind),
        message=f"{each.name or 'the file'}: {each.breaks}{kept}",
        severity=_severity(each.kind),
        confidence=Confidence.HIGH if each.application else Confidence.MEDIUM,
        subject=each.application or "",
        advice=each.advice,
        location=Location(path=each.path, line=each.line),
        fingerprint=mark.fingerprint,
        accepted=mark in accepted,
    )


def _of_requirement(one: Requirement) -> Finding:
    return Finding(
        rule=_rule_of(one.status),
        message=f"{one.package}: {seen(one)}",
        severity=Severity.NOTE,
        confidence=Confidence.HIGH,
        advice=one.status.advice,
        location=Location(path=one.path, line=one.line),
        fingerprint=f"{one.package}:{one.status.value}",
    )


def _line(each: Leftover) -> str:
    kept = f" (it stays: {each.kept})" if each.kept else ""
    return f"{each.path}:{each.line}: {each.kind.value}: {each.name}: {each.breaks}; {each.advice}{kept}"
