"""A run as findings, a table and a document; the formats know nothing of code.

A rule id is a reason code, the code of an error, or one of ``rewritten-with-note`` and ``literal-secret``. No text here
quotes source: a secret is named by its source and place only. Sites in tests, in documentation and in mocks are
findings of a group of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from typing import assert_never

from codemods.cases import whys
from codemods.model import (
    AlreadyAssertion,
    Category,
    Failed,
    ReasonCode,
    Reported,
    Rewritten,
    Run,
    Site,
    SiteOutcome,
)
from codemods.report import left
from codemods.report.fingerprints import Mark, marks, of_failure
from reports.model import Align, Cell, Column, Confidence, Document, Fact, Finding, Location, Rule, Severity, Table

_NOTES = frozenset({ReasonCode.TEST_CODE, ReasonCode.NOT_IN_PLAN, ReasonCode.NOTEBOOK})
_UNSURE = frozenset({
    ReasonCode.DYNAMIC_CREDENTIAL,
    ReasonCode.ENVIRONMENT_STEERED,
    ReasonCode.INDIRECT_IMPORT,
    ReasonCode.NOTEBOOK,
    ReasonCode.OTHER_LIBRARY,
    ReasonCode.RAW_HTTP,
    ReasonCode.RE_EXPORTED,
    ReasonCode.STORAGE_OPTIONS,
})  # fmt: skip
_COLUMNS = (
    Column(key="path", title="File"),
    Column(key="line", title="Line", align=Align.RIGHT),
    Column(key="column", title="Column", align=Align.RIGHT),
    Column(key="construct", title="Construct"),
    Column(key="application", title="Application"),
    Column(key="outcome", title="Outcome"),
    Column(key="reason", title="Reason"),
    Column(key="secret_source", title="Secret from"),
    Column(key="remark", title="Remark"),
)


_LITERAL = Rule(
    name="literal-secret",
    summary="a secret stands in the source as a literal",
    explanation="Everybody who can read the repository, or any copy of its history, can sign in as the application.",
    advice="treat it as leaked: it stays in the history of the repository; remove the credential",
    severity=Severity.ERROR,
    danger=8.0,
)
_NOTED = Rule(
    name="rewritten-with-note",
    summary="a sign-in was rewritten, and something beside it changes",
    advice="read the note and confirm it in review",
    severity=Severity.NOTE,
)


def findings(run: Run, *, accepted: Collection[Mark] = (), rewritable: bool = False) -> tuple[Finding, ...]:
    """List what a person should look at, by file and line.

    ``accepted`` are the sites of a baseline. ``rewritable`` lists the sites that can be rewritten as well.
    """
    found = []
    for outcome, mark in zip(run.sites, marks(run), strict=True):
        found += [
            dataclasses.replace(each, fingerprint=mark.fingerprint, accepted=mark in accepted)
            for each in _of_site(outcome, rewritable=rewritable)
        ]
    found += [_of_failure(failed, accepted) for failed in run.failed]
    return tuple(sorted(found, key=_position))


def rules(found: Iterable[Finding]) -> tuple[Rule, ...]:
    """Explain the rules of findings."""
    names = {finding.rule for finding in found}
    return tuple(rule for rule in (_LITERAL, _NOTED, *map(_rule, ReasonCode), *left.rules()) if rule.name in names)


def _rule(reason: ReasonCode) -> Rule:
    return Rule(
        name=reason.value,
        summary=reason.meaning,
        explanation=whys().get(reason.value, ""),
        advice=reason.advice,
        severity=Severity.NOTE if reason in _NOTES else Severity.WARNING,
        confidence=Confidence.MEDIUM if reason in _UNSURE else Confidence.HIGH,
    )


def table(run: Run) -> Table:
    """List every site with what became of it."""
    rows = tuple(_row(outcome) for outcome in run.sites)
    return Table(name="code-sites", title="Sign-ins in code", columns=_COLUMNS, rows=rows)


def document(run: Run, *, accepted: Collection[Mark] = (), rewritable: bool = False) -> Document:
    """Put facts, the table of sites and the findings together."""
    already = sum(isinstance(outcome, AlreadyAssertion) for outcome in run.sites)
    facts = (
        Fact(label="Files scanned", value=run.scanned),
        Fact(label="Files that mention sign-in", value=run.candidates),
        Fact(label="Sites rewritten", value=len(run.rewritten)),
        Fact(label="Sites that need a person", value=len(run.reported)),
        Fact(label="Sites already on assertions", value=already),
        Fact(label="Files that failed", value=len(run.failed)),
        Fact(label="Helper modules", value=len(run.helpers)),
        Fact(label="Places that break without the secret", value=sum(each.kind.holds for each in left.staying(run))),
    )
    sites = findings(run, accepted=accepted, rewritable=rewritable)
    found = tuple(sorted((*sites, *left.findings(run, accepted)), key=_position))
    return Document(
        title="Code that signs in with secrets",
        as_of=None,
        facts=facts,
        tables=(table(run),),
        findings=found,
        rules=rules(found),
    )


def _of_site(outcome: SiteOutcome, *, rewritable: bool) -> Iterator[Finding]:
    match outcome:
        case Rewritten(site=site, note=note):
            if rewritable:
                reason = ReasonCode.SECRET_SIGN_IN
                message = f"{site.construct}: {reason.meaning} ({site.secret_source or 'a secret'})"
                yield _finding(site, reason.value, message, Severity.WARNING, reason.advice)
            elif note:
                yield _finding(site, _NOTED.name, f"{site.construct} was rewritten: {note}", Severity.NOTE)
        case Reported(site=site, reason=reason, detail=detail):
            message = f"{site.construct}: {reason.meaning}" + (f" ({detail})" if detail else "")
            severity = Severity.NOTE if reason in _NOTES else Severity.WARNING
            yield _finding(site, reason.value, message, severity, _advised(outcome))
        case AlreadyAssertion(site=site):
            return
        case _:
            assert_never(outcome)
    if site.literal_secret:
        message = f"{_LITERAL.summary} (argument of {site.construct})"
        severity = Severity.ERROR if site.category is Category.CODE else Severity.WARNING  # tests make theirs up
        yield _finding(site, _LITERAL.name, message, severity, _LITERAL.advice)


def _advised(outcome: Reported) -> str:
    return f"{outcome.advice}; for example: {outcome.target}" if outcome.target else outcome.advice


def _finding(site: Site, rule: str, message: str, severity: Severity, advice: str = "") -> Finding:
    unsure = rule in _UNSURE
    return Finding(
        rule=rule,
        message=message,
        severity=severity,
        confidence=Confidence.MEDIUM if unsure else Confidence.HIGH,
        subject=_application(site) or "",
        advice=advice,
        location=Location(
            path=site.path, line=site.line, column=site.column, end_line=site.end_line, end_column=site.end_column
        ),
        group="" if site.category is Category.CODE else site.category.value,
    )


def _of_failure(failed: Failed, accepted: Collection[Mark]) -> Finding:
    mark = of_failure(failed)
    return Finding(
        rule=failed.error.code,
        message=str(failed.error),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        location=Location(path=failed.path, line=failed.error.line),
        fingerprint=mark.fingerprint,
        accepted=mark in accepted,
    )


def _row(outcome: SiteOutcome) -> tuple[Cell, ...]:
    site = outcome.site
    match outcome:
        case Rewritten(application=application, note=note):
            result, reason, remark = "rewritten", None, note
        case Reported(reason=code, detail=detail):
            application, result, reason = _application(site) or "", "reported", code.value
            remark = "; ".join(part for part in (detail, _advised(outcome)) if part)
        case AlreadyAssertion():
            application, result, reason, remark = _application(site) or "", "already an assertion", None, ""
        case _:
            assert_never(outcome)
    return (
        site.path,
        site.line,
        site.column,
        site.construct,
        application,
        result,
        reason,
        site.secret_source,
        remark,
    )


def _application(site: Site) -> str | None:
    return site.client_id or site.client_expression


def _position(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.location
    return ("", 0, 0, finding.rule) if place is None else (place.path, place.line, place.column, finding.rule)
