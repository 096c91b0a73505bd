"""``unsecret seal``: no new secrets for applications that were watched to the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.cli import wiring
from migrate.cli.freezing import Calendar, freeze_option
from migrate.cli.interrupts import Interrupt, patient, stopped
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common, selection
from migrate.cli.output import again, emit, progress
from migrate.clock import SystemClock
from migrate.journal.store import SqlJournal
from migrate.model import Pairing, Plan
from migrate.seal import NotSealed, NotYet, Refused, Sealed, Sealer, Sealing, WouldSeal

_SHOWN = 20
"""Applications that are not that far and are told one by one."""


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@freeze_option
@apply_option
@common
def command(
    *, settings: Settings, plan_file: Path, wave: int | None, app: str | None, during_freeze: str, apply: bool
) -> int:
    """Forbid new secrets for PLAN's applications that were watched to the end; dry run without --apply.

    An app management policy that keeps everything that is in force takes the place of what is in force, and the
    service principal is locked. 'unsecret revert PLAN --app ID --to watched' puts back what was there before. Exit code
    1 as long as one of them is not watched to the end, or could not be sealed.
    """
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        pairings = planuse.select(plan, app=app, wave=wave)
        calendar = Calendar(plan_file=plan_file, reason=during_freeze)
        results, interrupt = asyncio.run(_seal(settings, plan, pairings, journal, calendar, apply=apply))
    emit(settings, _lines(results), [_row(each) for each in results])
    if left := len(pairings) - len(results):
        return stopped(interrupt, f"{left} applications were not looked at")
    return 1 if any(isinstance(each, NotYet | Refused | NotSealed) for each in results) else 0


async def _seal(
    settings: Settings,
    plan: Plan,
    pairings: tuple[Pairing, ...],
    journal: SqlJournal,
    calendar: Calendar,
    *,
    apply: bool,
) -> tuple[tuple[Sealing, ...], Interrupt]:
    async with wiring.tenant(settings, plan) as tenant:
        if apply:
            await calendar.check(plan, tenant.directory, journal)
            planuse.remember(plan, journal)
        with patient() as interrupt:
            sealer = Sealer(
                plan=plan, directory=tenant.directory, writer=tenant.seals, journal=journal, clock=SystemClock(),
                stopped=interrupt,
            )  # fmt: skip
            return await sealer.run(pairings, apply=apply, progress=progress("seal")), interrupt


def _row(result: Sealing) -> dict[str, Any]:
    application = result.pairing.application
    row: dict[str, Any] = {"application": application.display_name, "client_id": application.client_id}
    match result:
        case Sealed(done=done, notes=notes):
            return row | {"result": "sealed", "steps": [*done], "notes": [*notes]}
        case WouldSeal(left=left, notes=notes):
            return row | {"result": "would seal", "steps": [*left], "notes": [*notes]}
        case NotYet(because=because, held=held, next=then):
            return row | {"result": "not yet", "message": because, "because": [*held], "next": then}
        case Refused(message=message):
            return row | {"result": "refused", "message": message}
        case NotSealed(done=done, message=message):
            return row | {"result": "not sealed", "steps": [*done], "message": message}
        case _:
            assert_never(result)


def _lines(results: tuple[Sealing, ...]) -> list[str]:
    rows = [_row(each) for each in results]
    lines = [line for row in rows if row["result"] != "not yet" for line in _of_one(row)]
    waiting = [row for row in rows if row["result"] == "not yet"]
    lines += [line for row in waiting[:_SHOWN] for line in _of_one(row)]
    if (left := len(waiting) - _SHOWN) > 0:
        lines.append(f"  not yet  and {left} more: --app ID or --wave N for some of them, --format json for all")
    counts = Counter(row["result"] for row in rows)
    lines.append(", ".join(f"{count} {word}" for word, count in sorted(counts.items())))
    return [*lines, f"Dry run. To make these changes: {again()}"] if counts["would seal"] else lines


def _of_one(row: dict[str, Any]) -> list[str]:
    word = "FAILED" if row["result"] == "not sealed" else row["result"]
    told = f": {row['message']}" if "message" in row else ""
    lines = [f"  {word}  {row['application']}{told}"]
    more = (*row.get("because", ()), *row.get("steps", ()), *(f"note, {one}" for one in row.get("notes", ())))
    return lines + [f"        {each}" for each in (*more, *([f"next: {row['next']}"] if row.get("next") else []))]
