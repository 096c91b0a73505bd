"""The journal that the common options name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrate.cli.options import Settings
from migrate.clock import SystemClock
from migrate.errors import JournalError
from migrate.journal import archive
from migrate.journal.database import shown
from migrate.journal.store import SqlJournal


@contextmanager
def journal(settings: Settings) -> Iterator[SqlJournal]:
    """Open the journal for as long as the block lasts."""
    opened = SqlJournal(settings.journal, SystemClock())
    try:
        yield opened
    finally:
        opened.close()


def check_chain(settings: Settings) -> None:
    """Refuse to rest something that cannot be undone on a journal that was changed; raises JournalError."""
    if not archive.verify(settings.journal, SystemClock()).sound:
        where = shown(settings.journal)
        raise JournalError(
            f"the journal {where} was changed behind its back, so that nothing is removed by it: "
            "unsecret journal verify says what is wrong"
        )
