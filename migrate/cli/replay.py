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
from inventory.ids import guid
from inventory.model import TenantId
from migrate import policyfile
from migrate.circumstances import Policy
from migrate.cli import outputs
from migrate.cli.options import FILE, Settings, common
from migrate.cli.output import emit
from migrate.clock import SystemClock
from migrate.replay import (
    Covered,
    Removal,
    Result,
    Road,
    Stop,
    Timeline,
    Trial,
    curve,
    deactivate,
    longest_quiet,
    replay,
    timelines,
    wholes,
)
from migrate.replay_report import document
from reports.render import write
from reports.text import visible

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
@click.option("--html", type=FILE, metavar="FILE", help="Also write tables and curve as one page that opens offline.")
@common
def command(
    *, settings: Settings, logs: Path, policies: tuple[Path, ...], unused_days: tuple[int, ...], html: Path | None
) -> int:
    """Tell what each policy would have removed, had it ruled over past sign-ins, and which callers that had broken.

    Needs --tenant. Only the log is looked at: in a rollout the other gates hold some of it. Exit code 1 where a policy
    would have broken a caller.
    """
    if html is not None:
        outputs.for_report(html, "html", *policies)
    trials, at, tenant = _trials(policies, unused_days), SystemClock().now(), _tenant(settings)
    request = EvidenceRequest(at=at, tenant_id=tenant, folder=logs)
    days, notes, source = exported_logs.days_of_use(request)
    if source.missing or source.since is None or source.until is None:
        why = source.missing or "no record of it tells this tenant"
        raise ReadFailedError(f"the log in {logs} shows nothing: {why}; copy it whole, or name the right --tenant")
    covered = Covered(since=source.since, until=source.until)
    lines = timelines(days, covered)
    some = wholes(days, lines, covered)
    tried = [(replay(lines, covered, one), deactivate(some, covered, one)) for one in trials]
    shape = curve(lines, covered)
    remarks = [*source.blind_spots, *(f"{each.subject}: {each.text}" for each in notes)]
    if html is not None:
        write(document(lines, covered, tried, shape, remarks), "html", html)
    emit(settings, _lines(lines, covered, tried, shape, remarks), _data(lines, covered, tried, shape, remarks))
    return 1 if any(result.broken or road.broken for result, road in tried) else 0


def _tenant(settings: Settings) -> TenantId:
    """Return whose logs they are; click.UsageError where that is no id, since records tell nothing else."""
    told = guid(settings.tenant)
    if told is None:
        said = "it is not told" if not settings.tenant else f"{visible(settings.tenant)} is no id (a GUID)"
        raise click.UsageError(f"say whose logs they are: --tenant ID; {said}", click.get_current_context())
    return TenantId(told)


def _trials(policies: tuple[Path, ...], unused_days: tuple[int, ...]) -> list[Trial]:
    named = [(str(path), policyfile.read_retirement(path).policy) for path in policies]
    if not named and not unused_days:
        named = [("the default", Policy())]
    first = named[0][1] if named else Policy()
    windows = [(name, one, one.unused_days) for name, one in named]
    windows += [(f"{days} days", first, days) for days in unused_days]
    return [
        Trial(name=name, unused_days=days, soak_hours=one.soak_hours, scream_days=one.scream_days)
        for name, one, days in windows
    ]


def _data(
    lines: tuple[Timeline, ...],
    covered: Covered,
    tried: list[tuple[Result, Road]],
    shape: tuple[Result, ...],
    remarks: list[str],
) -> dict[str, Any]:
    return {
        "covered_since": covered.since.isoformat(),
        "covered_until": covered.until.isoformat(),
        "credentials": len(lines),
        "longest_quiet_days": round(longest_quiet(lines) / timedelta(days=1), 2),
        "policies": [
            {**_row(each), "breaks": [_break(one) for one in each.broken], "deactivated_first": _road(road)}
            for each, road in tried
        ],
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


def _road(road: Road) -> dict[str, Any]:
    return {
        "scream_days": road.trial.scream_days,
        "deactivated": len(road.stops),
        "missed": [_missed(each) for each in road.missed],
        "removals": road.removals,
        "broken": len(road.broken),
        "breaks": [_missed(each) for each in road.broken],
        "exposure_days": round(road.exposure_days, 1),
    }


def _missed(stop: Stop) -> dict[str, Any]:
    used = stop.missed or stop.broken
    return {
        "application": stop.whole.client_id,
        "deactivated": f"{stop.at:%Y-%m-%d}",
        "removed": f"{stop.removed:%Y-%m-%d}" if stop.removed else None,
        "next_use": f"{used.at:%Y-%m-%d}" if used else None,
        "address": used.address if used else None,
    }


def _lines(
    lines: tuple[Timeline, ...],
    covered: Covered,
    tried: list[tuple[Result, Road]],
    shape: tuple[Result, ...],
    remarks: list[str],
) -> Iterator[str]:
    yield f"{len(lines)} credentials, log from {covered.since:%Y-%m-%d} to {covered.until:%Y-%m-%d} without a gap"
    yield ""
    yield "unused  soak  removals  would break  exposure days removed  policy"
    for each, road in tried:
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
        yield from _road_lines(road)
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


def _road_lines(road: Road) -> Iterator[str]:
    told = _road(road)
    yield (
        f"{road.trial.unused_days:>4} d +{told['scream_days']:>2} d {told['removals']:>9} {told['broken']:>12} "
        f"{told['exposure_days']:>22}  {road.trial.name}, deactivated first: {told['deactivated']} applications, "
        f"{len(told['missed'])} missed in time"
    )
    for one in (*told["missed"], *told["breaks"]):
        where = f"used again {one['next_use']} from {one['address'] or 'an unknown address'}"
        what = f"{where}, when its credentials were gone" if one["removed"] else f"{where}: revert mends it"
        yield f"        {one['application']}: deactivated {one['deactivated']}, {what}"
