"""``unsecret proof``: ask for proofs from a host that cannot reach the journal, and carry them to it."""

from __future__ import annotations

import secrets
import shlex
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import click

from inventory.model import ClientId
from migrate import planuse, rollout
from migrate.cli.journals import journal as opened
from migrate.cli.options import FILE, Settings, common, selection
from migrate.cli.output import emit
from migrate.clock import SystemClock
from migrate.entry import Entry, Kind
from migrate.errors import ProofError
from migrate.ports import Journal
from migrate.proofrequests import LONGEST
from migrate.proofs import Known, taken

_LARGEST = 1 << 28
_HOURS = LONGEST // timedelta(hours=1)


@click.group()
def command() -> None:
    """Ask for proofs from a host that cannot reach the journal, and carry them to it."""


@command.command()
@click.argument("plan_file", metavar="PLAN", type=FILE)
@selection
@common
def request(*, settings: Settings, plan_file: Path, wave: int | None, app: str | None) -> None:
    """Write into the journal that proofs of PLAN are asked for, and print the command to run on the host."""
    nonce = secrets.token_hex(16)
    with opened(settings, rests=False) as journal:
        plan = planuse.load(plan_file, journal, settings.cloud)
        pairings = planuse.select(plan, app=app, wave=wave)
        planuse.remember(plan, journal)
        data = {"applications": [each.application.client_id for each in pairings]}
        journal.record(Entry(kind=Kind.PROOF_REQUESTED, plan=plan.digest, subject=nonce, data=data))  # type: ignore[arg-type]
    chosen = [*(["--app", app] if app else []), *(["--wave", str(wave)] if wave else [])]
    there = ["unsecret", "verify", str(plan_file), *chosen, "--nonce", nonce, "--proof-out", "proof.json"]
    told = {"nonce": nonce, "applications": len(pairings), "command": shlex.join(there)}
    emit(settings, [f"{len(pairings)} applications; on the host: {told['command']}"], told)


@command.command(name="import")
@click.argument("path", metavar="FILE", type=FILE)
@click.option(
    "--hours",
    type=click.IntRange(1, _HOURS),
    default=24,
    show_default=True,
    help="Longest age of the request.",
)
@common
def import_(*, settings: Settings, path: Path, hours: int) -> int:
    """Carry the proofs of FILE into the journal, once; exit code 1 where one of them is a failure.

    Refused is what answers no request of this journal, or one that was answered or is too old, and another plan's.
    """
    content = _read(path)
    with opened(settings, rests=False) as journal, ExitStack() as leases:
        now, longest = SystemClock().now(), timedelta(hours=hours)
        try:
            nonce, entries = taken(content, _known(journal), now, longest)
        except ProofError as error:
            raise ProofError(f"{path}: {error}") from error
        for client_id in sorted({each.application for each in entries if each.application}):
            leases.enter_context(journal.lease(client_id))
        leases.enter_context(journal.lease(ClientId(f"proof {nonce}")))
        taken(content, _known(journal), now, longest)  # somebody else may have been quicker
        used = Entry(kind=Kind.PROOF_IMPORTED, plan=entries[0].plan if entries else "", subject=nonce)
        journal.record_together((used, *entries))  # successes must not stay without the failure after them
    good = sum(each.kind is Kind.PROVEN for each in entries)
    told = {"nonce": nonce, "proven": good, "failed": len(entries) - good}
    emit(settings, [f"{good} exchanges worked, {len(entries) - good} failed"], told)
    return 0 if good == len(entries) and entries else 1


def _known(journal: Journal) -> Known:
    entries = journal.entries(kinds=(Kind.PLAN, Kind.PROOF_REQUESTED, Kind.PROOF_IMPORTED, Kind.PROOF_FAILED))
    plans = [each for each in entries if each.kind is Kind.PLAN]
    return Known(
        plan=plans[-1].plan if plans else "",
        tenant=str(plans[-1].data["tenant"]) if plans else "",
        pairings=rollout.planned(entries),
        requests=tuple(each for each in entries if each.kind is Kind.PROOF_REQUESTED),
        imported=frozenset(each.subject for each in entries if each.kind is Kind.PROOF_IMPORTED),
        failed={
            each.application: each.at
            for each in entries
            if each.kind is Kind.PROOF_FAILED and each.application and each.at
        },
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise ProofError(f"cannot read {path}: {error.strerror}; name a file of verify --proof-out") from error
