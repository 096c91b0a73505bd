"""The difference of two plans, told: lines for a terminal, Markdown for a pull request. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from migrate.review.changes import BlockChange, Field, PlanChanges
from migrate.review.text import name, safe, shown


def text(changes: PlanChanges) -> Iterator[str]:
    """Yield lines: the causes, one block for each application, the rest, and the count."""
    yield from _causes(changes)
    for one in changes.blocks:
        sign = "+" if one.old is None else "-" if one.new is None else "~"
        yield f"{sign} {shown(one.application.display_name)} ({one.application.client_id}): {_states(one)}"
        yield from (f"    {_said(field)}" for field in one.fields)
        for evidence in one.evidence:
            yield f"    evidence for {shown(evidence.identity)} ({evidence.principal_id})"
            yield from (f"      gone: {reason}" for reason in evidence.gone)
            yield from (f"      new: {reason}" for reason in evidence.new)
    yield from (f"~ {_said(field)}" for field in changes.rest)
    yield summary(changes)


def summary(changes: PlanChanges) -> str:
    """Return the count of what differs in one line."""
    if changes.same:
        return "the plans decide the same"
    counts = Counter(_kind(one) for one in changes.blocks)
    told = [f"{counts[kind]} {kind}" for kind in ("added", "removed", "paired now", "refused now", "changed")]
    if changes.rest:
        told.append(f"{len(changes.rest)} beside the applications")
    return ", ".join(one for one in told if not one.startswith("0 "))


def _kind(one: BlockChange) -> str:
    if one.old is None:
        return "added"
    if one.new is None:
        return "removed"
    if one.old == one.new or "paired" not in {one.old, one.new}:
        return "changed"
    return "paired now" if one.new == "paired" else "refused now"


def _states(one: BlockChange) -> str:
    if one.old == one.new:
        return one.new or ""
    return f"{one.old or 'not in the plan'} -> {one.new or 'not in the plan'}"


def _causes(changes: PlanChanges) -> Iterator[str]:
    if changes.snapshot:
        yield f"another snapshot: {_digests(changes.snapshot)}"
    if changes.policy:
        yield f"other decisions (unsecret.toml): {_digests(changes.policy)}"
    if not changes.same and not changes.snapshot and not changes.policy:
        yield "the same snapshot and decisions: other code results (--code), or another version of unsecret"


def _digests(field: Field) -> str:
    return " -> ".join((one or "none")[:12] for one in (field.old, field.new))


def _said(field: Field) -> str:
    return f"{field.name}: {field.old or 'none'} -> {field.new or 'none'}"


def markdown(changes: PlanChanges) -> str:
    """Return the whole difference as Markdown; names are escaped and cut."""
    lines = ["# What changed in the plan", "", safe(summary(changes)).capitalize() + ".", ""]
    lines += [f"- {safe(cause)}" for cause in _causes(changes)]
    for one in changes.blocks:
        lines += ["", f"## {name(one.application.display_name)}: {_states(one).replace('->', '→')}", ""]
        lines += [f"- Client id {safe(one.application.client_id)}"]
        lines += [f"- {safe(_said(field))}" for field in one.fields]
        for evidence in one.evidence:
            lines += [f"- Evidence for {name(evidence.identity)} ({safe(evidence.principal_id)}):"]
            lines += [f"  - gone: {safe(reason)}" for reason in evidence.gone]
            lines += [f"  - new: {safe(reason)}" for reason in evidence.new]
    if changes.rest:
        lines += ["", "## Beside the applications", "", *(f"- {safe(_said(field))}" for field in changes.rest)]
    return "\n".join(lines) + "\n"
