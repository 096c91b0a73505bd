"""Reasons and transforms explained by the cases that test them; the page docs/reasons.md is made from the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from codemods.cases import REPORTED, REWRITTEN, Case, cases, of_reason, subjects, whys
from codemods.leftover import LeftoverKind
from codemods.model import ReasonCode
from codemods.report.failurewords import FAILURES
from codemods.requirement import RequirementStatus
from codemods.transform import Transform
from codemods.transforms import load, summary_of

_MOST: Final = 3
"""Cases that are shown of a reason; the rest are variations."""
_HOLDS: Final = "A leftover: without the secret the program fails here, or it still uses it."
_IDLE: Final = "A leftover: nothing fails here without the secret, but it is still read, named or set."
_DECLARED: Final = "A requirement: what became of the declaration of a package that the rewritten code needs."
_NOTHING: Final = "nothing"
_FAILED: Final = "A failure: the file stays as it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is told about a reason: what it means, why such code is left to a person, what to do, cases of it."""

    code: str
    meaning: str
    why: str
    advice: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is told about a transform: the names it knows, what becomes of them, and what it leaves to a person."""

    name: str
    summary: str
    constructs: tuple[str, ...]
    rewritten: tuple[Case, ...]
    reported: tuple[Case, ...]


def topics() -> tuple[str, ...]:
    """Name everything that can be explained."""
    names = (*(word.code for word in words()), *(transform.name for transform in load()))
    return tuple(dict.fromkeys(names))


def explain(topic: str) -> tuple[Explanation | Knowledge, ...]:
    """Explain the words and the transform of a name; nothing for one that is neither."""
    return (
        *(word for word in words() if word.code == topic),
        *(_transform(transform) for transform in load() if transform.name == topic),
    )


def words() -> tuple[Explanation, ...]:
    """Explain every word that ``unsecret rewrite`` tells a place by: reasons, kinds of leftovers, failures."""
    return (*map(explain_reason, ReasonCode), *_leftovers(), *_requirements(), *_failures())


def _leftovers() -> Iterator[Explanation]:
    for kind in LeftoverKind:
        why = _HOLDS if kind.holds else _IDLE
        yield Explanation(code=kind.value, meaning=kind.meaning, why=why, advice=kind.advice, cases=())


def _requirements() -> Iterator[Explanation]:
    for status in RequirementStatus:
        advice = status.advice or _NOTHING
        yield Explanation(code=status.value, meaning=status.meaning, why=_DECLARED, advice=advice, cases=())


def _failures() -> Iterator[Explanation]:
    for code, (meaning, advice) in FAILURES.items():
        yield Explanation(code=code, meaning=meaning, why=_FAILED, advice=advice, cases=())


def explain_reason(reason: ReasonCode) -> Explanation:
    """Explain a reason."""
    return Explanation(
        code=reason.value,
        meaning=reason.meaning,
        why=whys()[reason.value],
        advice=reason.advice,
        cases=of_reason(reason.value),
    )


def lines(found: Explanation | Knowledge, *, every: bool = False) -> Iterator[str]:
    """Write an explanation for a terminal; a few cases of it, or ``every`` one."""
    if isinstance(found, Explanation):
        yield from (f"{found.code}: {found.meaning}", "", found.why, "", f"What to do: {found.advice}.")
        yield from _listed("left as it is", found.cases, every=every)
        return
    yield from (
        f"{found.name}: {found.summary.removeprefix(f'{found.name}: ')}",
        "",
        *(f"  {name}" for name in found.constructs),
    )
    yield from _listed("rewritten", found.rewritten, every=every)
    yield from _listed("left as it is", found.reported, every=every)


def page() -> str:
    """Write the page of all reasons and of what becomes of rewritten code."""
    return "\n".join(_page()) + "\n"


def _transform(transform: Transform) -> Knowledge:
    knows = tuple(literal.decode() for literal in transform.literals)
    return Knowledge(
        name=transform.name,
        summary=summary_of(transform),
        constructs=(*sorted(transform.constructs), *(f".{name}(...)" for name in sorted(transform.methods))),
        rewritten=_mentioning(REWRITTEN, knows),
        reported=_mentioning(REPORTED, knows),
    )


def _mentioning(kind: str, words: tuple[str, ...]) -> tuple[Case, ...]:
    found = (case for name in subjects(kind) for case in cases(name))
    return tuple(case for case in found if any(word in text for _, text in case.files for word in words))


def _listed(what: str, found: tuple[Case, ...], *, every: bool) -> Iterator[str]:
    shown = found if every else found[:_MOST]
    for case in shown:
        yield from ("", f"{case.name} ({what}{_reasons(case)}):", "", *_indented(case))
    if len(found) > len(shown):
        yield from ("", f"{len(found) - len(shown)} more with --all")


def _reasons(case: Case) -> str:
    told = ", ".join(dict.fromkeys(case.reasons))
    condition = f", {case.condition}" if case.condition else ""
    return f": {told}{condition}" if told else condition


def _indented(case: Case) -> Iterator[str]:
    for name, text in case.files:
        if len(case.files) > 1 or name != "app.py":
            yield f"    # {name}"
        yield from (f"    {line}".rstrip() for line in text.splitlines())
    if case.after:
        yield from ("", "  becomes", "")
        yield from (f"    {line}".rstrip() for line in case.after.splitlines())


def _page() -> Iterator[str]:
    yield from ("# What is rewritten, and what is left to a person", "")
    yield "This page is made from the cases that test `unsecret rewrite`; `unsecret explain REASON` and"
    yield "`unsecret explain TRANSFORM` print them, and `unsecret explain reasons --page` writes this page."
    yield from ("", "## Reasons")
    for reason in ReasonCode:
        found = explain_reason(reason)
        yield from ("", f"### {found.code}", "", f"{found.meaning[:1].upper()}{found.meaning[1:]}. {found.why}")
        yield from ("", f"What to do: {found.advice}.", "", *_fenced(found.cases[0]))
    tables = (("Leftovers", _leftovers()), ("Requirements", _requirements()), ("Failures", _failures()))
    for title, found_words in tables:
        yield from ("", f"## {title}", "", "| word | what it means | what to do |", "|---|---|---|")
        yield from (f"| {word.code} | {word.meaning} | {word.advice} |" for word in found_words)
    yield from ("", "## Rewritten code")
    for name in subjects(REWRITTEN):
        yield from ("", f"### {name.removesuffix(f'_{REWRITTEN}').replace('_', ' ')}")
        for case in cases(name):
            yield from ("", f"{case.name}:", "", *_fenced(case))


def _fenced(case: Case) -> Iterator[str]:
    if case.condition:
        yield from (f"({case.condition})", "")
    for name, text in case.files:
        yield "```python" if name.endswith(".py") else "```"
        if len(case.files) > 1 or name != "app.py":
            yield f"# {name}"
        yield from (*text.rstrip("\n").splitlines(), "```")
    if case.after:
        yield from ("", "becomes", "", "```python", *case.after.rstrip("\n").splitlines(), "```")
