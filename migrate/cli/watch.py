"""``unsecret watch``: look after applications whose credentials were removed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.circumstances import RetirePolicy
from migrate.cli import unmissed, wiring
from migrate.cli.interrupts import Interrupt, patient, stopped
from migrate.cli.journals import check_begun
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, common, selection
from migrate.cli.output import emit, progress
from migrate.cli.policies import policy_option, retirement
from migrate.deactivation import Deactivation, Unmissed
from migrate.glass_over import Over, note_ended
from migrate.journal.store import SqlJournal
from migrate.model import Abandoned, Pairing, Plan
from migrate.watch import Broken, Look, Quiet, Watcher, Watching


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@policy_option
@common
def command(*, settings: Settings, plan_file: Path, wave: int | None, app: str | None, policy: Path | None) -> int:
    """Look for refused sign-ins and failing exchanges of PLAN's applications since their credentials were removed.

    To be run until every application has been watched for as long as the policy says. Trouble stops every further
    removal, until a later look finds the application quiet.
    """
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        check_begun(settings, journal)
        rules = retirement(policy, plan_file, plan)
        unused = planuse.deactivated(plan, journal, app=app, wave=wave)
        pairings = () if unused and app else planuse.select(plan, app=app, wave=wave)
        work = _watch(settings, plan, (pairings, unused), journal, rules, plan_file=plan_file)
        looks, others, over, interrupt = asyncio.run(work)
    lines = [*map(_ended, over), *_lines(looks), *(line for each in others for line in unmissed.lines(each, plan_file))]
    emit(settings, lines, [*map(_row, looks), *map(unmissed.row, others), *map(_ended_row, over)])
    if len(others) < len(unused):
        return stopped(interrupt, "not every deactivated application was looked at")
    quiet = all(isinstance(look, Quiet) for look in looks) and all(isinstance(each, Unmissed) for each in others)
    return 0 if quiet else 1


async def _watch(
    settings: Settings,
    plan: Plan,
    whom: tuple[tuple[Pairing, ...], tuple[Abandoned, ...]],
    journal: SqlJournal,
    rules: RetirePolicy,
    *,
    plan_file: Path,
) -> tuple[tuple[Look, ...], tuple[Deactivation, ...], tuple[Over, ...], Interrupt]:
    async with wiring.tenant(settings, plan) as tenant:
        over = note_ended(journal, plan.digest, await tenant.directory.now())
        watcher = Watcher(
            plan=plan,
            directory=tenant.directory,
            exchange=wiring.exchange(settings, plan),
            journal=journal,
            policy=rules.policy,
            plan_file=str(plan_file),
        )
        looks = await watcher.run(whom[0], progress=progress("watch"))
        with patient() as interrupt:  # one that is missed may be activated
            deactivator = wiring.deactivator(tenant, plan, journal, rules, stopped=interrupt)
            return looks, await deactivator.look(whom[1]), over, interrupt


def _ended(over: Over) -> str:
    ended = f"the break-glass secret {over.secret.key_id} ended at {over.secret.until:%Y-%m-%d %H:%M} UTC"
    return f"over      {over.name}: {ended}" + (f"; not written down yet: {over.because}" if over.because else "")


def _ended_row(over: Over) -> dict[str, Any]:
    row: dict[str, Any] = {"application": over.name, "client_id": over.client_id, "result": "over"}
    return row | {"key_id": over.secret.key_id, "until": over.secret.until.isoformat(), "message": over.because}


def _row(look: Look) -> dict[str, Any]:
    application = look.pairing.application
    row: dict[str, Any] = {"application": application.display_name, "client_id": application.client_id}
    match look:
        case Quiet(removed=removed):
            return {**row, "result": "quiet", "removed": removed.isoformat()}
        case Watching(because=because):
            return {**row, "result": "watching", "message": because}
        case Broken(message=message, callers=callers):
            return {**row, "result": "broken", "message": message, "callers": list(callers)}
        case _:
            assert_never(look)


def _lines(looks: tuple[Look, ...]) -> list[str]:
    rows = [_row(look) for look in looks]
    told = [f"{row['result']:8}  {row['application']}: {row['message']}" for row in rows if "message" in row]
    quiet = sum(isinstance(look, Quiet) for look in looks)
    lines = [*told, f"{quiet} of {len(looks)} applications are quiet"]
    if any(isinstance(look, Broken) for look in looks):
        lines.append("No credential is removed until that is mended: move the caller, or give it a new secret.")
    return lines
