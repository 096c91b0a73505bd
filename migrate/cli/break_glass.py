"""``unsecret break-glass``: a short-lived new secret for an application whose removal went wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, assert_never

import click

from migrate import planuse
from migrate.breakglass import Glass, GlassBreaker, Made, NotMade, Present, WouldMake
from migrate.circumstances import RetirePolicy
from migrate.cli import wiring
from migrate.cli.interrupts import patient
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, apply_option, common
from migrate.cli.output import again, emit
from migrate.cli.policies import policy_option, retirement
from migrate.clock import SystemClock
from migrate.glass import LONGEST_HOURS
from migrate.journal.store import SqlJournal
from migrate.model import Plan, Target
from migrate.vault_writer import vault_issuer


@click.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@click.option("--app", metavar="ID", required=True, help="The application, by its client id.")
@click.option(
    "--valid-for",
    "hours",
    type=click.IntRange(1, LONGEST_HOURS),
    metavar="HOURS",
    help=f"How long it lives, {LONGEST_HOURS} hours at most; the default is the policy's, or 24.",
)
@policy_option
@apply_option
@common
def command(
    *, settings: Settings, plan_file: Path, app: str, hours: int | None, policy: Path | None, apply: bool
) -> int:
    """Give an application of PLAN a short-lived new secret, put straight into a key vault; dry run without --apply.

    For one whose credentials were removed and that needs one after all. The vault is named under [break_glass] of
    unsecret.toml. The text of the secret is shown nowhere; it ends by itself. PLAN may be an overtaken one.
    """
    plan = planuse.read(plan_file, settings.cloud)
    rules = retirement(policy, plan_file, plan)
    wanted = hours or (rules.break_glass.hours if rules.break_glass else LONGEST_HOURS)
    with opened(settings) as journal:
        target = (planuse.abandoned(plan, journal, app) or planuse.select(plan, app=app))[0]
        result = asyncio.run(_break(settings, plan, target, journal, rules, hours=wanted, apply=apply))
    emit(settings, _lines(result), _row(result))
    return 2 if isinstance(result, NotMade) else 0


async def _break(
    settings: Settings, plan: Plan, target: Target, journal: SqlJournal, rules: RetirePolicy, *, hours: int,
    apply: bool,
) -> Glass:  # fmt: skip
    async with wiring.tenant(settings, plan) as tenant, vault_issuer(tenant.connection, tenant.settings) as issuer:
        breaker = GlassBreaker(
            plan=plan, directory=tenant.directory, writer=tenant.writer, issuer=issuer, journal=journal,
            clock=SystemClock(), rules=rules,
        )  # fmt: skip
        with patient():  # a secret that was made must reach the vault
            return await breaker.run(target, hours=hours, apply=apply)


def _row(result: Glass) -> dict[str, Any]:
    application = result.pairing.application
    row: dict[str, Any] = {"application": application.display_name, "client_id": application.client_id}
    match result:
        case Made(secret=secret, settled=settled) | Present(secret=secret, settled=settled):
            where = {"vault": secret.place.vault, "name": secret.place.name, "version": secret.version}
            word = "made" if isinstance(result, Made) else "present"
            told = {"key_id": secret.key_id, "until": secret.until.isoformat(), "settled": list(settled)}
            return row | {"result": word, **told, **where}
        case WouldMake(place=place, until=until, left=left):
            where = {"vault": place.vault, "name": place.name}
            return row | {"result": "would make", "until": until.isoformat(), "left": list(left), **where}
        case NotMade(message=message, settled=settled):
            return row | {"result": "not made", "message": message, "settled": list(settled)}
        case _:
            assert_never(result)


def _lines(result: Glass) -> list[str]:
    name = result.pairing.application.display_name
    match result:
        case Made(secret=secret, settled=settled):
            now = "hand its caller that address, not the text; it may take seconds until it signs in"
            return [*_settled(settled), f"made  {name}: {secret}", f"  {now}"]
        case Present(secret=secret, settled=settled):
            return [*_settled(settled), f"present  {name}: {secret}; nothing was made"]
        case WouldMake(place=place, until=until, left=left):
            return [
                *(f"  would settle  {each}" for each in left),
                f"would make  {name}: a secret until {until:%Y-%m-%d %H:%M} UTC, in {place}",
                "  the vault can be read; whether it can be written shows with --apply, before a secret is made",
                f"Dry run. To make it: {again()}",
            ]
        case NotMade(message=message, settled=settled):
            return [*_settled(settled), f"FAILED  {name}: {message}"]
        case _:
            assert_never(result)


def _settled(settled: tuple[str, ...]) -> list[str]:
    return [f"  settled  {each}" for each in settled]
