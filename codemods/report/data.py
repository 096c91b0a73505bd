r"""A run as one JSON object for programs: one outcome for each site, the diffs, and what is left to do.

docs/rewrite.md documents it and docs/rewrite.schema.json describes it. New keys may come within a version; a key never
changes its meaning. Text is exact, but for bytes of a file name that are not UTF-8 (``\xe9``); a diff with such bytes
is given in base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, assert_never

from codemods.leftover import Leftover
from codemods.model import AlreadyAssertion, Changed, Failed, Reported, Rewritten, Run, SiteOutcome
from codemods.report.context import Context, variables
from codemods.report.fingerprints import Mark, leftover_marks, marks, of_failure
from codemods.report.left import seen, staying
from codemods.requirement import Requirement, RequirementFile

SCHEMA: Final = "unsecret/rewrite"
VERSION: Final = 1

_Json = dict[str, Any]


def render(run: Run, context: Context) -> bytes:
    """Return the run as JSON, ASCII only, with a final newline."""
    return (json.dumps(data(run, context), indent=1, allow_nan=False) + "\n").encode("ascii")


def data(run: Run, context: Context) -> _Json:
    """Return the run as values that JSON knows."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "applied": context.applied,
        "scanned": run.scanned,
        "summary": _summary(run, context),
        "sites": [_site(outcome, mark, context) for outcome, mark in zip(run.sites, marks(run), strict=True)],
        "files": list(_files(run)),
        "failed": [_failed(failed, context) for failed in run.failed],
        "leftovers": [
            _leftover(each, mark, context) for each, mark in zip(run.leftovers, leftover_marks(run), strict=True)
        ],
        "requirements": [_requirement(one, file) for file in run.requirements for one in file.requirements],
        "variables": [
            {"path": _plain(each.path), "variable": each.name, "application": each.application, "value": each.value}
            for each in variables(run, context)
        ],
        "vanished": [
            {"path": _plain(entry.mark.path), "fingerprint": entry.mark.fingerprint, "rule": entry.rule}
            for entry in context.compared.vanished
        ],
    }


def _summary(run: Run, context: Context) -> _Json:
    return {
        "scanned": run.scanned,
        "candidates": run.candidates,
        "rewritten": len(run.rewritten),
        "reported": len(run.reported),
        "already_assertion": sum(isinstance(outcome, AlreadyAssertion) for outcome in run.sites),
        "failed": len(run.failed),
        "literal_secrets": sum(outcome.site.literal_secret for outcome in run.sites),
        "in_baseline": len(context.compared.accepted),
        "vanished": len(context.compared.vanished),
        "leftovers": len(run.leftovers),
        "breaking": sum(each.kind.holds for each in staying(run)),
        "removable": sum(each.dead for each in run.leftovers),
    }


def _site(outcome: SiteOutcome, mark: Mark, context: Context) -> _Json:
    site = outcome.site
    return {
        "path": _plain(site.path),
        "line": site.line,
        "column": site.column,
        "end_line": site.end_line,
        "end_column": site.end_column,
        "scope": site.scope,
        "category": site.category.value,
        "construct": site.construct,
        "client_id": site.client_id,
        "client_expression": site.client_expression,
        "tenant_expression": site.tenant_expression,
        "secret_source": site.secret_source,
        "literal_secret": site.literal_secret,
        "fingerprint": mark.fingerprint,
        "in_baseline": mark in context.compared.accepted,
        **_result(outcome),
        "plan": _plan(outcome, context),
    }


def _result(outcome: SiteOutcome) -> _Json:
    match outcome:
        case Rewritten(application=application, note=note, compared=compared):
            same = [{"what": each.what, "expression": each.expression} for each in compared]
            return {"result": "rewritten", "application": application, "message": note, "compared": same}
        case AlreadyAssertion():
            return {"result": "already assertion"}
        case Reported(reason=reason, advice=advice, detail=detail, target=target):
            message = detail or reason.meaning
            told = {"reason": reason.value, "message": message, "advice": advice, "target": target}
            return {"result": "reported", **told}
        case _:
            assert_never(outcome)


def _plan(outcome: SiteOutcome, context: Context) -> _Json | None:
    whose = outcome.application if isinstance(outcome, Rewritten) else outcome.site.client_id
    acting = context.acting.get((whose or "").lower())
    if acting is None:
        return None
    return {
        "identity_client_id": acting.identity_client_id,
        "application_name": acting.application_name,
        "wave": acting.wave,
    }


def _files(run: Run) -> Iterator[_Json]:
    """List the files that change, in the order in which they are written, with a line for each change."""
    for declared in run.requirements:
        if declared.diff:
            raised = [(one.line, f"{one.package}: {seen(one)}") for one in declared.requirements if one.new]
            yield _file(declared.path, "requirements", declared.diff, raised, written=declared.written)
    for helper in run.helpers:
        if not helper.diff:
            continue
        changes = [{"line": 1, "description": f"functions that give an assertion for {', '.join(helper.applications)}"}]
        yield {"path": _plain(helper.path), "kind": "helper", "written": helper.written, "masked": False} | _diff(
            helper.diff, changes
        )
    for file in run.files:
        if isinstance(file, Changed):
            told = [(outcome.site.line, _described(outcome)) for outcome in file.sites]
            yield {"path": _plain(file.path), "kind": "source", "written": file.written, "masked": file.masked} | _diff(
                file.diff, [{"line": line, "description": text} for line, text in told if text]
            )

    for fixed in run.fixed:
        gone = [(line, f"{name} is not set, read or required here any more") for line, name in fixed.places]
        yield _file(fixed.path, "leftovers", fixed.diff, gone, written=fixed.written)


def _file(path: str, kind: str, diff: str, changes: Iterable[tuple[int, str]], *, written: bool) -> _Json:
    """Describe a file whose diff says itself whether something in it is masked."""
    told = [{"line": line, "description": _plain(text)} for line, text in changes]
    return {"path": _plain(path), "kind": kind, "written": written, "masked": diff.startswith("#")} | _diff(diff, told)


def _described(outcome: SiteOutcome) -> str:
    """Say in one line what changed at a site; nothing where nothing did."""
    site = outcome.site
    if isinstance(outcome, Reported) and outcome.offered:
        return f"{site.construct}: {outcome.detail}"
    if not isinstance(outcome, Rewritten):
        return ""
    return (
        f"{site.construct} sends an assertion for {outcome.application} instead of {site.secret_source or 'a secret'}"
    )


def _diff(diff: str, changes: list[_Json]) -> _Json:
    raw = diff.encode("utf-8", "surrogateescape")
    try:
        return {"diff": raw.decode(), "changes": changes}
    except UnicodeDecodeError:
        return {"diff_base64": base64.b64encode(raw).decode(), "changes": changes}


def _leftover(each: Leftover, mark: Mark, context: Context) -> _Json:
    return {
        "path": _plain(each.path),
        "line": each.line,
        "kind": each.kind.value,
        "name": _plain(each.name),
        "application": each.application,
        "breaks": each.kind.holds,
        "dead": each.dead,
        "removed": each.removed,
        "kept": _plain(each.kept),
        "message": each.breaks,
        "advice": each.advice,
        "fingerprint": mark.fingerprint,
        "in_baseline": mark in context.compared.accepted,
    }


def _requirement(one: Requirement, file: RequirementFile) -> _Json:
    return {
        "path": _plain(one.path),
        "line": one.line,
        "package": one.package,
        "status": one.status.value,
        "old": one.old,
        "new": one.new,
        "message": _plain(file.problem or seen(one)),
        "written": file.written,
    }


def _failed(failed: Failed, context: Context) -> _Json:
    mark = of_failure(failed)
    return {
        "path": _plain(failed.path),
        "line": failed.error.line,
        "reason": failed.error.code,
        "message": _plain(str(failed.error)),
        "fingerprint": mark.fingerprint,
        "in_baseline": mark in context.compared.accepted,
    }


def _plain(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
