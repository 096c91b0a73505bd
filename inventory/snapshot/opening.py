"""Opens snapshots: what a file is of, and whether this version can read it."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from inventory.cloud import Cloud
from inventory.errors import SnapshotError
from inventory.model import TenantId
from inventory.tables import schema

_MAGIC = b"SQLite format 3\0"  # "Database File Format", 1.3.1
_MARK = slice(68, 72)  # where "PRAGMA application_id" stands, 1.3; a file that is damaged behind it still tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a snapshot is of, without its content."""

    tenant_id: TenantId
    cloud: Cloud
    taken_at: datetime
    digest: str
    evidence_digest: str


def header(path: Path) -> Header:
    """Read what a snapshot is of, without checking the content; SnapshotError as for ``read``."""
    with opened(path) as database:
        return header_of(path, database)


def deltas(path: Path) -> Mapping[str, str]:
    """Return where a refresh asks for the changes of each collection; SnapshotError as for ``read``."""
    with opened(path) as database:
        return dict(database.execute("SELECT collection, link FROM deltas").fetchall())


def is_snapshot(path: Path) -> bool:
    """Whether a file says that it is a snapshot, of whatever version and in whatever state."""
    try:
        with path.open("rb") as file:
            head = file.read(_MARK.stop)
    except OSError:
        return False
    return head.startswith(_MAGIC) and head[_MARK] == schema.APPLICATION_ID.to_bytes(4, "big")


@contextmanager
def opened(
    path: Path, *, oldest: int = schema.SCHEMA_VERSION, beside: Path | None = None
) -> Iterator[sqlite3.Connection]:
    """Open a snapshot for SQL that only reads, without checking its digests; SnapshotError as for ``read``.

    What SQLite says inside, and what can be no value, becomes SnapshotError too; it names ``beside`` as well, another
    snapshot that is attached inside.
    """
    _check_header(path)
    try:
        with closing(_open(path)) as database:
            _check(path, database, oldest)
            database.row_factory = _cells
            database.execute("PRAGMA cache_size=-65536")  # KiB, so that joins find their pages again
            yield database
    except (sqlite3.Error, ValueError, msgspec.DecodeError) as error:
        which = path if beside is None else f"{path} or {beside}"
        raise SnapshotError(f"{which} is damaged ({error}); scan the tenant again") from None


def _cells(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Hand a row on; ValueError where a cell is a BLOB, which no scan ever writes, whatever its column is for."""
    if bytes in map(type, row):
        names = ", ".join(
            column[0] for column, cell in zip(cursor.description, row, strict=True) if type(cell) is bytes
        )
        raise ValueError(f"no text and no number is in {names}")
    return row


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise SnapshotError(f"{path} does not exist; make a snapshot with 'unsecret scan --out {path}'") from None
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}; give a snapshot that can") from None
    if head != _MAGIC:
        raise SnapshotError(f"{path} is not a snapshot: it is no SQLite file; make one with 'unsecret scan'")


def _check(path: Path, database: sqlite3.Connection, oldest: int) -> None:
    (mark,) = database.execute("PRAGMA application_id").fetchone()
    if mark in {schema.SCAN_ID, schema.REFRESH_ID}:
        raise SnapshotError(f"{path} is an unfinished scan; scan the tenant again to take it up")
    if mark != schema.APPLICATION_ID:
        raise SnapshotError(f"{path} is not a snapshot: it is the SQLite file of another program")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > schema.SCHEMA_VERSION:
        raise SnapshotError(f"{path} has version {version}, made by a newer unsecret; update this one, or scan again")
    if version < schema.OLDEST_VERSION:
        raise SnapshotError(f"{path} has version {version}, made by an older unsecret; scan the tenant again")
    if version < oldest:
        raise SnapshotError(
            f"{path} has version {version}, made by an older unsecret; scan the tenant again, or make a copy of "
            f"version {schema.SCHEMA_VERSION}: {shlex.join(['unsecret', 'snapshot', 'upgrade', str(path)])} --out NEW"
        )


def header_of(path: Path, database: sqlite3.Connection) -> Header:
    """Read what an open snapshot is of."""
    rows = database.execute("SELECT tenant_id, cloud, taken_at, digest, evidence_digest FROM scan").fetchall()
    if len(rows) != 1:
        raise SnapshotError(f"{path} is incomplete: the scan did not end; scan the tenant again")
    tenant_id, cloud, taken_at, digest, evidence_digest = rows[0]
    return Header(
        tenant_id=tenant_id,
        cloud=Cloud(cloud),
        taken_at=datetime.fromisoformat(taken_at),
        digest=digest,
        evidence_digest=evidence_digest,
    )
