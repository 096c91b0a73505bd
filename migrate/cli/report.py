"""``unsecret report``: render a snapshot, plan or journal."""

from __future__ import annotations

from pathlib import Path

import click

from inventory import report as inventory_report
from inventory import snapshot as snapshots
from migrate import planfile
from migrate import report as migrate_report
from migrate.cli import outputs
from migrate.cli.journals import check_chain
from migrate.cli.options import FILE, verbose
from migrate.clock import SystemClock
from migrate.entry import Entry
from migrate.errors import JournalError
from migrate.journal.store import SqlJournal
from reports.model import Document
from reports.render import write

_SQLITE = b"SQLite format 3\x00"
_PROGRAMS = frozenset({"csv", "json"})
"""Formats that nobody reads row by row: they have all rows."""


@click.command()
@click.argument("sources", type=FILE, nargs=-1, required=True)
@click.option(
    "--format", "name", type=click.Choice(["html", "json", "csv", "markdown"]), default="html", show_default=True
)
@click.option("--out", type=FILE, required=True, help="Where the report is written.")
@verbose
def command(*, sources: tuple[Path, ...], name: str, out: Path) -> None:
    """Render SOURCES as one file: a snapshot, a plan or a journal, or the snapshots of several tenants."""
    if len(sources) > 1:
        _check_alone(sources)
    documents = [_document(source, name) for source in sources]
    outputs.for_report(out, name, *sources)
    write(documents[0] if len(documents) == 1 else inventory_report.together(documents), name, out)
    click.echo(f"{out}: {name} report of {', '.join(map(str, sources))}")


def _document(source: Path, name: str) -> Document:
    try:
        with source.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise JournalError(f"cannot read {source}: {error.strerror}; give a snapshot, a plan or a journal") from error
    if not is_database:
        return migrate_report.plan_document(planfile.read(source))
    if snapshots.is_snapshot(source):
        return inventory_report.document(source, limit=None if name in _PROGRAMS else inventory_report.LIMIT)
    return migrate_report.journal_document(_entries(source))


def _entries(source: Path) -> tuple[Entry, ...]:
    """Read a journal; raises JournalError for any other SQLite file, in words that fit this command."""
    try:
        journal = SqlJournal(f"sqlite:///{source.absolute()}", SystemClock())
        try:
            entries = journal.entries()
        finally:
            journal.close()
    except JournalError as error:
        raise JournalError(f"{source} is neither a snapshot nor a journal, or is damaged; give another file") from error
    if not entries:
        raise JournalError(f"{source} is no snapshot, and a journal without entries at most: nothing to report")
    check_chain(f"sqlite:///{source.absolute()}")
    return entries


def _check_alone(sources: tuple[Path, ...]) -> None:
    """Refuse several sources that are not the snapshots of several tenants."""
    other = next((each for each in sources if not snapshots.is_snapshot(each)), None)
    if other is not None:
        raise click.UsageError(f"{other} is no snapshot: only snapshots are reported on together")
    tenants: dict[str, Path] = {}
    for source in sources:
        tenant = snapshots.header(source).tenant_id
        if tenant in tenants:
            raise click.UsageError(
                f"{tenants[tenant]} and {source} are of one tenant ({tenant}): give one snapshot of each tenant, or "
                "compare the two with 'unsecret snapshot diff'"
            )
        tenants[tenant] = source
