"""``unsecret journal``: check, export and copy what was recorded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, assert_never

import click

from migrate.cli import outputs
from migrate.cli.options import FILE, Settings, common, journal_address
from migrate.cli.output import emit
from migrate.clock import SystemClock
from migrate.journal import archive, chain
from migrate.journal.database import shown

_HASH = re.compile(r"[0-9a-f]{64}")


@click.group()
def command() -> None:
    """Check, export and copy the journal: what was meant, done and seen."""


def _anchor(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _HASH.fullmatch(value.lower()):
        raise click.BadParameter("it is no hash of an entry: 64 hexadecimal digits")
    return value.lower() if value else None


@command.command()
@click.argument("file", type=FILE, required=False)
@click.option(
    "--anchor", metavar="HASH", callback=_anchor, help="Head that was noted earlier; its entry must still be there."
)
@common
def verify(*, settings: Settings, file: Path | None, anchor: str | None) -> int:
    """Check the hash chain of the journal, or of FILE, exported or a database; exit code 1 where it does not hold.

    A journal whose end was cut off looks whole: only the head that was noted earlier, given as --anchor, tells.
    """
    clock = SystemClock()
    if file and not outputs.is_database(file):
        audit = archive.verify_file(file, anchor)
    else:
        audit = archive.verify(f"sqlite:///{file}" if file else settings.journal, clock, anchor)
    emit(settings, _lines(audit, str(file or shown(settings.journal))), _data(audit))
    return 0 if audit.sound else 1


@command.command()
@click.option("--out", type=FILE, required=True, help="Where the JSON lines are written.")
@common
def export(*, settings: Settings, out: Path) -> None:
    """Write the journal as JSON lines with their hashes, which `journal verify FILE` checks offline."""
    outputs.for_journal(out)
    header = archive.export(settings.journal, SystemClock(), out)
    data = {"file": str(out), "journal": header.journal, "entries": header.entries, "head": header.head}
    emit(settings, [f"{out}: {header.entries} entries of journal {header.journal}", f"head: {header.head}"], data)


@command.command()
@click.argument("source", metavar="FROM", callback=journal_address)
@click.argument("target", metavar="TO", callback=journal_address)
@common
def copy(*, settings: Settings, source: str, target: str) -> None:
    """Copy the journal FROM into the empty database TO, files or database URLs, with its ids and hashes.

    From then on, record to TO alone: two copies that both go on are two journals.
    """
    header = archive.copy(source, target, SystemClock())
    data = {"from": shown(source), "to": shown(target), "entries": header.entries, "head": header.head}
    emit(settings, [f"{shown(target)}: {header.entries} entries", f"head: {header.head}"], data)


def _lines(audit: archive.Audit, where: str) -> list[str]:
    lines = []
    match audit.verdict:
        case chain.Sound(entries=entries, head=head):
            lines += [f"{where}: {entries} entries, the chain holds", f"head: {head}"]
        case chain.Broken(number=0, how=how):
            lines.append(f"{where}: NOT SOUND: {how}")
        case chain.Broken(number=number, how=how):
            lines.append(f"{where}: NOT SOUND at entry {number}: {how}")
        case _:
            assert_never(audit.verdict)
    if audit.unprotected:
        lines.append(f"entries up to {audit.unprotected} are older than the chain: changes before it are not found")
    return [*lines, *(f"{where}: NOT SOUND: the trigger {name} is missing" for name in audit.unguarded)]


def _data(audit: archive.Audit) -> dict[str, Any]:
    data = {"journal": audit.journal, "sound": audit.sound, "unprotected": audit.unprotected}
    data |= {"triggers_missing": list(audit.unguarded)}
    if isinstance(audit.verdict, chain.Broken):
        return {**data, "entry": audit.verdict.number, "how": audit.verdict.how}
    return {**data, "entries": audit.verdict.entries, "head": audit.verdict.head}
