"""``unsecret federate``: create the planned federated credentials."""

from __future__ import annotations

import asyncio
import shlex
from collections import Counter
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.cli import wiring
from migrate.cli.exports import export_options, exported
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common, selection
from migrate.cli.output import again, emit, progress
from migrate.clock import SystemClock
from migrate.federation import Created, Federation, Federator, NotCreated, Present, WouldCreate
from migrate.journal.store import SqlJournal
from migrate.model import Pairing, Plan, Refusal


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@apply_option
@export_options
@common
def command(
    *,
    settings: Settings,
    plan_file: Path,
    wave: int | None,
    app: str | None,
    apply: bool,
    export: str | None,
    out: Path | None,
) -> int:
    """Create the federated credentials of PLAN that are missing; dry run without --apply.

    With --export nothing is done: the same changes are written as Terraform, Bicep or a script for Azure CLI.
    """
    if export or out:
        return exported(settings, plan_file, export, out, app=app, wave=wave, apply=apply)
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        pairings = planuse.select(plan, app=app, wave=wave)
        results = asyncio.run(_federate(settings, plan, pairings, journal, apply=apply))
    waiting = () if app or wave else tuple(each for each in plan.refusals if each.steps)
    lines = [*_waiting(waiting), *_lines(results, plan_file, apply=apply)]
    emit(settings, lines, [*(_row(result) for result in results), *(_waiting_row(each) for each in waiting)])
    return 1 if any(isinstance(result, NotCreated) for result in results) else 0


async def _federate(
    settings: Settings, plan: Plan, pairings: tuple[Pairing, ...], journal: SqlJournal, *, apply: bool
) -> tuple[Federation, ...]:
    async with wiring.tenant(settings, plan) as tenant:
        if apply:
            planuse.remember(plan, journal)
        federator = Federator(
            plan=plan, directory=tenant.directory, writer=tenant.writer, journal=journal, clock=SystemClock()
        )
        return await federator.run(pairings, apply=apply, progress=progress("federate"))


def _waiting(refusals: tuple[Refusal, ...]) -> list[str]:
    """Say which applications this command leaves alone because something else comes first."""
    return [f"  left alone  {each.application.display_name}: {each.code}, steps come first" for each in refusals]


def _waiting_row(refusal: Refusal) -> dict[str, Any]:
    return {
        "application": refusal.application.display_name,
        "client_id": refusal.application.client_id,
        "result": "left alone",
        "message": f"{refusal.code}: {'; '.join(step.text for step in refusal.steps)}",
    }


def _row(result: Federation) -> dict[str, Any]:
    pairing = result.pairing
    row = {
        "application": pairing.application.display_name,
        "client_id": pairing.application.client_id,
        "identity": pairing.identity.name,
        "issuer": pairing.federated.issuer,
        "subject": pairing.federated.subject,
        "result": _word(result),
    }
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
    lines = [_line(result) for result in results if not isinstance(result, Present)]
    lines.append("federated credentials: " + (", ".join(f"{count} {word}" for word, count in sorted(counts.items()))))
    if not apply and counts["would create"]:
        return [*lines, f"Dry run. To create them: {again()}"]
    return [*lines, f"Next, where the identities are: {shlex.join(['unsecret', 'verify', str(plan_file)])}"]


def _line(result: Federation) -> str:
    pairing = result.pairing
    if isinstance(result, NotCreated):
        return f"  FAILED  {pairing.application.display_name}: {result.message}"
    trusted = f"{pairing.identity.name} ({pairing.federated.subject})"
    return f"  {_word(result)}  {pairing.application.display_name} trusts {trusted}"
