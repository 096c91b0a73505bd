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
def journal(settings: Settings, *, rests: bool = True) -> Iterator[SqlJournal]:
    """Open the journal for as long as the block lasts; its chain is followed first, once in a command.

    What a command does, tells or lets others do may not rest on a journal that was changed behind its back: it is
    refused before the tenant is asked anything (JournalError). ``rests=False`` is for those that only add facts or
    only show what is there.
    """
    if rests:
        check_chain(settings.journal)
    opened = SqlJournal(settings.journal, SystemClock())
    try:
        yield opened
    finally:
        opened.close()


def check_begun(settings: Settings, opened: SqlJournal) -> None:
    """Refuse to call quiet what a journal without an entry knows nothing of; raises JournalError."""
    if not opened.entries():
        raise JournalError(
            f"nothing stands in the journal {shown(settings.journal)}: give the one that the rollout is written to "
            "with --journal"
        )


def wrong(url: str) -> str:
    """Say what is wrong with a journal, or nothing; raises JournalError where it cannot be read."""
    return archive.wrong(url, SystemClock())


def check_chain(url: str) -> None:
    """Refuse to rest anything on a journal that was changed behind its back; raises JournalError."""
    if how := wrong(url):
        raise JournalError(
            f"the journal {shown(url)} was changed behind its back ({how}), so that nothing may rest on it: look with "
            "unsecret journal verify, and go on with a copy from before"
        )
