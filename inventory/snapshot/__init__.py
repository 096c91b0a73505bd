"""One SQLite file for each scan: written page by page, moved into place when it is whole, checked when it is read."""

from __future__ import annotations

from inventory.snapshot.entries import Entry
from inventory.snapshot.opening import Header, deltas, header, is_snapshot, opened
from inventory.snapshot.part import Beginning
from inventory.snapshot.reading import creators, pieces, read
from inventory.snapshot.upgrade import upgrade
from inventory.snapshot.writer import Progress, SnapshotWriter, write

__all__ = [
    "Beginning",
    "Entry",
    "Header",
    "Progress",
    "SnapshotWriter",
    "creators",
    "deltas",
    "header",
    "is_snapshot",
    "opened",
    "pieces",
    "read",
    "upgrade",
    "write",
]
