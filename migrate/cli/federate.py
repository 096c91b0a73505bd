"""``unsecret federate``: create the planned federated credentials."""

from __future__ import annotations

import asyncio
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.cli import provisions, wiring
from migrate.cli.exports import Choice, export_options, exported
from migrate.cli.freezing import Calendar, freeze_option
from migrate.cli.interrupts import Interrupt, patient, stopped
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common, selection
from migrate.cli.output import again, emit, progress
from migrate.clock import SystemClock
from migrate.federation import Created, Federation, Federator, NotCreated, Present, WouldCreate
from migrate.journal.store import SqlJournal
from migrate.model import Plan, Refusal
from migrate.provision import NotCarriedOut, Provision, Provisioner
from migrate.settling import Settling


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@click.option("--steps", is_flag=True, help="Also what comes first for others: create identities, attach them.")
@click.option("--max", "most", type=click.IntRange(1), help="At most so many applications, in the plan's order.")
@click.option("--second-identity", is_flag=True, help="Also on machines whose code may rely on having one only.")
@click.option("--seen", type=click.IntRange(1), default=3, show_default=True, help="Reads in a row that must show it.")
@click.option("--reads", type=click.IntRange(1), default=40, show_default=True, help="Reads until it is given up.")
@freeze_option
@apply_option
@export_options
@common
def command(*, settings: Settings, plan_file: Path, export: str | None, out: Path | None, **options: Any) -> int:
    """Create the federated credentials of PLAN that are missing; dry run without --apply.

    With --export nothing is done: the same changes are written as Terraform, Bicep or a script for Azure CLI.
    """
    asked = Asked(plan_file=plan_file, **options)
    if export or out:
        choice = Choice(app=asked.app, wave=asked.wave, steps=asked.steps, most=asked.most, apply=asked.apply)
        return exported(settings, plan_file, export, out, choice)
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        chosen = planuse.choose(plan, app=asked.app, wave=asked.wave, steps=asked.steps)
        results, provided, interrupt = asyncio.run(_federate(settings, plan, chosen, journal, asked))
    others = () if asked.app or asked.wave else plan.refusals
    left = tuple(each for each in others if each.steps and each not in chosen.refusals)
    lines = [provisions.waiting(each, plan_file) for each in left] + [
        line for each in provided for line in provisions.lines(each)
    ]
    rows = [*(_row(each) for each in results), *(provisions.row(each) for each in provided)]
    emit(
        settings,
        [*lines, *_lines(results, provided, plan_file, apply=asked.apply)],
        [*rows, *(provisions.waiting_row(each) for each in left)],
    )
    if interrupt.asked and len(results) + len(provided) < len(chosen.pairings) + len(chosen.refusals):
        return stopped(interrupt, "not every application was looked at")
    return 1 if any(isinstance(each, NotCreated | NotCarriedOut) for each in (*results, *provided)) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the arguments say."""

    plan_file: Path
    wave: int | None
    app: str | None
    steps: bool
    most: int | None
    second_identity: bool
    seen: int
    reads: int
    during_freeze: str
    apply: bool


async def _federate(
    settings: Settings, plan: Plan, chosen: planuse.Chosen, journal: SqlJournal, asked: Asked
) -> tuple[tuple[Federation, ...], tuple[Provision, ...], Interrupt]:
    async with wiring.tenant(settings, plan) as tenant:
        if asked.apply:
            calendar = Calendar(plan_file=asked.plan_file, reason=asked.during_freeze)
            await calendar.check(plan, tenant.directory, journal)
            planuse.remember(plan, journal)
        with patient() as interrupt:
            federator = Federator(
                plan=plan, directory=tenant.directory, writer=tenant.writer, journal=journal, clock=SystemClock(),
                settling=Settling(in_a_row=asked.seen, reads=asked.reads), stopped=interrupt,
            )  # fmt: skip
            pairings, most = chosen.pairings, asked.most
            if most is not None:
                pairings = await federator.first(pairings, most)
                most -= len(pairings)
            done = await federator.run(pairings, apply=asked.apply, progress=progress("federate"))
            return done, await _provided(settings, chosen.refusals, federator, asked, most=most), interrupt


async def _provided(
    settings: Settings, refusals: tuple[Refusal, ...], federator: Federator, asked: Asked, *, most: int | None
) -> tuple[Provision, ...]:
    """Carry out steps; Azure Resource Manager is signed in to only where there are any."""
    if not refusals or most == 0 or federator.stopped():
        return ()
    async with wiring.hosts(settings, federator.plan) as hosts:
        provisioner = Provisioner(
            plan=federator.plan, hosts=hosts, federator=federator, journal=federator.journal, clock=federator.clock,
            settling=federator.settling, second_identity=asked.second_identity,
        )  # fmt: skip
        if most is not None:
            refusals = await provisioner.first(refusals, most)
        return await provisioner.run(refusals, apply=asked.apply, progress=progress("steps"))


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


def _lines(
    results: tuple[Federation, ...], provided: tuple[Provision, ...], plan_file: Path, *, apply: bool
) -> list[str]:
    counts = Counter(_word(result) for result in results)
    lines = [_line(result) for result in results if not isinstance(result, Present)]
    if results or not provided:
        told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        lines.append(f"federated credentials: {told}")
    steps = Counter(provisions.word(each) for each in provided)
    if provided:
        lines.append("steps: " + ", ".join(f"{count} {word}" for word, count in sorted(steps.items())))
    if not apply and (counts["would create"] or steps["would carry out"]):
        return [*lines, f"Dry run. To make these changes: {again()}"]
    if provided:
        lines.append("Next, so that they are paired: unsecret scan, and unsecret plan")
    if results:
        lines.append(f"Next, where the identities are: {shlex.join(['unsecret', 'verify', str(plan_file)])}")
    return lines


def _line(result: Federation) -> str:
    pairing = result.pairing
    if isinstance(result, NotCreated):
        return f"  FAILED  {pairing.application.display_name}: {result.message}"
    trusted = f"{pairing.identity.name} ({pairing.federated.subject})"
    return f"  {_word(result)}  {pairing.application.display_name} trusts {trusted}"
