"""``unsecret retire``: ask the gates, remove old credentials."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.circumstances import RetirePolicy
from migrate.cli import wiring
from migrate.cli.interrupts import Interrupt, patient, stopped
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common, selection
from migrate.cli.output import again, emit, progress
from migrate.cli.policies import check_names, policy_option, retirement, ruling
from migrate.clock import SystemClock
from migrate.journal.store import SqlJournal
from migrate.model import Plan, Target
from migrate.retire import Retirer
from migrate.retirement import GoneAlready, Held, NotRemoved, Retired, Retirement, Scheduled, WouldRetire


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@click.option(
    "--unused-days", type=click.IntRange(28, 365), help="Window without a sign-in; 28 if the policy is silent."
)
@click.option("--max", "most", type=click.IntRange(1), metavar="N", help="Remove at most so many credentials.")
@policy_option
@apply_option
@common
def command(
    *,
    settings: Settings,
    plan_file: Path,
    wave: int | None,
    app: str | None,
    unused_days: int | None,
    most: int | None,
    policy: Path | None,
    apply: bool,
) -> int:
    """Remove the credentials of PLAN that every gate lets pass; dry run without --apply.

    The gates are asked at the moment of each removal. A removed credential cannot be brought back.
    """
    with opened(settings) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        rules = retirement(policy, plan_file, plan, unused_days=unused_days, most=most)
        check_names(policy, plan_file, plan)
        targets = planuse.targets(plan, journal, app=app, wave=wave)
        work = _retire(settings, plan, targets, journal, rules, plan_file=plan_file, apply=apply)
        results, interrupt = asyncio.run(work)
    lines = [*_lines(results, apply=apply), ruling(policy, plan_file, plan)]
    emit(settings, lines, [_row(result) for result in results])
    if left := sum(len(each.credentials) for each in targets) - len(results):
        return stopped(interrupt, f"{left} credentials were not looked at")
    return 2 if _any(results, NotRemoved) else 1 if _any(results, Held) or _any(results, Scheduled) else 0


async def _retire(
    settings: Settings,
    plan: Plan,
    targets: tuple[Target, ...],
    journal: SqlJournal,
    rules: RetirePolicy,
    *,
    plan_file: Path,
    apply: bool,
) -> tuple[tuple[Retirement, ...], Interrupt]:
    async with wiring.tenant(settings, plan) as tenant:
        if apply:
            planuse.remember(plan, journal)
        with patient() as interrupt:
            retirer = Retirer(
                plan=plan,
                directory=tenant.directory,
                writer=tenant.writer,
                exchange=wiring.exchange(settings, plan),
                journal=journal,
                clock=SystemClock(),
                rules=rules,
                plan_file=str(plan_file),
                stopped=interrupt,
            )
            return await retirer.run(targets, apply=apply, progress=progress("retire")), interrupt


def _any(results: tuple[Retirement, ...], kind: type) -> bool:
    return any(isinstance(result, kind) for result in results)


def _word(result: Retirement) -> str:
    match result:
        case Retired():
            return "retired"
        case GoneAlready():
            return "gone already"
        case WouldRetire():
            return "would retire"
        case Scheduled():
            return "scheduled"
        case Held():
            return "held"
        case NotRemoved():
            return "not removed"
        case _:
            assert_never(result)


def _row(result: Retirement) -> dict[str, Any]:
    row: dict[str, Any] = {
        "application": result.pairing.application.display_name,
        "client_id": result.pairing.application.client_id,
        "key_id": result.credential.key_id,
        "kind": result.credential.kind.value,
        "result": _word(result),
    }
    if isinstance(result, Held):
        row["gates"] = [{"gate": name, "because": gate.because, "opens": gate.opens} for name, gate in result.closed]
    if isinstance(result, GoneAlready):
        row["removed_by_us"] = result.ours
    if isinstance(result, Scheduled):
        row["until"] = result.until.isoformat()
    return row | {"message": result.message} if isinstance(result, NotRemoved) else row


def _lines(results: tuple[Retirement, ...], *, apply: bool) -> list[str]:
    lines = [line for result in results for line in _reasons(result)]
    counts = Counter(_word(result) for result in results)
    lines.append("credentials: " + (", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"))
    gates = Counter(name for result in results if isinstance(result, Held) for name, _ in result.closed)
    lines += [f"  closed {count:5} {name}" for name, count in gates.most_common()]
    if not apply and _any(results, WouldRetire):
        lines.append(f"Dry run. To remove what would be retired (this cannot be undone): {again()}")
    return lines


def _reasons(result: Retirement) -> list[str]:
    name = f"{result.pairing.application.display_name} {result.credential.kind} {result.credential.key_id}"
    if isinstance(result, Held):
        return [
            f"held  {name}",
            *(f"        {gate}: {each.because} (opens: {each.opens})" for gate, each in result.closed),
        ]
    if isinstance(result, GoneAlready) and not result.ours:
        why = "somebody removed it by hand, or the journal is an older copy (the newer one knows what is to be watched)"
        return [f"gone already  {name}: this journal did not see it go: {why}"]
    if isinstance(result, NotRemoved):
        return [f"FAILED  {name}: {result.message}"]
    if isinstance(result, Scheduled):
        return [f"scheduled  {name}: to be removed after {result.until:%Y-%m-%d %H:%M} UTC"]
    return [f"{_word(result)}  {name}"]
