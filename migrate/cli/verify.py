"""``unsecret verify``: perform the exchange and judge the token."""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from migrate import planuse, runon
from migrate.cli import outputs, wiring
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, common, selection
from migrate.cli.output import emit, progress
from migrate.clock import SystemClock
from migrate.exchange import NotProven, Verdict, verify
from migrate.model import Pairing, Plan
from migrate.ports import Journal
from migrate.proofs import Carried, written

_NONCE = re.compile(r"[0-9a-f]{32}")


def _nonce(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _NONCE.fullmatch(value):
        raise click.BadParameter("it is no nonce of: unsecret proof request")
    return value


def _number(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if math.isnan(value):  # which is in every range
        raise click.BadParameter("it is no number of seconds")
    return value


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@click.option("--tries", type=click.IntRange(1, 100), default=3, show_default=True, help="Exchanges per application.")
@click.option(
    "--interval",
    type=click.FloatRange(0, 3600),
    callback=_number,
    default=10.0,
    show_default=True,
    help="Seconds between two rounds.",
)
@click.option("--proof-out", type=FILE, metavar="FILE", help="Write the proofs there; the journal is left alone.")
@click.option("--nonce", callback=_nonce, metavar="HEX", help="What `unsecret proof request` printed.")
@click.option("--run-on", metavar="ARM-ID", help="Print the command that does it on this host, and do nothing else.")
@common
def command(
    *,
    settings: Settings,
    plan_file: Path,
    wave: int | None,
    app: str | None,
    tries: int,
    interval: float,
    proof_out: Path | None,
    nonce: str | None,
    run_on: str | None,
) -> int:
    """Perform the exchange of PLAN's pairings with fresh caches, judge the tokens and keep the proofs.

    To be run where the identities are available: on the host, or on one that has them attached. Proofs hold what the
    tokens say, never a token. On a host that cannot reach the journal, --nonce and --proof-out make a file of them,
    which `unsecret proof import` takes to it.
    """
    if not math.isfinite(interval):
        raise click.BadParameter("it is no number of seconds", click.get_current_context(), param_hint="--interval")
    if (proof_out is None) != (nonce is None):
        raise click.UsageError("--proof-out and --nonce go together", click.get_current_context())
    if run_on is not None:
        lines = runon.commands(run_on, _without_run_on(), str(proof_out) if proof_out else None)
        emit(settings, lines, list(lines))
        return 0
    if proof_out is not None:
        outputs.for_proof(proof_out)
    carried = Carried()
    with nullcontext(carried) if proof_out else opened(settings, rests=False) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        pairings = planuse.select(plan, app=app, wave=wave)
        planuse.remember(plan, journal)
        verdicts = _verified(settings, plan, pairings, journal, _Rounds(tries=tries, interval=interval))
    if proof_out is not None and nonce is not None:
        outputs.write(proof_out, written(plan, nonce, carried.recorded))
    emit(settings, _lines(verdicts), [_row(verdict) for verdict in verdicts])
    return 1 if any(isinstance(verdict, NotProven) for verdict in verdicts) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rounds:
    """How often each exchange is performed, and how many seconds lie in between."""

    tries: int
    interval: float


def _verified(
    settings: Settings, plan: Plan, pairings: tuple[Pairing, ...], journal: Journal, rounds: _Rounds
) -> tuple[Verdict, ...]:
    return asyncio.run(
        verify(
            plan,
            pairings,
            exchange=wiring.exchange(settings, plan),
            journal=journal,
            clock=SystemClock(),
            tries=rounds.tries,
            interval=rounds.interval,
            progress=progress("verify"),
        )
    )


def _without_run_on() -> list[str]:
    """Return the command that is running, without the option that says where it should."""
    given = list(click.get_current_context().obj)
    kept: list[str] = []
    while given:
        argument = given.pop(0)
        if argument == "--run-on":
            given[:1] = []
        elif not argument.startswith("--run-on="):
            kept.append(argument)
    return ["unsecret", *kept]


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
