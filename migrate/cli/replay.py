"""``unsecret replay``: try retirement policies on past sign-in logs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from inventory.errors import ReadFailedError
from inventory.evidence import exported_logs
from inventory.evidence_source import EvidenceRequest
from inventory.model import TenantId
from migrate import policyfile
from migrate.circumstances import Policy
from migrate.cli.options import FILE, Settings, common
from migrate.cli.output import emit
from migrate.clock import SystemClock
from migrate.replay import Covered, Removal, Result, Timeline, Trial, curve, longest_quiet, replay, timelines

_BAR = 30
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_LONGEST = 3650


def _days(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, ...]:
    parts = [part.strip() for part in (value or "").split(",") if part.strip()]
    if any(not (part.isascii() and part.isdigit() and 0 < int(part[:5]) <= _LONGEST) for part in parts):
        raise click.BadParameter(f"give numbers of days from 1 to {_LONGEST}, as 28,60,90")
    return tuple(int(part) for part in parts)


@click.command()
@click.option("--logs", type=_FOLDER, required=True, help="Folder of exported sign-in logs.")
@click.option("--policy", "policies", type=FILE, multiple=True, help="An unsecret.toml; may be given several times.")
@click.option("--unused-days", callback=_days, metavar="N,N,...", help="Windows to try, beside the policies.")
@common
def command(*, settings: Settings, logs: Path, policies: tuple[Path, ...], unused_days: tuple[int, ...]) -> int:
    """Tell what each policy would have removed, had it ruled over past sign-ins, and which callers that had broken.

    Needs --tenant. Only the log is looked at: in a rollout the other gates hold some of it. Exit code 1 where a policy
    would have broken a caller.
    """
    if not settings.tenant:
        raise click.UsageError("say whose logs they are: --tenant ID", click.get_current_context())
    at = SystemClock().now()
    request = EvidenceRequest(at=at, tenant_id=TenantId(settings.tenant.lower()), folder=logs)
    days, notes, source = exported_logs.days_of_use(request)
    if source.missing or source.since is None or source.until is None:
        why = source.missing or "no record of it tells this tenant"
        raise ReadFailedError(f"the log in {logs} shows nothing: {why}; copy it whole, or name the right --tenant")
    covered = Covered(since=source.since, until=source.until)
    lines = timelines(days, covered)
    results = [replay(lines, covered, trial) for trial in _trials(policies, unused_days)]
    shape = curve(lines, covered)
    remarks = [*source.blind_spots, *(f"{each.subject}: {each.text}" for each in notes)]
    data = _data(lines, covered, results, shape, remarks)
    emit(settings, _lines(lines, covered, results, shape, data["blind_spots"]), data)
    return 1 if any(each.broken for each in results) else 0


def _trials(policies: tuple[Path, ...], unused_days: tuple[int, ...]) -> list[Trial]:
    named = [(str(path), policyfile.read_retirement(path).policy) for path in policies]
    if not named and not unused_days:
        named = [("the default", Policy())]
    soak = named[0][1].soak_hours if named else 0
    return [
        *(Trial(name=name, unused_days=one.unused_days, soak_hours=one.soak_hours) for name, one in named),
        *(Trial(name=f"{days} days", unused_days=days, soak_hours=soak) for days in unused_days),
    ]


def _data(
    lines: tuple[Timeline, ...],
    covered: Covered,
    results: list[Result],
    shape: tuple[Result, ...],
    remarks: list[str],
) -> dict[str, Any]:
    return {
        "covered_since": covered.since.isoformat(),
        "covered_until": covered.until.isoformat(),
        "credentials": len(lines),
        "longest_quiet_days": round(longest_quiet(lines) / timedelta(days=1), 2),
        "policies": [{**_row(each), "breaks": [_break(one) for one in each.broken]} for each in results],
        "curve": [_row(each) for each in shape],
        "blind_spots": remarks,
    }


def _row(result: Result) -> dict[str, Any]:
    return {
        "policy": result.trial.name,
        "unused_days": result.trial.unused_days,
        "soak_hours": result.trial.soak_hours,
        "removals": len(result.removals),
        "broken": len(result.broken),
        "exposure_days": round(result.exposure_days, 1),
    }


def _break(removal: Removal) -> dict[str, Any]:
    used = removal.broken
    return {
        "application": removal.timeline.client_id,
        "credential": removal.timeline.credential,
        "removed": f"{removal.at:%Y-%m-%d}",
        "next_use": f"{used.at:%Y-%m-%d}" if used else None,
        "address": used.address if used else None,
        "addresses": list(removal.addresses),
    }


def _lines(
    lines: tuple[Timeline, ...],
    covered: Covered,
    results: list[Result],
    shape: tuple[Result, ...],
    remarks: list[str],
) -> Iterator[str]:
    yield f"{len(lines)} credentials, log from {covered.since:%Y-%m-%d} to {covered.until:%Y-%m-%d} without a gap"
    yield ""
    yield "unused  soak  removals  would break  exposure days removed  policy"
    for each in results:
        row = _row(each)
        yield (
            f"{row['unused_days']:>4} d {row['soak_hours']:>3} h {row['removals']:>9} {row['broken']:>12} "
            f"{row['exposure_days']:>22}  {row['policy']}"
        )
        for one in map(_break, each.broken):
            yield (
                f"        {one['application']} {one['credential']}: removed {one['removed']}, used again "
                f"{one['next_use']} from {one['address'] or 'an unknown address'}"
            )
    yield ""
    yield "quiet for  would break  exposure days removed"
    most = max((each.exposure_days for each in shape), default=0.0) or 1.0
    for each in shape:
        bar = "#" * round(_BAR * each.exposure_days / most)
        yield f"{each.trial.unused_days:>7} d {len(each.broken):>12} {each.exposure_days:>22.1f}  {bar}"
    safe = math.ceil(longest_quiet(lines) / timedelta(days=1))
    yield ""
    yield f"No removal would have broken a caller from {safe} days without use on, as far as this log shows."
    yield from (f"not seen: {each}" for each in remarks)
