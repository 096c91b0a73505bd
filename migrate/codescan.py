"""What a run of the codemods means for the rollout: which places in code still need a secret, and whose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import assert_never

import msgspec

from codemods.engine.listing import list_files
from codemods.leftover import Leftover, LeftoverKind
from codemods.model import Changed, Clean, Failed, FileOutcome, ReasonCode, Reported, Rewritten, Run, Target
from inventory.model import ClientId
from migrate import rollout
from migrate.clientid import client_id
from migrate.entry import Entry, Json, Kind
from migrate.model import CodeFinding, Plan
from migrate.planning import clouds
from migrate.ports import Journal
from migrate.repository import Repositories

_NOT_APPLIED = "rewrite-not-applied"
_PYTHON = frozenset({".py", ".pyw", ".pyi", ".ipynb"})
_LEFT = frozenset(kind.value for kind in LeftoverKind)


def targets(plan: Plan) -> tuple[Target, ...]:
    """Return the applications whose code may be rewritten."""
    scope = f"{clouds.audience(plan.cloud)}/.default"
    return tuple(
        Target(client_id=each.application.client_id, tenant_id=plan.tenant_id, audience_scope=scope)
        for each in plan.pairings
    )


def record(run: Run, roots: Iterable[Path], plan: Plan, journal: Journal, app: ClientId | None) -> None:
    """Write into the journal what is still open below each of the paths that were looked at."""
    places, repositories = sorted({_place(root) for root in roots}), Repositories()
    known = rollout.code_state(journal.entries(kinds=(Kind.CODE_SCANNED,)), plan.tenant_id).findings
    found = (replace(each, repository=repositories.of(Path(each.path))) for each in open_findings(run, app))
    findings = (*found, *_not_looked_at(places, known, repositories))
    for root in places:
        mine = [each for each in findings if Path(each.path).is_relative_to(root)]
        data = {
            "tenant": plan.tenant_id,
            "findings": msgspec.to_builtins(mine),
            "scanned": run.scanned,
            "applications": sorted(_named(run, app)),
            "repositories": _repositories(root, (*known, *mine), repositories),
        }
        journal.record(Entry(kind=Kind.CODE_SCANNED, plan=plan.digest, subject=str(root), data=data))


def _repositories(root: Path, findings: Iterable[CodeFinding], repositories: Repositories) -> dict[str, str | None]:
    """Name the repositories at a path and below it in which something was found, now or earlier, by their tops."""
    below = (path for each in findings if (path := Path(each.path)).is_relative_to(root))
    return {str(repositories.top(path) or root): repositories.of(path) for path in (root, *below)}


def _named(run: Run, app: ClientId | None) -> frozenset[ClientId]:
    """Name the applications that the code of a run speaks of, or that somebody said it is of."""
    sites = (each.application if isinstance(each, Rewritten) else each.site.client_id for each in run.sites)
    found = (*sites, *(each.application for each in run.leftovers), app)
    return frozenset(whose for each in found if (whose := client_id(each)) is not None)


def _not_looked_at(
    places: Iterable[Path], known: tuple[CodeFinding, ...], repositories: Repositories
) -> Iterator[CodeFinding]:
    """Yield what is on record for files that are there and were not read this time, as git ignores them by now.

    What is no Python file (a workflow, say) is looked for anew by every run, wherever in the project it is. What was
    found in another repository at the same path is not settled by this run, so that it need not be told again.
    """
    read = {str(each.path) for each in list_files(places).files} if known else set()
    for finding in known:
        path = Path(finding.path)
        if finding.path in read or finding.repository not in {None, repositories.of(path)}:
            continue
        if path.is_file() and (path.suffix in _PYTHON or finding.reason not in _LEFT):
            yield finding


def forget(roots: Iterable[Path], plan: Plan, journal: Journal) -> Path | None:
    """Write into the journal that code is not there any more: what was found below it holds nothing from now on.

    Return the first path that nothing is on record for; then nothing is written.
    """
    known = [Path(entry.subject) for entry in journal.entries(kinds=(Kind.CODE_SCANNED,))]
    known += [Path(each.path) for each in rollout.code_state(journal.entries(), plan.tenant_id).findings]
    places = sorted({_place(root) for root in roots})
    for root in places:
        if not any(each.is_relative_to(root) for each in known):
            return root
    for root in places:
        data: dict[str, Json] = {"tenant": plan.tenant_id, "findings": [], "scanned": 0, "forgotten": True}
        journal.record(Entry(kind=Kind.CODE_SCANNED, plan=plan.digest, subject=str(root), data=data))
    return None


def take_back(roots: Iterable[Path], reason: str, plan: Plan, journal: Journal) -> Path | None:
    """Write into the journal that the scans of these very paths count as never made, and why.

    Return the first path that was not scanned for the plan's tenant; then nothing is written.
    """
    scans = [each for each in journal.entries(kinds=(Kind.CODE_SCANNED,)) if each.data["tenant"] == plan.tenant_id]
    known = {each.subject for each in scans}
    places = sorted({_place(root) for root in roots})
    for root in places:
        if str(root) not in known:
            return root
    for root in places:
        # What an earlier version makes of it: a path of which nothing is known.
        data: dict[str, Json] = {"tenant": plan.tenant_id, "findings": [], "scanned": 0, "taken_back": reason}
        journal.record(Entry(kind=Kind.CODE_SCANNED, plan=plan.digest, subject=str(root), data=data))
    return None


def _place(path: Path) -> Path:
    """Return where a path is, without following a link that is named itself; as the files of a run are named."""
    return path.resolve() if path.is_dir() else path.absolute().parent.resolve() / path.name


def open_findings(run: Run, app: ClientId | None) -> tuple[CodeFinding, ...]:
    """Return the places that still need a secret; those that do not say whose are of ``app`` where it is given."""
    whose = client_id(app)
    sites = (finding for file in run.files for finding in _of_file(run.base, file, whose))
    left = (_of_leftover(run.base, each, whose) for each in run.leftovers)
    return (*sites, *(finding for finding in left if finding is not None))


def _of_leftover(base: Path, leftover: Leftover, app: ClientId | None) -> CodeFinding | None:
    """Hold the gate with what fails or signs in without the secret; what merely sets it does no harm, nor what is gone.

    A sign-in of a workflow that names nobody is told and holds nobody: it need not be of any application here.
    """
    named = client_id(leftover.application)
    if leftover.removed or not leftover.kind.holds or (leftover.kind is LeftoverKind.GITHUB_LOGIN and named is None):
        return None
    return CodeFinding(
        path=str(base / leftover.path),
        line=leftover.line,
        reason=leftover.kind.value,
        application=named or app,
        advice=leftover.advice,
    )


def _of_file(base: Path, file: FileOutcome, app: ClientId | None) -> tuple[CodeFinding, ...]:
    path = str(base / file.path)
    match file:
        case Failed(error=error):
            advice = "a person has to look at it: it could not be read"
            return (CodeFinding(path=path, line=error.line, reason=error.code, application=app, advice=advice),)
        case Changed(sites=sites, written=written):
            found = (_of_site(path, site, app, applied=written) for site in sites)
        case Clean(sites=sites):
            found = (_of_site(path, site, app, applied=True) for site in sites)
        case _:
            assert_never(file)
    return tuple(each for each in found if each is not None)


def _of_site(path: str, outcome: object, app: ClientId | None, *, applied: bool) -> CodeFinding | None:
    if isinstance(outcome, Rewritten) and not applied:
        whose, reason = client_id(outcome.application) or app, _NOT_APPLIED
        advice = "unsecret rewrite PATH --plan PLAN --apply"
        return CodeFinding(path=path, line=outcome.site.line, reason=reason, application=whose, advice=advice)
    if isinstance(outcome, Reported):
        named = client_id(outcome.site.client_id)
        if outcome.reason is ReasonCode.TEST_CODE and named is None:
            return None  # a test with a made-up application; one that names a real one would break with its secret
        whose = named or app
        reason, advice = outcome.reason.value, outcome.advice
        return CodeFinding(path=path, line=outcome.site.line, reason=reason, application=whose, advice=advice)
    return None
