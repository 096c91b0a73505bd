"""``unsecret plan``: pair applications with identities."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import click

from inventory import snapshot as snapshots
from migrate import planfile
from migrate.cli import outputs
from migrate.cli.options import FILE, Settings, common
from migrate.cli.output import emit
from migrate.errors import PlanError
from migrate.model import Plan
from migrate.planning.plan import make_plan


@click.command()
@click.argument("snapshot", type=FILE)
@click.option("--out", type=FILE, default=Path("plan.json"), show_default=True, help="Where the plan is written.")
@common
def command(*, settings: Settings, snapshot: Path, out: Path) -> None:
    """Pair applications with managed identities: the plan that people review."""
    outputs.for_plan(out, snapshot)
    taken = snapshots.read(snapshot)
    if settings.cloud not in {None, taken.cloud}:
        raise PlanError(f"{snapshot} is of the cloud {taken.cloud}, not of {settings.cloud}: leave --cloud out")
    plan = planfile.seal(make_plan(taken))
    planfile.write(plan, out)
    summary = _summary(plan, out)
    emit(settings, _lines(plan, out), summary)


def _summary(plan: Plan, out: Path) -> dict[str, Any]:
    return {
        "plan": str(out),
        "digest": plan.digest,
        "paired": len(plan.pairings),
        "credentials": plan.credential_count,
        "refused": dict(sorted(Counter(refusal.code.value for refusal in plan.refusals).items())),
    }


def _lines(plan: Plan, out: Path) -> list[str]:
    refused = Counter(refusal.code.value for refusal in plan.refusals)
    return [
        f"{out}: {len(plan.pairings)} applications paired, {plan.credential_count} credentials to retire",
        *(f"  refused {count:5} {code}" for code, count in refused.most_common()),
        f"Next: review {out}, then {shlex.join(['unsecret', 'federate', str(out)])}",
    ]
