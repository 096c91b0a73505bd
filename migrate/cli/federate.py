"""``unsecret federate``: create the planned federated credentials."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.cli import wiring
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common
from migrate.cli.output import emit, progress
from migrate.clock import SystemClock
from migrate.federation import Created, Federation, Federator, NotCreated, Present, WouldCreate
from migrate.journal.store import SqlJournal
from migrate.model import Plan


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@apply_option
@common
def command(*, settings: Settings, plan_file: Path, apply: bool) -> int:
    """Create the federated credentials of PLAN that are missing; dry run without --apply."""
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal)
        results = asyncio.run(_federate(settings, plan, journal, apply=apply))
    emit(settings, _lines(results, plan_file, apply=apply), [_row(result) for result in results])
    return 1 if any(isinstance(result, NotCreated) for result in results) else 0


async def _federate(settings: Settings, plan: Plan, journal: SqlJournal, *, apply: bool) -> tuple[Federation, ...]:
    async with wiring.tenant(settings, plan) as tenant:
        if apply:
            planuse.remember(plan, journal)
        federator = Federator(
            plan=plan, directory=tenant.directory, writer=tenant.writer, journal=journal, clock=SystemClock()
        )
        return await federator.run(plan.pairings, apply=apply, progress=progress("federate"))


def _row(result: Federation) -> dict[str, Any]:
    application = result.pairing.application
    row = {"application": application.display_name, "client_id": application.client_id, "result": _word(result)}
    return row | {"message": result.message} if isinstance(result, NotCreated) else row


def _word(result: Federation) -> str:
    match result:
        case Created():
            return "created"
        case Present():
            return "present"
        case WouldCreate():
            return "would create"
        case NotCreated():
            return "not created"
        case _:
            assert_never(result)


def _lines(results: tuple[Federation, ...], plan_file: Path, *, apply: bool) -> list[str]:
    counts = Counter(_word(result) for result in results)
    failed = [result for result in results if isinstance(result, NotCreated)]
    to_do = (
        f"Next: unsecret verify {plan_file}" if apply else f"Dry run. To create: unsecret federate {plan_file} --apply"
    )
    return [
        *(f"  {result.pairing.application.display_name}: {result.message}" for result in failed),
        "federated credentials: " + (", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"),
        to_do,
    ]
