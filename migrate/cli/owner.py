"""``unsecret owner``: write down that owners were told of a removal, and what they said."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from migrate import planuse
from migrate.cli import wiring
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, common, selection
from migrate.cli.output import emit
from migrate.model import Entry, Kind, Plan

_ANSWERS = {"told": None, "agreed": True, "refused": False}


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@click.option("--told", is_flag=True, help="They were told and have not answered; a no of before stands.")
@click.option("--agreed", is_flag=True, help="They agreed, also after a no.")
@click.option("--refused", is_flag=True, help="They said no: nothing of theirs is removed until they agree.")
@click.option("--note", default="", metavar="TEXT", help="Where it can be read: a ticket, a mail.")
@common
def command(
    *, settings: Settings, plan_file: Path, wave: int | None, app: str | None, note: str, **answers: bool
) -> None:
    """Write into the journal that the owners of PLAN's applications were told of a removal, and what they said.

    The tenant is not changed. The policy says whether this is needed: owner_days under [retire] of unsecret.toml.
    """
    given = [name for name in _ANSWERS if answers[name]]
    if len(given) != 1:
        raise click.UsageError("say one of --told, --agreed and --refused", click.get_current_context())
    answer = given[0]
    if app is None and wave is None:
        raise click.UsageError("say whose owners: --app ID or --wave N", click.get_current_context())
    with opened(settings, rests=False) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        targets = (planuse.abandoned(plan, journal, app) if app else ()) or planuse.select(plan, app=app, wave=wave)
        now = asyncio.run(_now(settings, plan))
        planuse.remember(plan, journal)
        for pairing in targets:
            data = {"answer": _ANSWERS[answer], "note": note, "tenant_time": now.isoformat()}
            client_id = pairing.application.client_id
            entry = Entry(kind=Kind.OWNER_TOLD, plan=plan.digest, application=client_id, subject=client_id, data=data)
            with journal.lease(client_id):
                journal.record(entry)
    rows = [{"application": each.application.display_name, "answer": answer} for each in targets]
    emit(settings, [f"{answer}  {row['application']}" for row in rows], rows)


async def _now(settings: Settings, plan: Plan) -> datetime:
    """Return the tenant's own time: a waiting time is counted by it."""
    async with wiring.tenant(settings, plan) as tenant:
        return await tenant.directory.now()
