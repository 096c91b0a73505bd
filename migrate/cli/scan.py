"""``unsecret scan``: read the tenant into a snapshot."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from inventory.scan import ScanSummary, scan
from migrate.cli import outputs, wiring
from migrate.cli.options import FILE, Settings, common
from migrate.cli.output import emit, progress


@click.command()
@click.option("--out", type=FILE, default=Path("snapshot.db"), show_default=True, help="Where the snapshot is written.")
@common
def command(*, settings: Settings, out: Path) -> None:
    """Read every credential of the tenant into one SQLite file; changes nothing."""
    outputs.for_snapshot(out)
    summary = asyncio.run(_scan(settings, out))
    data = _data(summary)
    emit(settings, _lines(summary, data), data)


async def _scan(settings: Settings, out: Path) -> ScanSummary:
    step = progress("scan")
    async with wiring.tenant(settings) as tenant:
        return await scan(
            tenant.directory,
            out,
            cloud=wiring.cloud_of(settings),
            progress=lambda name, count: step(f"{name} {count}"),
        )


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
        "credentials": credentials,
        "unreadable": summary.unreadable,
        "gaps": [f"{gap.subject}: {gap.text}" for gap in summary.gaps],
    }


def _lines(summary: ScanSummary, data: dict[str, Any]) -> list[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in data["credentials"].items())
    return [
        f"{summary.path}: tenant {summary.tenant_id}, {summary.applications} applications, "  # noqa: ISC004 - one line
        f"{summary.service_principals} service principals, {summary.identities} managed identities",
        f"  credentials: {kinds or 'none'}",
        *(f"  unknown: {gap}" for gap in data["gaps"]),
        *([f"  {summary.unreadable} objects could not be understood, see the notes"] if summary.unreadable else []),
        f"Next: {shlex.join(['unsecret', 'plan', str(summary.path)])}",
    ]
