"""``unsecret owner``: write down that owners were told of a removal, and what they said."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from inventory.model import ClientId
from migrate import concurrency, planuse
from migrate.cli import wiring
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, common, selection
from migrate.cli.output import emit
from migrate.entry import Entry, Json, Kind
from migrate.model import Plan, Target

_ANSWERS = {"told": None, "agreed": True, "refused": False}
_AT_ONCE = 8


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
        now, owners = asyncio.run(_owned(settings, plan, targets))
        planuse.remember(plan, journal)
        for pairing in targets:
            client_id = pairing.application.client_id
            data: dict[str, Json] = {
                "answer": _ANSWERS[answer], "note": note, "owners": owners[client_id], "tenant_time": now.isoformat()
            }  # fmt: skip
            entry = Entry(kind=Kind.OWNER_TOLD, plan=plan.digest, application=client_id, subject=client_id, data=data)
            with journal.lease(client_id):
                journal.record(entry)
    rows = [{"application": each.application.display_name, "answer": answer} for each in targets]
    emit(settings, [f"{answer}  {row['application']}" for row in rows], rows)


async def _owned(
    settings: Settings, plan: Plan, targets: tuple[Target, ...]
) -> tuple[datetime, dict[ClientId, Json]]:  # fmt: skip
    """Return the tenant's own time, by which a waiting time is counted, and who owns each application at it."""
    async with wiring.tenant(settings, plan) as tenant:

        async def owners(target: Target) -> Json:
            found = await tenant.directory.application(target.application.id, federated=False)
            return None if found is None or found.owners is None else [each.object_id for each in found.owners]

        found = await concurrency.each(targets, owners, at_once=_AT_ONCE)
        told = {each.application.client_id: one for each, one in zip(targets, found, strict=True)}
        return await tenant.directory.now(), told
