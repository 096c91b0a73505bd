"""``unsecret plan diff``: what changed between two plans, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from migrate import planfile
from migrate.cli.options import FILE, verbose
from migrate.errors import PlanError
from migrate.model import Plan
from migrate.review import told
from migrate.review.changes import PlanChanges, compare
from reports.text import json_visible, visible

_FORMATS = click.Choice(["text", "json", "markdown"])


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--format", "output", type=_FORMATS, default="text", show_default=True)
@verbose
def command(*, old: Path, new: Path, output: str) -> int:
    """Say what changed from the plan OLD to NEW, and why; exit code 1 when they decide anything differently.

    Another snapshot or policy alone is no difference: whoever has reviewed OLD has nothing new to review then.
    """
    before, after = planfile.read(old), planfile.read(new)
    if before.tenant_id != after.tenant_id:
        raise PlanError(
            f"{old} is of tenant {before.tenant_id}, {new} of {after.tenant_id}: compare plans of one tenant"
        )
    changes = compare(before, after)
    if output == "json":
        data = _data(before, after, changes)
        click.echo(json_visible(msgspec.json.format(msgspec.json.encode(data), indent=2)).decode())
    elif output == "markdown":
        click.echo(told.markdown(changes), nl=False)
    else:
        for line in told.text(changes):
            click.echo(visible(line))
    return 0 if changes.same else 1


def _data(old: Plan, new: Plan, changes: PlanChanges) -> dict[str, Any]:
    plans = {"old": old.digest, "new": new.digest}
    return {"same": changes.same, "plans": plans, **msgspec.to_builtins(changes)}
