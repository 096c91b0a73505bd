"""``unsecret revert`` for an application that was deactivated: it is set to what it was before."""

from __future__ import annotations

import asyncio
from typing import Any

from migrate import planuse
from migrate.circumstances import RetirePolicy
from migrate.cli import wiring
from migrate.cli.freezing import Calendar
from migrate.cli.interrupts import patient
from migrate.cli.options import Settings
from migrate.cli.output import again, emit
from migrate.deactivation import Activated, Activation, NotActivated, NothingToActivate
from migrate.journal.store import SqlJournal
from migrate.model import Abandoned, Plan


def run(
    settings: Settings, plan: Plan, unused: Abandoned, journal: SqlJournal, *, calendar: Calendar, apply: bool
) -> int:  # fmt: skip
    """Activate an application again, or say that it would be, and return the exit code."""
    result = asyncio.run(_activate(settings, plan, unused, journal, calendar=calendar, apply=apply))
    name = unused.application.display_name
    row: dict[str, Any] = {"application": name, "client_id": unused.application.client_id}
    match result:
        case None:
            lines = [f"  would revert  activate {name}", f"Dry run. To take it back: {again()}"]
            row |= {"result": "would revert"}
        case Activated(found=found):
            lines = [f"  reverted  {name} is active" + (": somebody had activated it already" if found else " again")]
            row |= {"result": "reverted"}
        case NothingToActivate(message=message):
            lines = [f"  refused  {name}: {message}"]
            row |= {"result": "refused", "message": message}
        case NotActivated(message=message):
            lines = [f"  FAILED  {name}: {message}"]
            row |= {"result": "not reverted", "message": message}
    emit(settings, lines, row)
    return 1 if isinstance(result, NothingToActivate | NotActivated) else 0


async def _activate(
    settings: Settings, plan: Plan, unused: Abandoned, journal: SqlJournal, *, calendar: Calendar, apply: bool
) -> Activation | None:
    async with wiring.tenant(settings, plan) as tenant:
        if apply:
            await calendar.check(plan, tenant.directory, journal)
            planuse.remember(plan, journal)
        with patient():
            return await wiring.deactivator(tenant, plan, journal, RetirePolicy()).activate(unused, apply=apply)
