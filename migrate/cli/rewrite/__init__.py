"""``unsecret rewrite``: rewrite Python code from secrets to assertions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codemods.engine.check import check
from codemods.engine.run import rewrite
from codemods.model import Run
from codemods.report.context import Acting, Context
from codemods.report.verdict import judge
from migrate import collector
from migrate.cli.options import Settings
from migrate.cli.progress import LateProgress
from migrate.cli.rewrite import baselines
from migrate.cli.rewrite.asking import Asked, refuse
from migrate.cli.rewrite.options import options
from migrate.cli.rewrite.showing import show
from migrate.clientid import client_id

if TYPE_CHECKING:
    from migrate.model import Pairing


@click.command()
@options
def command(*, settings: Settings, **given: Any) -> int:
    """Rewrite the Python code below PATHS so that it sends an assertion; prints a diff, writes with --apply."""
    asked = Asked(**given)
    refuse(asked)
    if asked.baseline and asked.write_baseline:
        baselines.refuse_device(asked.baseline)
    if asked.forget:
        return _forget(settings, asked.paths, asked.plan_file)
    if asked.take_back and asked.plan_file:
        return _take_back(settings, asked.paths, asked.take_back, asked.plan_file)
    with collector.eased():
        run, acting = _with_plan(settings, asked, asked.plan_file) if asked.plan_file else _without_plan(asked)
    if asked.baseline and (asked.check or asked.write_baseline):
        run = baselines.with_leftovers(run, asked.paths, asked.baseline)
    if asked.baseline and asked.write_baseline:
        count = baselines.write(run, asked.paths, asked.baseline)
        click.echo(f"{asked.baseline}: {count} sites are known from now on")
        return 0
    context = Context(acting=acting, applied=asked.apply, check=asked.check, tests=asked.include_tests)
    if asked.baseline:
        compared = baselines.compare(run, asked.paths, asked.baseline, check=asked.check)
        context = dataclasses.replace(context, compared=compared)
    show(asked, run, context)
    return judge(run, context).code


def _forget(settings: Settings, paths: tuple[Path, ...], plan_file: Path | None) -> int:
    from migrate import codescan, planuse  # noqa: PLC0415 - a rewrite without a plan needs no database
    from migrate.cli.journals import journal as opened  # noqa: PLC0415 - the same

    there = next((path for path in paths if path.exists()), None)
    if plan_file is None or there is not None:
        why = (
            "it needs --plan"
            if there is None
            else f"{there} is still there: scan it, or --take-back REASON where its scan was a mistake"
        )
        raise click.UsageError(f"--forget: {why}", click.get_current_context())
    with opened(settings, rests=False) as journal:
        unknown = codescan.forget(paths, planuse.load(plan_file, journal, settings.cloud), journal)
    if unknown:
        raise click.UsageError(f"--forget: nothing is on record for {unknown}", click.get_current_context())
    click.echo(f"forgotten: {', '.join(str(path) for path in paths)}")
    return 0


def _take_back(settings: Settings, paths: tuple[Path, ...], reason: str, plan_file: Path) -> int:
    from migrate import codescan, planuse  # noqa: PLC0415 - a rewrite without a plan needs no database
    from migrate.cli.journals import journal as opened  # noqa: PLC0415 - the same

    with opened(settings, rests=False) as journal:
        unknown = codescan.take_back(paths, reason, planuse.load(plan_file, journal, settings.cloud), journal)
    if unknown:
        why = f"{unknown} itself was never scanned; unsecret report of the journal lists what was"
        raise click.UsageError(f"--take-back: {why}", click.get_current_context())
    click.echo(f"taken back: {', '.join(str(path) for path in paths)}; what the scans there settled is open again")
    return 0


def _without_plan(asked: Asked) -> tuple[Run, Mapping[str, Acting]]:
    look = check if asked.check or asked.write_baseline else rewrite
    with LateProgress("rewrite") as told:
        run = look(asked.request(), told)
    whose, identity = client_id(asked.app), client_id(asked.identity)
    return run, {whose: Acting(identity_client_id=identity)} if whose and identity else {}


def _with_plan(settings: Settings, asked: Asked, plan_file: Path) -> tuple[Run, Mapping[str, Acting]]:
    """Rewrite what the plan pairs, journal what still needs a secret, and return the identities of the applications."""
    from migrate import codescan, planuse  # noqa: PLC0415 - a rewrite without a plan needs no database
    from migrate.cli.journals import journal as opened  # noqa: PLC0415 - the same

    with opened(settings, rests=False) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        app = planuse.select(plan, app=asked.app)[0].application.client_id if asked.app is not None else None
        with LateProgress("rewrite") as told:
            request = dataclasses.replace(asked.request(), targets=codescan.targets(plan), app=app)
            run = rewrite(request, told)
        planuse.remember(plan, journal)
        codescan.record(run, asked.paths, plan, journal, app)
    return run, {pairing.application.client_id.lower(): _acting(pairing) for pairing in plan.pairings}


def _acting(pairing: Pairing) -> Acting:
    return Acting(
        identity_client_id=pairing.identity.client_id,
        application_name=pairing.application.display_name,
        wave=pairing.wave,
    )
