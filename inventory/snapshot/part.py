"""The unfinished file beside a snapshot: who writes it, and whether it can be taken up again.

It is ``.<name>.part`` in the same folder. SQLite's own exclusive lock is what keeps a second writer out: it ends with
the process, however that ends. Every page is one transaction in write-ahead mode, so a killed scan leaves whole pages.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from inventory.cloud import Cloud
from inventory.errors import SnapshotError
from inventory.model import TenantId
from inventory.snapshot.files import transaction
from inventory.tables import schema
from inventory.tables.texts import time_text

MAX_AGE = timedelta(days=1)
"""A tenant changes while it is read; what was read longer ago than this is read again."""
_TUNING = """
    PRAGMA locking_mode=EXCLUSIVE;
    PRAGMA journal_mode=WAL;
    PRAGMA synchronous=NORMAL;
    PRAGMA wal_autocheckpoint=8192;
    PRAGMA cache_size=-2048;
"""
"""Pages are only added at the end, for which a small cache is as fast as a large one."""
_STATEMENTS = 64
"""Prepared statements that are kept; one that inserts a thousand cells takes about 90 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOf:
    """What a scan is of and when it began, by the tenant's own time."""

    tenant_id: TenantId
    cloud: Cloud
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How the writing of a snapshot began."""

    resumed: bool
    """Whether pages of an unfinished scan are kept."""
    text: str = ""
    """In words, where an unfinished scan was found: how far it is, or why it was begun anew."""


@dataclass(slots=True, kw_only=True)
class Part:
    """An open unfinished file, locked."""

    path: Path
    database: sqlite3.Connection
    scan: ScanOf
    beginning: Beginning
    empty: bool = True
    """Whether it began without anything."""

    def leave(self) -> None:
        """Close the file, and remove it where there is nothing to be taken up."""
        with suppress(sqlite3.Error):
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            mark = self.database.execute("PRAGMA application_id").fetchone()
            read = self.database.execute("SELECT count(*) FROM progress").fetchone()
            if mark == (schema.REFRESH_ID,) or read == (0,):
                self.database.execute("PRAGMA journal_mode=DELETE")  # takes the log away
                self.path.unlink(missing_ok=True)  # before the lock ends
        with suppress(sqlite3.Error):
            self.database.close()


def beside(path: Path) -> Path:
    """Return where the unfinished file of a snapshot is."""
    return path.with_name(f".{path.name}.part")


def begun(path: Path, scan: ScanOf) -> Part:
    """Begin a file from nothing, whatever is there of an unfinished one."""
    part = beside(path)
    database = _emptied(path, part, _locked(path, part), scan)
    return Part(path=part, database=database, scan=scan, beginning=Beginning(resumed=False))


def taken_up(path: Path, scan: ScanOf, max_age: timedelta) -> Part:
    """Take up the unfinished file where it is of the same tenant, cloud and schema and not too old; else begin anew."""
    part = beside(path)
    if not part.exists():
        return begun(path, scan)
    database = _locked(path, part)
    try:
        why, since = _unfit(database, scan, max_age)
    except (sqlite3.DatabaseError, ValueError) as error:
        database.close()
        _discard(part)
        why, since, database = f"is damaged ({error})", None, _locked(path, part)
    if since is None:
        database = _emptied(path, part, database, scan)
        text = f"begun anew: the unfinished scan beside it {why}" if why else ""
        return Part(path=part, database=database, scan=scan, beginning=Beginning(resumed=False, text=text))
    scan = ScanOf(tenant_id=scan.tenant_id, cloud=scan.cloud, taken_at=since)
    return Part(path=part, database=database, scan=scan, beginning=Beginning(resumed=True, text=why), empty=False)


def copied(path: Path, source: sqlite3.Connection, scan: ScanOf) -> Part:
    """Begin with a copy of a finished snapshot; a refresh that is cut off is begun again from the snapshot."""
    part = beside(path)
    database = _locked(path, part)
    database.execute("PRAGMA journal_mode=DELETE")  # a copy through the log would be written twice
    source.backup(database)
    database.executescript(_TUNING)
    with transaction(database):
        for statement in schema.unfinished():
            database.execute(statement)
        _mark(database, schema.REFRESH_ID)
    return Part(path=part, database=database, scan=scan, beginning=Beginning(resumed=False), empty=False)


def _locked(path: Path, part: Path) -> sqlite3.Connection:
    if path.is_dir():
        raise SnapshotError(f"{path} is a folder; name a file for the snapshot")
    if not part.exists():  # closing any handle of a file ends every lock this process has on it
        os.close(os.open(part, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(
        part, isolation_level=None, timeout=0, check_same_thread=False, cached_statements=_STATEMENTS
    )
    try:
        database.executescript(_TUNING)
        with transaction(database):
            pass
    except sqlite3.OperationalError as error:
        database.close()
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise SnapshotError(
                f"{path} is being written by another scan ({part.name} is locked); wait for its end, or choose another "
                "--out"
            ) from None
        raise
    except sqlite3.DatabaseError:
        database.close()
        _discard(part)
        return _locked(path, part)
    return database


def _unfit(database: sqlite3.Connection, scan: ScanOf, max_age: timedelta) -> tuple[str, datetime | None]:
    """Return why a file cannot be taken up, or how far it is and since when; nothing of both for an empty file."""
    mark = database.execute("PRAGMA application_id").fetchone()[0]
    if mark == schema.REFRESH_ID:
        return "is a refresh, which begins from its snapshot each time", None
    if mark != schema.SCAN_ID:
        return "", None
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version != schema.SCHEMA_VERSION:
        return f"has version {version} of the tables, this unsecret writes {schema.SCHEMA_VERSION}", None
    if not database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'places'").fetchone()[0]:
        return "was left by an earlier unsecret", None
    if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        return "is damaged", None
    return _other(database, scan, max_age)


def _other(database: sqlite3.Connection, scan: ScanOf, max_age: timedelta) -> tuple[str, datetime | None]:
    """Judge by what the file is of."""
    tenant_id, cloud, taken_at = database.execute("SELECT tenant_id, cloud, taken_at FROM scan").fetchone()
    if (tenant_id, cloud) != (scan.tenant_id, scan.cloud.value):
        return f"is of tenant {tenant_id} in the cloud {cloud}", None
    began = datetime.fromisoformat(taken_at)
    age = scan.taken_at - began
    if not timedelta(0) <= age <= max_age:
        return f"began {_ago(age)} and may be no older than {_long(max_age)}", None
    (objects,) = database.execute("SELECT total(objects) FROM progress").fetchone()
    return f"taken up: {int(objects)} objects are here already, the scan began {_ago(age)}", began


def _ago(age: timedelta) -> str:
    return f"{_long(age)} ago" if age >= timedelta(0) else f"{_long(-age)} after now"


def _long(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60
    return f"{days} days" if days > 1 else f"{hours} hours" if hours > 1 else f"{minutes} minutes"


def _emptied(path: Path, part: Path, database: sqlite3.Connection, scan: ScanOf) -> sqlite3.Connection:
    """Return the file with nothing in it; one that is too damaged to be emptied is replaced."""
    try:
        _empty(database, scan)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise
        database.close()
        _discard(part)
        database = _locked(path, part)
        _empty(database, scan)
    return database


def _empty(database: sqlite3.Connection, scan: ScanOf) -> None:
    with transaction(database):
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        for (name,) in found.fetchall():
            quoted = name.replace('"', '""')
            database.execute(f'DROP TABLE "{quoted}"')
        for statement in (*schema.statements(), *schema.unfinished()):
            database.execute(statement)
        row = (scan.tenant_id, scan.cloud.value, time_text(scan.taken_at), "", "")
        database.execute("INSERT INTO scan VALUES (?, ?, ?, ?, ?)", row)
        _mark(database, schema.SCAN_ID)


def _mark(database: sqlite3.Connection, application_id: int) -> None:
    database.execute(f"PRAGMA application_id={application_id}")
    database.execute(f"PRAGMA user_version={schema.SCHEMA_VERSION}")


def _discard(part: Path) -> None:
    for name in (part.name, f"{part.name}-wal", f"{part.name}-shm", f"{part.name}-journal"):
        part.with_name(name).unlink(missing_ok=True)
