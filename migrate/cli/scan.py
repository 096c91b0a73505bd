"""``unsecret scan``: read the tenant into a snapshot."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from inventory.scan import ScanSummary, refresh, scan
from migrate.cli import outputs, scanning, wiring
from migrate.cli.options import FILE, Settings, common
from migrate.cli.output import emit
from migrate.cli.progress import scan_progress
from migrate.cli.tenants import Wanted, read_tenants

FAILED = 2


@click.command()
@click.option("--out", type=FILE, default=Path("snapshot.db"), show_default=True, help="Where the snapshot is written.")
@click.option("--refresh", "refreshed", is_flag=True, help="Bring an existing snapshot up to date by what changed.")
@click.option("--anew", is_flag=True, help="Do not go on with a scan that was stopped.")
@click.option("--no-azure", is_flag=True, help="Leave out hosts and their settings (Azure Resource Manager).")
@click.option("--workspace", metavar="ID", help="Log Analytics workspace that sign-ins are sent to.")
@click.option("--logs", type=click.Path(exists=True, path_type=Path), help="Folder of exported sign-in logs.")
@click.option("--tenants", type=FILE, help="Scan the tenants that this TOML file lists, each into a file of its own.")
@click.option("--only", metavar="ID", multiple=True, help="Of --tenants, this one alone; may be given several times.")
@common
def command(*, settings: Settings, out: Path, tenants: Path | None, only: tuple[str, ...], **given: Any) -> int:
    """Read every credential of the tenant into one SQLite file; changes nothing.

    A scan that was stopped is gone on with by the next one. With --tenants, one that cannot be scanned does not keep
    the others from it: it is named at the end, and the exit code is 2.
    """
    scanning.check(settings, out, tenants=tenants, only=only, **given)
    listed = read_tenants(tenants, settings) if tenants else [Wanted(settings=settings, out=out)]
    wanted = scanning.chosen(listed, only)
    summaries, failures = scanning.all_of(wanted, partial(_scanned, given=given), alone=tenants is None)
    data = [_data(each) for each in summaries]
    lines = [line for each, facts in zip(summaries, data, strict=True) for line in _lines(each, facts)]
    failed = [f"failed: {each.tenant}: {each.reason}" for each in failures]
    told = [*data, *(msgspec.to_builtins(each) for each in failures)]
    once = {each.tenant_id: each.path for each in reversed(summaries)}
    emit(settings, [*lines, *failed, *_next([str(path) for path in reversed(once.values())])],
         told if tenants else data[0])  # fmt: skip
    scanning.tell(failures, wanted)
    return FAILED if failures else 0


def _scanned(wanted: Wanted, given: dict[str, Any]) -> ScanSummary:
    outputs.for_snapshot(wanted.out)
    return asyncio.run(_scan(wanted, **given))


async def _scan(
    wanted: Wanted, *, refreshed: bool, anew: bool, no_azure: bool, workspace: str | None, logs: Path | None
) -> ScanSummary:
    cloud = wiring.cloud_of(wanted.settings)
    reading = wiring.readers(wanted.settings, azure=not no_azure, workspace=workspace, logs=logs)
    with scan_progress("scan") as progress:
        async with reading as readers:
            if refreshed:
                return await refresh(readers, wanted.out, cloud=cloud, progress=progress)
            return await scan(readers, wanted.out, cloud=cloud, progress=progress, anew=anew)


def _data(summary: ScanSummary) -> dict[str, Any]:
    with closing(sqlite3.connect(summary.path)) as snapshot:
        rows = snapshot.execute("SELECT purpose || ' ' || kind, count(*) FROM credentials GROUP BY 1 ORDER BY 1")
        credentials = dict(rows.fetchall())
    return {
        "snapshot": str(summary.path),
        "tenant": summary.tenant_id,
        "taken_at": summary.taken_at.isoformat(),
        "digest": summary.digest,
        "applications": summary.applications,
        "service_principals": summary.service_principals,
        "identities": summary.identities,
        "hosts": summary.hosts,
        "credentials": credentials,
        "unreadable": summary.unreadable,
        "gaps": [f"{gap.subject}: {gap.text}" for gap in summary.gaps],
    }


def _lines(summary: ScanSummary, data: dict[str, Any]) -> list[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in data["credentials"].items())
    counts = (
        f"{summary.applications} applications, {summary.service_principals} service principals, "
        f"{summary.identities} managed identities, {summary.hosts} hosts"
    )
    return [
        f"{summary.path}: tenant {summary.tenant_id}, {counts}",
        f"  credentials: {kinds or 'none'}",
        *([f"  {summary.beginning}"] if summary.beginning else []),
        *(f"  unknown: {gap}" for gap in data["gaps"]),
        *([f"  {summary.unreadable} objects could not be understood, see unreadable"] if summary.unreadable else []),
    ]


def _next(paths: list[str]) -> list[str]:
    if len(paths) > 1:
        return [f"Next: {shlex.join(['unsecret', 'report', *paths, '--out', 'report.html'])}"]
    return [f"Next: {shlex.join(['unsecret', 'plan', *paths])}"] if paths else []
