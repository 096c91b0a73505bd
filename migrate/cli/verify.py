"""``unsecret verify``: perform the exchange and judge the token."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import click

from migrate import planuse
from migrate.cli import wiring
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, common, selection
from migrate.cli.output import emit, progress
from migrate.clock import SystemClock
from migrate.exchange import NotProven, Verdict, verify


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@click.option("--tries", type=click.IntRange(1, 100), default=3, show_default=True, help="Exchanges per application.")
@click.option(
    "--interval", type=click.FloatRange(0, 3600), default=10.0, show_default=True, help="Seconds between two rounds."
)
@common
def command(
    *, settings: Settings, plan_file: Path, wave: int | None, app: str | None, tries: int, interval: float
) -> int:
    """Perform the exchange of PLAN's pairings with fresh caches, judge the tokens and keep the proofs.

    To be run where the identities are available: on the host, or on one that has them attached. Proofs hold what the
    tokens say, never a token.
    """
    if not math.isfinite(interval):
        raise click.BadParameter("it is no number of seconds", click.get_current_context(), param_hint="--interval")
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        pairings = planuse.select(plan, app=app, wave=wave)
        planuse.remember(plan, journal)
        verdicts = asyncio.run(
            verify(
                plan,
                pairings,
                exchange=wiring.exchange(settings, plan),
                journal=journal,
                clock=SystemClock(),
                tries=tries,
                interval=interval,
                progress=progress("verify"),
            )
        )
    emit(settings, _lines(verdicts), [_row(verdict) for verdict in verdicts])
    return 1 if any(isinstance(verdict, NotProven) for verdict in verdicts) else 0


def _row(verdict: Verdict) -> dict[str, Any]:
    application = verdict.pairing.application
    several = len(verdict.pairing.tenants) > 1
    row: dict[str, Any] = {"application": application.display_name, "client_id": application.client_id}
    if several:
        row["tenants"] = list(verdict.pairing.tenants)
    if isinstance(verdict, NotProven):
        row |= {"unproven_tenants": list(verdict.unproven)} if several else {}
        return {**row, "result": "not proven", "code": verdict.code, "message": verdict.message, "hint": verdict.hint}
    return {**row, "result": "proven", "tries": verdict.tries}


def _where(verdict: NotProven) -> str:
    """Say in which of several tenants it is not proven."""
    if not verdict.unproven:
        return ""
    number = len(verdict.pairing.tenants)
    return f" (not proven in {len(verdict.unproven)} of {number} tenants: {', '.join(verdict.unproven)})"


def _lines(verdicts: tuple[Verdict, ...]) -> list[str]:
    failed = [verdict for verdict in verdicts if isinstance(verdict, NotProven)]
    return [
        *(f"  {each.pairing.application.display_name}: {each.message} - {each.hint}{_where(each)}" for each in failed),
        f"{len(verdicts) - len(failed)} of {len(verdicts)} pairings proven",
    ]
