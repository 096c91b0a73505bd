"""``unsecret guard``: what appeared since credentials were removed, and which seal was undone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

import click

from inventory.model import TenantId
from migrate import planfile, planuse, rollout
from migrate.cli import wiring
from migrate.cli.journals import check_begun
from migrate.cli.journals import journal as opened
from migrate.cli.options import Settings, common
from migrate.cli.output import emit, progress
from migrate.entry import Entry
from migrate.errors import PlanError
from migrate.guard import Found, Guard, Guarded, Intact, Unclear, Ward, wards
from migrate.model import Plan, Target

_SQLITE = b"SQLite format 3\x00"


@click.command()
@click.argument("source", metavar="PLAN_OR_JOURNAL")
@common
def command(*, settings: Settings, source: str) -> int:
    """Report what appeared on applications since their credentials were removed, and seals that were undone.

    Reads only; to be run every day. With a plan its applications are looked at, with a journal (file or URL) those of
    every plan in it. Exit code 0: nothing; 1: something was found; 2: something could not be read.
    """
    plan, settings = _source(source, settings)
    with opened(settings) as journal:
        check_begun(settings, journal)
        entries = journal.entries()
        known: tuple[Target, ...] = (*plan.pairings, *planuse.abandoned(plan, journal)) if plan else ()
    results, count = asyncio.run(_guard(settings, plan, known, entries))
    emit(settings, _lines(results, count), [_row(each) for each in results if not isinstance(each, Intact)])
    if any(isinstance(each, Found) for each in results):
        return 1
    return 2 if any(isinstance(each, Unclear) for each in results) else 0


def _source(source: str, settings: Settings) -> tuple[Plan | None, Settings]:
    """Tell a plan from a journal; the journal that is named takes the place of ``--journal``."""
    if "://" in source:
        return None, replace(settings, journal=source)
    path = Path(source)
    try:
        with path.open("rb") as file:
            is_journal = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise PlanError(f"cannot read {source}: {error.strerror}; give a plan or a journal") from error
    if is_journal:
        return None, replace(settings, journal=f"sqlite:///{path.absolute()}")
    return planfile.read(path), settings


async def _guard(
    settings: Settings, plan: Plan | None, known: tuple[Target, ...], entries: tuple[Entry, ...]
) -> tuple[tuple[Guarded, ...], int]:  # fmt: skip
    async with wiring.tenant(settings, plan) as tenant:
        targets = known if plan else _targets(entries, await tenant.directory.tenant())
        some: tuple[Ward, ...] = wards(targets, entries)
        guard = Guard(directory=tenant.directory, policies=tenant.seals)
        return await guard.run(some, progress=progress("guard")), len(some)


def _targets(entries: Iterable[Entry], tenant: TenantId) -> tuple[Target, ...]:
    """Return whatever may lose credentials by every plan for a tenant that was used with the journal, oldest first."""
    found = rollout.all_planned(entries, tenant)
    if found is None:
        raise PlanError(
            f"the journal knows no plan for tenant {tenant}, which the credentials sign in to: give --tenant, or use "
            "the right journal"
        )
    return found


def _row(result: Guarded) -> dict[str, Any]:
    application = result.pairing.application
    row: dict[str, Any] = {"application": application.display_name, "client_id": application.client_id}
    match result:
        case Found(alarm=alarm, text=text, subject=subject, at=at, owners=owners):
            told = {"result": alarm.value, "message": text, "subject": subject}
            when = at.isoformat() if at else None
            return row | told | {"since": when, "owners": None if owners is None else [*owners]} | _added(result)
        case Unclear(text=text):
            return row | {"result": "unknown", "message": text}
        case Intact():
            return row | {"result": "intact"}
        case _:
            assert_never(result)


def _added(found: Found) -> dict[str, Any]:
    """Return who added a credential, or why that is unknown; nothing where no credential was found."""
    if not found.added:
        return {}
    if isinstance(found.added, str):
        return {"added": None, "added_by": None, "added_unknown": found.added}
    return {"added": found.added.at.isoformat(), "added_by": found.added.by or None, "added_unknown": ""}


def _lines(results: tuple[Guarded, ...], count: int) -> list[str]:
    rows = [_row(each) for each in results if not isinstance(each, Intact)]
    lines = [line for row in rows for line in _of_one(row)]
    counts = Counter(row["result"] for row in rows)
    told = ", ".join(f"{number} {word}" for word, number in sorted(counts.items())) or "nothing found"
    return [*lines, f"{count} applications that lost credentials: {told}"]


def _of_one(row: dict[str, Any]) -> list[str]:
    lines = [f"  {row['result']}  {row['application']}: {row['message']}"]
    if row["result"] == "unknown":
        return lines
    owners = row["owners"]
    told = "unknown" if owners is None else ", ".join(owners) or "none"
    since = f"valid since {row['since'][:16].replace('T', ' ')} UTC; " if row["since"] else ""
    return [*lines, *_adder(row), f"        {since}owners: {told}"]


def _adder(row: dict[str, Any]) -> list[str]:
    if "added" not in row:
        return []
    if row["added"] is None:
        return [f"        who added it is unknown: {row['added_unknown']}"]
    by = row["added_by"] or "somebody whom the log does not name"
    return [f"        added {row['added'][:16].replace('T', ' ')} UTC by {by}"]
