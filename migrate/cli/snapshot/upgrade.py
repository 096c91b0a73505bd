"""``unsecret snapshot upgrade``: a copy of an old snapshot in the present version."""

from __future__ import annotations

from pathlib import Path

import click

from inventory.snapshot import header, upgrade
from migrate.cli import outputs
from migrate.cli.options import FILE, Settings, reading
from migrate.cli.output import emit
from migrate.errors import OutputError


@click.command()
@click.argument("snapshot", type=FILE)
@click.option("--out", type=FILE, required=True, help="Where the copy is written.")
@reading
def command(*, settings: Settings, snapshot: Path, out: Path) -> None:
    """Make a copy of SNAPSHOT, which an older unsecret made, that this version reads; SNAPSHOT stays as it is."""
    if out.exists() and snapshot.exists() and out.samefile(snapshot):
        raise OutputError(f"{out} would be replaced, and it is the snapshot itself; choose another --out")
    outputs.for_snapshot(out)
    upgrade(snapshot, out)
    of = header(out)
    data = {"snapshot": str(out), "tenant": of.tenant_id, "taken_at": of.taken_at.isoformat(), "digest": of.digest}
    emit(settings, [f"{out}: tenant {of.tenant_id}, taken {of.taken_at:%Y-%m-%d %H:%M}"], data)
