"""What a demonstration tells: results of commands in, lines out. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]

_REASONS_SHOWN = 4


def scanned(result: Row) -> list[str]:
    """Tell what the scan found."""
    counts = result["credentials"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return [
        (
            f"scan      {result['applications']} applications, {result['service_principals']} service principals, "
            f"{result['identities']} user-assigned identities"
        ),
        f"          credentials: {kinds}",
    ]


def planned(result: Row) -> list[str]:
    """Tell what was paired, and what was refused and why."""
    refused: Counter[str] = Counter(result["refused"])
    lines = [
        (
            f"plan      {result['paired']} applications paired, {result['credentials']} credentials to retire; "
            f"{refused.total()} applications refused:"
        )
    ]
    return lines + [f"          {count:5} {code}" for code, count in refused.most_common()]


def federated(rows: Iterable[Row]) -> list[str]:
    """Tell which federated credentials are there now."""
    counts = Counter(row["result"] for row in rows)
    return [f"federate  {counts['created']} federated credentials created, {counts['present']} there before"]


def rewritten(result: Row) -> list[str]:
    """Tell what the codemods did, and what they left and why."""
    left = [site for site in result["sites"] if site["result"] == "reported"]
    done = [site for site in result["sites"] if site["result"] == "rewritten"]
    return [
        f"rewrite   {len(done)} sign-ins rewritten in {len({site['path'] for site in done})} files"
        + (f"; {len(left)} left alone:" if left else ""),
        *(f"          {site['path']}:{site['line']} {site['reason']}: {site['message']}" for site in left),
    ]


def verified(rows: Iterable[Row]) -> list[str]:
    """Tell which exchanges work."""
    rows = list(rows)
    failed = [row for row in rows if row["result"] != "proven"]
    lines = [f"verify    {len(rows) - len(failed)} of {len(rows)} pairings exchange a managed identity token"]
    return lines + [f"          {row['application']}: {row['message']}" for row in failed[:_REASONS_SHOWN]]


def retired(rows: Iterable[Row], *, dry_run: bool) -> list[str]:
    """Tell what was removed and what the gates hold."""
    rows = list(rows)
    counts = Counter(row["result"] for row in rows)
    gates = Counter(gate["gate"] for row in rows for gate in row.get("gates", ()))
    done = f"{counts['would retire']} would be removed" if dry_run else f"{counts['retired']} removed and read back"
    lines = [f"retire    {done}, {counts['held']} held by gates" + (":" if gates else "")]
    for gate, count in gates.most_common():
        example = next(each for row in rows for each in row.get("gates", ()) if each["gate"] == gate)
        lines.append(f"          {count:5} {gate}: {textwrap.shorten(example['because'], 100, placeholder=' ...')}")
    return lines


def waits(row: Row) -> bool:
    """Tell whether a credential is held for nothing but that another one goes first."""
    return {gate["gate"] for gate in row.get("gates", ())} == {"wave-order"}


def counted(rows: Iterable[Row]) -> str:
    """Tell how many credentials of a wave went and how many stay."""
    counts = Counter(row["result"] for row in rows)
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "nothing to retire"


def watched(rows: Iterable[Row]) -> list[str]:
    """Tell how the applications fare without what was removed."""
    rows = list(rows)
    counts = Counter(row["result"] for row in rows)
    lines = [f"watch     {counts['quiet']} of {len(rows)} applications are quiet since"]
    return (
        lines
        + [f"          {row['application']}: {row['message']}" for row in rows if "message" in row][:_REASONS_SHOWN]
    )


def sealed(rows: Iterable[Row], found: Iterable[Row]) -> list[str]:
    """Tell which applications take no new secret any more, and what appeared since."""
    rows, found = list(rows), list(found)
    counts = Counter(row["result"] for row in rows)
    lines = [f"seal      {counts['sealed']} applications take no new secret, {counts['not yet']} are not that far"]
    failed = (row for row in rows if row["result"] in {"refused", "not sealed"})
    lines += [f"          {row['application']}: {row['message']}" for row in failed]
    told = [f"          {row['application']}: {row['message']}" for row in found[:_REASONS_SHOWN]]
    return [*lines, f"guard     {len(found) or 'no'} credential or change since", *told]


def summary(rows: Iterable[Row], *, working: int, services: int) -> str:
    """Return the last line of the story."""
    counts = Counter(row["result"] for row in rows)
    return (
        f"retired {counts['retired']} of {counts.total()} credentials; {counts['held']} held by gates; "
        f"{working} of {services} services run on federated credentials"
    )
