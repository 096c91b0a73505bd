"""``unsecret deactivate``: a scream test for applications that nobody uses."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import click

from migrate import planuse
from migrate.circumstances import RetirePolicy
from migrate.cli import unmissed, wiring
from migrate.cli.freezing import Calendar, freeze_option
from migrate.cli.interrupts import Interrupt, patient, stopped
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common
from migrate.cli.output import again, emit, progress
from migrate.cli.policies import check_names, policy_option, retirement
from migrate.deactivation import Deactivated, Deactivation, NotDeactivated, Unmissed, WouldDeactivate
from migrate.errors import PlanError
from migrate.journal.store import SqlJournal
from migrate.model import Abandoned, Plan


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@click.option("--app", metavar="ID", help="Only the application of this client id.")
@click.option("--max", "most", type=click.IntRange(1), metavar="N", help="Deactivate at most so many applications.")
@policy_option
@freeze_option
@apply_option
@common
def command(
    *, settings: Settings, plan_file: Path, app: str | None, most: int | None, policy: Path | None, during_freeze: str,
    apply: bool,
) -> int:  # fmt: skip
    """Deactivate (isDisabled) the applications of PLAN that nobody uses; dry run without --apply.

    They get no new tokens, everything else is kept, and revert takes it back at any time. After the time that the
    policy asks for, in which nobody has tried to sign in, retire may remove their credentials.
    """
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        rules = retirement(policy, plan_file, plan)
        check_names(policy, plan_file, plan)
        unused = planuse.abandoned(plan, journal, app)
        if app and not unused:
            raise PlanError(
                f"application {app!r} is none that PLAN says nobody uses (refusal unused); look into the plan"
            )
        calendar = Calendar(plan_file=plan_file, reason=during_freeze)
        work = _deactivate(settings, plan, unused, journal, rules, most=most, calendar=calendar, apply=apply)
        results, interrupt = asyncio.run(work)
    emit(settings, _lines(results, plan_file, apply=apply), [unmissed.row(each) for each in results])
    if interrupt.asked and len(results) < len(unused):
        return stopped(interrupt, "not every application was looked at")
    if any(isinstance(each, NotDeactivated) for each in results):
        return 2
    return 0 if all(isinstance(each, Deactivated | WouldDeactivate | Unmissed) for each in results) else 1


async def _deactivate(
    settings: Settings, plan: Plan, unused: tuple[Abandoned, ...], journal: SqlJournal, rules: RetirePolicy, *,
    most: int | None, calendar: Calendar, apply: bool,
) -> tuple[tuple[Deactivation, ...], Interrupt]:  # fmt: skip
    async with wiring.tenant(settings, plan) as tenant:
        if apply:
            await calendar.check(plan, tenant.directory, journal)
            planuse.remember(plan, journal)
        with patient() as interrupt:
            deactivator = wiring.deactivator(tenant, plan, journal, rules, stopped=interrupt)
            return await deactivator.run(unused, apply=apply, most=most, progress=progress("deactivate")), interrupt


def _lines(results: tuple[Deactivation, ...], plan_file: Path, *, apply: bool) -> list[str]:
    lines = [line for each in results for line in unmissed.lines(each, plan_file)]
    counts = Counter(map(unmissed.word, results))
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none that nobody uses"
    lines.append(f"applications: {told}")
    if not apply and counts["would deactivate"]:
        lines.append(f"Dry run. To deactivate them (revert takes it back): {again()}")
    return lines
