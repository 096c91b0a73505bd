"""What a run of the codemods means for the rollout: which places in code still need a secret, and whose."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import assert_never

import msgspec

from codemods.model import Changed, Clean, Failed, FileOutcome, ReasonCode, Reported, Rewritten, Run, Target
from inventory.model import ClientId
from migrate.model import CodeFinding, Entry, Kind, Plan
from migrate.planning import clouds
from migrate.ports import Journal

_NOT_NEEDED = frozenset({ReasonCode.TEST_CODE})
"""Reasons that are told but hold nothing: tests do not sign in to the tenant."""
_NOT_APPLIED = "rewrite-not-applied"


def targets(plan: Plan) -> tuple[Target, ...]:
    """Return the applications whose code may be rewritten."""
    scope = f"{clouds.audience(plan.cloud)}/.default"
    return tuple(
        Target(client_id=each.application.client_id, tenant_id=plan.tenant_id, audience_scope=scope)
        for each in plan.pairings
    )


def record(run: Run, roots: Iterable[Path], plan: Plan, journal: Journal, app: str | None) -> None:
    """Write into the journal what is still open below each of the paths that were looked at."""
    findings = open_findings(run, app)
    for root in sorted({_place(root) for root in roots}):
        mine = [each for each in findings if Path(each.path).is_relative_to(root)]
        data = {"findings": msgspec.to_builtins(mine), "scanned": run.scanned}
        journal.record(Entry(kind=Kind.CODE_SCANNED, plan=plan.digest, subject=str(root), data=data))


def _place(path: Path) -> Path:
    """Return where a path is, without following a link that is named itself; as the files of a run are named."""
    return path.resolve() if path.is_dir() else path.absolute().parent.resolve() / path.name


def open_findings(run: Run, app: str | None) -> tuple[CodeFinding, ...]:
    """Return the places that still need a secret; those that do not say whose are of ``app`` where it is given."""
    return tuple(finding for file in run.files for finding in _of_file(run.base, file, ClientId(app) if app else None))


def _of_file(base: Path, file: FileOutcome, app: ClientId | None) -> tuple[CodeFinding, ...]:
    path = str(base / file.path)
    match file:
        case Failed(error=error):
            return (CodeFinding(path=path, line=error.line, reason=error.code, application=app),)
        case Changed(sites=sites, written=written):
            found = (_of_site(path, site, app, applied=written) for site in sites)
        case Clean(sites=sites):
            found = (_of_site(path, site, app, applied=True) for site in sites)
        case _:
            assert_never(file)
    return tuple(each for each in found if each is not None)


def _of_site(path: str, outcome: object, app: ClientId | None, *, applied: bool) -> CodeFinding | None:
    if isinstance(outcome, Rewritten) and not applied:
        application = ClientId(outcome.application)
        return CodeFinding(path=path, line=outcome.site.line, reason=_NOT_APPLIED, application=application)
    if isinstance(outcome, Reported) and outcome.reason not in _NOT_NEEDED:
        whose = ClientId(outcome.site.client_id) if outcome.site.client_id else app
        return CodeFinding(path=path, line=outcome.site.line, reason=outcome.reason.value, application=whose)
    return None
