"""``unsecret revert``: take back what was done for an application."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.cli import activating, wiring
from migrate.cli.freezing import Calendar, freeze_option
from migrate.cli.interrupts import patient
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common
from migrate.cli.output import again, emit
from migrate.clock import SystemClock
from migrate.journal.store import SqlJournal
from migrate.model import Plan
from migrate.ports import HostWriter
from migrate.revert import NotReverted, Refused, Reversion, Reverted, Reverter, WouldRevert
from migrate.rollout import Course, State
from migrate.unseal import Unsealer

_STATES = {"planned": State.PLANNED, "identity-attached": State.ATTACHED, "watched": State.WATCHED}


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@click.option("--app", metavar="ID", required=True, help="The application, by its client id.")
@click.option("--to", type=click.Choice(list(_STATES)), default="planned", show_default=True, help="How far back.")
@click.option("--unused", metavar="REASON", default="", help="Why federation is in no use, where that is not known.")
@freeze_option
@apply_option
@common
def command(
    *, settings: Settings, plan_file: Path, app: str, to: str, unused: str, during_freeze: str, apply: bool
) -> int:
    """Take back what was done for one application of PLAN, newest first; dry run without --apply.

    Only what unsecret made goes. A removed credential cannot be brought back: after one, nothing is taken back but a
    seal (--to watched). An application that was deactivated is activated again at any time.
    """
    calendar = Calendar(plan_file=plan_file, reason=during_freeze)
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        if idle := planuse.abandoned(plan, journal, app):
            return activating.run(settings, plan, idle[0], journal, calendar=calendar, apply=apply)
        what = planuse.course_of(plan, app)
        course = _revert(settings, plan, what, journal, _STATES[to], unused=unused, calendar=calendar, apply=apply)
        result = asyncio.run(course)
    emit(settings, _lines(what, result), _row(what, result))
    return 1 if isinstance(result, Refused | NotReverted) else 0


async def _revert(
    settings: Settings, plan: Plan, what: Course, journal: SqlJournal, to: State, *, unused: str, calendar: Calendar,
    apply: bool,
) -> Reversion:  # fmt: skip
    async with AsyncExitStack() as stack:
        tenant = await stack.enter_async_context(wiring.tenant(settings, plan))
        if apply:
            await calendar.check(plan, tenant.directory, journal)
            planuse.remember(plan, journal)
        stack.enter_context(patient())
        if to is State.WATCHED:
            unsealer = Unsealer(plan=plan, writer=tenant.seals, journal=journal, clock=SystemClock())
            return await unsealer.run(what, apply=apply)
        known: list[HostWriter] = []

        async def hosts() -> HostWriter:
            if not known:
                known.append(await stack.enter_async_context(wiring.hosts(settings, plan)))
            return known[0]

        reverter = Reverter(
            plan=plan, directory=tenant.directory, writer=tenant.writer, hosts=hosts, journal=journal,
            clock=SystemClock(), unused=unused,
        )  # fmt: skip
        return await reverter.run(what, to, apply=apply)


def _row(what: Course, result: Reversion) -> dict[str, Any]:
    row: dict[str, Any] = {"application": what.application.display_name, "client_id": what.client_id}
    match result:
        case Reverted(done=done, kept=kept):
            return row | {"result": "reverted", "steps": list(done), "kept": list(kept)}
        case WouldRevert(left=left, kept=kept):
            return row | {"result": "would revert", "steps": list(left), "kept": list(kept)}
        case Refused(message=message):
            return row | {"result": "refused", "steps": [], "message": message}
        case NotReverted(done=done, message=message):
            return row | {"result": "not reverted", "steps": list(done), "message": message}
        case _:
            assert_never(result)


def _lines(what: Course, result: Reversion) -> list[str]:
    name = what.application.display_name
    if isinstance(result, Refused):
        return [f"  refused  {name}: {result.message}"]
    row = _row(what, result)
    lines = [f"  {row['result'] if row['result'] != 'not reverted' else 'done'}  {each}" for each in row["steps"]]
    lines += [f"  kept  {each}" for each in row.get("kept", ())]
    if isinstance(result, NotReverted):
        return [*lines, f"  FAILED  {name}: {result.message}"]
    if not row["steps"]:
        return [*lines, f"nothing is left to take back for {name}"]
    return [*lines, f"Dry run. To take it back: {again()}"] if isinstance(result, WouldRevert) else lines
