"""``unsecret rewrite``: rewrite Python code from secrets to assertions."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

import click

from codemods.engine.run import rewrite
from codemods.model import AlreadyAssertion, Changed, Reported, Request, Rewritten, Run, SiteOutcome
from codemods.report import findings
from inventory.model import ClientId, IdentityClientId
from migrate import codescan
from migrate.cli.options import FILE, Settings, apply_option, common
from migrate.cli.output import emit
from reports.text import visible

Identities = Mapping[ClientId, IdentityClientId]
"""The identity that acts as each application of a plan."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--plan", "plan_file", type=FILE, help="Rewrite only what this plan pairs, and journal what is left.")
@click.option("--app", metavar="ID", help="Client id of the application that code without one belongs to.")
@click.option("--forget", is_flag=True, help="With --plan: these paths are gone; forget what was found in them.")
@click.option("--include-tests", is_flag=True, help="Rewrite test and documentation code too.")
@apply_option
@common
def command(
    *,
    settings: Settings,
    paths: tuple[Path, ...],
    plan_file: Path | None,
    app: str | None,
    forget: bool,
    include_tests: bool,
    apply: bool,
) -> int:
    """Rewrite the Python code below PATHS so that it sends an assertion; prints a diff, writes with --apply."""
    if app is not None and plan_file is None and codescan.client_id(app) is None:
        raise click.BadParameter(f"{app!r} is no client id", click.get_current_context(), param_hint="--app")
    if forget:
        return _forget(settings, paths, plan_file)
    request = Request(paths=paths, app=app, apply=apply, include_tests=include_tests)
    run, identities = _with_plan(settings, request, plan_file) if plan_file else (rewrite(request), {})
    _show(settings, run, identities)
    return 2 if run.failed else 1 if run.reported else 0


def _forget(settings: Settings, paths: tuple[Path, ...], plan_file: Path | None) -> int:
    from migrate import planuse  # noqa: PLC0415 - a rewrite without a plan needs no database
    from migrate.cli.journals import journal as opened  # noqa: PLC0415 - the same

    there = next((path for path in paths if path.exists()), None)
    if plan_file is None or there is not None:
        why = "it needs --plan" if there is None else f"{there} is still there: scan it instead"
        raise click.UsageError(f"--forget: {why}", click.get_current_context())
    with opened(settings) as journal:
        unknown = codescan.forget(paths, planuse.load(plan_file, journal, settings.cloud), journal)
    if unknown:
        raise click.UsageError(f"--forget: nothing is on record for {unknown}", click.get_current_context())
    click.echo(f"forgotten: {', '.join(str(path) for path in paths)}")
    return 0


def _with_plan(settings: Settings, request: Request, plan_file: Path) -> tuple[Run, Identities]:
    """Rewrite what the plan pairs, journal what still needs a secret, and return the identities of the applications."""
    from migrate import planuse  # noqa: PLC0415 - a rewrite without a plan needs no database
    from migrate.cli.journals import journal as opened  # noqa: PLC0415 - the same

    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        app = planuse.select(plan, app=request.app)[0].application.client_id if request.app is not None else None
        run = rewrite(dataclasses.replace(request, targets=codescan.targets(plan), app=app))
        planuse.remember(plan, journal)
        codescan.record(run, request.paths, plan, journal, app)
    return run, {each.application.client_id: each.identity.client_id for each in plan.pairings}


def _show(settings: Settings, run: Run, identities: Identities) -> None:
    """Print the diff on standard output, so that it can be piped, and everything else on standard error."""
    if settings.as_json:
        emit(settings, (), _data(run, identities))
        return
    sys.stdout.buffer.write(run.diff.encode("utf-8", "surrogateescape"))
    sys.stdout.flush()
    for finding in findings(run):
        place = f"{finding.location.path}:{finding.location.line}: " if finding.location else ""
        click.echo(visible(f"{place}{finding.rule}: {finding.message}; {finding.advice}"), err=True)
    for row in _variables(run, identities):
        click.echo(visible(f"where {row['path']} runs, set {row['variable']}={row['value'] or 'CLIENT_ID'}"), err=True)
    click.echo(_summary(run), err=True)


def _summary(run: Run) -> str:
    written = any(isinstance(file, Changed) and file.written for file in run.files)
    done = "rewritten" if written else "can be rewritten (--apply does it)"
    return (
        f"{run.scanned} files read: {len(run.rewritten)} sign-ins {done}, {len(run.reported)} reported, "
        f"{len(run.failed)} files failed"
    )


def _variables(run: Run, identities: Identities) -> list[dict[str, str]]:
    """Return the variables that helpers read: the client id of the identity that acts as each application."""
    return [
        {"path": helper.path, "variable": name, "application": whose, "value": identities.get(ClientId(whose), "")}
        for helper in run.helpers
        for name, whose in zip(helper.variables, helper.applications, strict=True)
    ]


def _data(run: Run, identities: Identities) -> dict[str, Any]:
    return {
        "scanned": run.scanned,
        "sites": [_site(outcome) for outcome in run.sites],
        "failed": [{"path": file.path, "reason": file.error.code, "message": str(file.error)} for file in run.failed],
        "variables": _variables(run, identities),
    }


def _site(outcome: SiteOutcome) -> dict[str, Any]:
    site = outcome.site
    row = {
        "path": site.path,
        "line": site.line,
        "construct": site.construct,
        "client_id": site.client_id,
        "secret_source": site.secret_source,
    }
    match outcome:
        case Rewritten(application=application, note=note):
            return {**row, "result": "rewritten", "application": application, "message": note}
        case AlreadyAssertion():
            return {**row, "result": "already assertion"}
        case Reported(reason=reason, advice=advice, detail=detail):
            message = detail or reason.meaning
            return {**row, "result": "reported", "reason": reason.value, "message": message, "advice": advice}
        case _:
            assert_never(outcome)
