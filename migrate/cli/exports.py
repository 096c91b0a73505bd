"""``unsecret federate PLAN --export``: the same changes for teams that change tenants by code only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from migrate import planuse
from migrate.cli import outputs
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings
from migrate.export import azcli, bicep, terraform
from migrate.export.work import Work, gather
from migrate.model import Plan
from reports.render import save

_LANGUAGES: dict[str, Callable[[Work], str]] = {
    "terraform": terraform.render,
    "bicep": bicep.render,
    "az": azcli.render,
}


def export_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--export`` and ``--out``."""
    language = click.option(
        "--export", type=click.Choice(list(_LANGUAGES)), help="Write the changes in this language and make none."
    )
    out = click.option("--out", type=FILE, help="Where the export is written instead of standard output.")
    return language(out(function))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the options of ``federate`` ask for."""

    app: str | None
    wave: int | None
    steps: bool
    most: int | None
    apply: bool


def exported(settings: Settings, plan_file: Path, language: str | None, out: Path | None, choice: Choice) -> int:
    """Write what ``federate`` would do with the same options; exit code 0."""
    if language is None:
        raise click.UsageError("--out is where an export is written: give --export too", click.get_current_context())
    if choice.apply:
        raise click.UsageError("--export makes no change: leave --apply out", click.get_current_context())
    with opened(settings, rests=False) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
    text = _LANGUAGES[language](_work(plan, choice))
    if out is None:
        click.echo(text, nl=False)
        return 0
    outputs.for_export(out, plan_file)
    save(text.encode(), out)
    click.echo(f"{out}: {language} of {plan_file}; read it before you run it")
    return 0


def _work(plan: Plan, choice: Choice) -> Work:
    chosen = planuse.choose(plan, app=choice.app, wave=choice.wave, steps=choice.steps)
    every = choice.app is None and choice.wave is None
    others = tuple(one for one in plan.refusals if one.steps and one not in chosen.refusals) if every else ()
    return gather(plan, chosen.pairings, chosen.refusals, others=others, most=choice.most)
