"""What the disk and SQLite say, turned into errors of ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inventory.errors import SnapshotError

_THEN = "make room there and its folder writable, or choose another --out"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk and SQLite say into SnapshotError, in one line about ``path``."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror or error}; {_THEN}") from None
    except sqlite3.Error as error:
        raise SnapshotError(f"{path} cannot be written: {error}; {_THEN}") from None


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Make everything inside happen, or nothing of it."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def into_place(database: sqlite3.Connection, part: Path, path: Path) -> None:
    """Close a whole file and move it to its place.

    It is moved before it is closed, since closing gives up the lock, and another scan could begin in the file. Windows
    moves no open file.
    """
    if os.name == "nt":
        database.close()
    part.replace(path)
    database.close()
    folder_to_disk(path.parent)


def folder_to_disk(folder: Path) -> None:
    """Make the name of a new file survive a power cut, where the system can open folders."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
