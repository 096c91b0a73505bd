"""The journal that the common options name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrate.cli.options import Settings
from migrate.clock import SystemClock
from migrate.journal.store import SqlJournal


@contextmanager
def journal(settings: Settings) -> Iterator[SqlJournal]:
    """Open the journal for as long as the block lasts."""
    opened = SqlJournal(settings.journal, SystemClock())
    try:
        yield opened
    finally:
        opened.close()
