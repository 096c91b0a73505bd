"""``unsecret plan SNAPSHOT``: pair applications with identities."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import click

from inventory import snapshot as snapshots
from inventory.explain.code import code_sites
from inventory.model import ClientId, Snapshot
from migrate import collector, planfile, policyfile
from migrate.cli import outputs
from migrate.cli.options import FILE, Settings, common
from migrate.cli.output import emit
from migrate.cli.policies import decisions as decided
from migrate.cli.policies import policy_option
from migrate.errors import PlanError, PolicyError
from migrate.model import Plan
from migrate.planning.decisions import Decisions
from migrate.planning.facts import CodeSite
from migrate.planning.plan import make_plan
from migrate.review.markdown import render
from reports.render import save

_SHOWN = 6
"""Waves that are told on the terminal."""


@click.command()
@click.argument("snapshot", type=FILE)
@click.option("--out", type=FILE, default=Path("plan.json"), show_default=True, help="Where the plan is written.")
@policy_option
@click.option("--code", type=FILE, multiple=True, help="Result of rewrite --format json; may be given again.")
@click.option("--markdown", is_flag=True, help="Write it for a pull request too, beside the plan: plan.md.")
@common
def command(
    *, settings: Settings, snapshot: Path, out: Path, policy: Path | None, code: tuple[Path, ...], markdown: bool
) -> None:
    """Pair applications with managed identities: the plan that people review."""
    inputs = (snapshot, *code, *((policy,) if policy else ()))
    outputs.for_plan(out, *inputs)
    page = _page(out, *inputs) if markdown else None
    decisions = decided(policy)
    sites = [site for path in code for site in _sites(path)]
    with collector.paused():
        taken = snapshots.read(snapshot)
        if settings.cloud not in {None, taken.cloud}:
            raise PlanError(f"{snapshot} is of the cloud {taken.cloud}, not of {settings.cloud}: leave --cloud out")
        plan = planfile.write(_planned(taken, decisions, sites, policy), out)
    if page is not None:
        save(render(plan).encode(), page)
    emit(settings, _lines(plan, out, page), _summary(plan, out) | {"markdown": str(page) if page else None})


def _page(out: Path, *inputs: Path) -> Path:
    """Return the place of the Markdown; refuse it before the plan is written, not after."""
    page = out.with_suffix(".md")
    outputs.for_report(page, "markdown", *inputs)
    if page == out:
        raise PlanError(f"{out} is where the Markdown would be written: give the plan a name that ends in .json")
    return page


def _planned(taken: Snapshot, decisions: Decisions, sites: list[CodeSite], policy: Path | None) -> Plan:
    try:
        return make_plan(taken, decisions, sites)
    except PolicyError as error:
        raise PolicyError(f"{policy or policyfile.NAME}: {error}") from None


def _sites(path: Path) -> tuple[CodeSite, ...]:
    found = code_sites(path)
    return tuple(CodeSite(client_id=ClientId(one.whose), path=one.path, line=one.line) for one in found if one.whose)


def _summary(plan: Plan, out: Path) -> dict[str, Any]:
    return {
        "plan": str(out),
        "digest": plan.digest,
        "paired": len(plan.pairings),
        "credentials": plan.credential_count,
        "refused": dict(sorted(Counter(refusal.code.value for refusal in plan.refusals).items())),
        "waves": [wave.applications for wave in plan.waves],
        "shared": len(plan.shared),
        "audit": dict(sorted(Counter(fault.code for fault in plan.audit).items())),
        "notes": list(plan.notes),
    }


def _waves(plan: Plan) -> list[str]:
    """Tell the first waves and the last one; the plan has them all."""
    shown = plan.waves if len(plan.waves) <= _SHOWN else (*plan.waves[: _SHOWN - 1], plan.waves[-1])
    return [
        f"  wave {each.number} ({each.name}): {each.applications} applications, risk left {each.risk_left}"
        + (f", from {each.start}" if each.start else "")
        for each in shown
    ]


def _lines(plan: Plan, out: Path, page: Path | None) -> list[str]:
    refused = Counter(refusal.code.value for refusal in plan.refusals)
    faults = Counter(fault.code for fault in plan.audit)
    return [
        f"{out}: {len(plan.pairings)} applications paired, {plan.credential_count} credentials to retire",
        *(f"  refused {count:5} {code}" for code, count in refused.most_common()),
        *_waves(plan),
        *(f"  {count} federated credentials: {code}" for code, count in sorted(faults.items())),
        *([f"  {len(plan.shared)} identities are shared: each of their hosts can act as all"] if plan.shared else []),
        *(f"  note: {note}" for note in plan.notes),
        f"Next: review {page or out}, then {shlex.join(['unsecret', 'federate', str(out)])}",
    ]
