"""One SQLite file for each scan: written page by page, moved into place when it is whole, checked when it is read.

The digest is SHA-256 over tenant, cloud and the canonical form of every table (``inventory.tables``): equal content
gives an equal digest, in whatever order Graph told it and whenever that was. It finds damage and careless edits; it is
no signature.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, assert_never
from urllib.parse import quote

import msgspec

from inventory import tables
from inventory.errors import SnapshotError
from inventory.model import (
    Application,
    Cloud,
    CredentialActivity,
    ManagedIdentity,
    ScanNote,
    ServicePrincipal,
    Snapshot,
    TenantId,
)
from inventory.tables import COLUMNS, Row

Entry = Application | ServicePrincipal | ManagedIdentity | CredentialActivity | ScanNote
"""What a snapshot is made of."""

_MAGIC = b"SQLite format 3\0"  # "Database File Format", 1.3.1
_INSERTS = {
    table: f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names are our own
    for table, columns in COLUMNS.items()
}


class SnapshotWriter:
    """Writes a snapshot: ``with SnapshotWriter(path, ...) as writer: writer.add(page); digest = writer.finish()``.

    Everything goes to a temporary file in the same folder. Without ``finish`` that file is removed and whatever stood
    at ``path`` stays as it was. An object that comes twice (pages shift while a tenant changes) is kept once. Raises
    SnapshotError where the file cannot be written.
    """

    def __init__(self, path: Path, *, tenant_id: TenantId, cloud: Cloud, taken_at: datetime) -> None:
        self._path = path
        self._scan = (tenant_id, cloud.value, tables.time_text(taken_at))
        self._part: Path | None = None

    def __enter__(self) -> Self:
        with _writing(self._path):
            if self._path.is_dir():
                raise SnapshotError(f"{self._path} is a folder; name a file for the snapshot")
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".part", dir=self._path.parent)
            os.close(handle)
            self._part = Path(name)
            self._database = sqlite3.connect(name, isolation_level=None)
            # Nobody reads the file before it is whole, and a broken one is thrown away: no journal is needed.
            self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {tables.schema()}")
            self._database.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def add(self, entries: Iterable[Entry]) -> None:
        """Add a page."""
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        with _writing(self._path):
            for entry in entries:
                self._collect(entry, rows)
            for table, found in rows.items():
                self._insert(table, found)

    def count(self, table: str, condition: str = "TRUE") -> int:
        """Count the rows written so far; ``condition`` is SQL of the caller's own."""
        statement = f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608 - no outside text comes here
        return int(self._database.execute(statement).fetchone()[0])

    def finish(self) -> str:
        """Complete the file, move it to its place and return its digest."""
        with _writing(self._path):
            if self._part is None:
                raise SnapshotError(f"{self._path}: finished already")
            for statement in tables.INDEXES:
                self._database.execute(statement)
            digest = _Digest(*self._scan[:2])
            for table in COLUMNS:
                for row in _rows(self._database, table):
                    digest.take(table, row)
            self._database.execute("INSERT INTO scan VALUES (?, ?, ?, ?)", (*self._scan, digest.text()))
            self._database.execute("COMMIT")
            self._database.execute(f"PRAGMA application_id={tables.APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version={tables.SCHEMA_VERSION}")
            self._database.close()
            _to_disk(self._part)
            self._part.replace(self._path)
            self._part = None
        return digest.text()

    def _collect(self, entry: Entry, rows: defaultdict[str, list[Row]]) -> None:
        """Insert an object that can come twice at once, and collect all other rows of the page."""
        match entry:
            case Application():
                if self._insert("applications", [tables.application_row(entry)]):
                    rows["federated_credentials"] += (
                        tables.federated_row(entry.id, one) for one in entry.federated or ()
                    )
                    _collect_children(entry, rows)
            case ServicePrincipal():
                if self._insert("service_principals", [tables.service_principal_row(entry)]):
                    _collect_children(entry, rows)
            case ManagedIdentity():
                rows["identities"].append(tables.identity_row(entry))
            case CredentialActivity():
                rows["activity"].append(tables.activity_row(entry))
            case ScanNote():
                rows["notes"].append(tables.note_row(entry))
            case _:
                assert_never(entry)

    def _insert(self, table: str, rows: Iterable[Row]) -> int:
        """Insert rows that are not there yet (by primary key) and return how many were new."""
        return self._database.executemany(_INSERTS[table], rows).rowcount


def _collect_children(entry: Application | ServicePrincipal, rows: defaultdict[str, list[Row]]) -> None:
    rows["credentials"] += (tables.credential_row(one) for one in entry.credentials)
    rows["owners"] += (tables.owner_row(entry.id, one) for one in entry.owners or ())


def write(path: Path, snapshot: Snapshot) -> str:
    """Write a whole snapshot value and return the digest of what was written (``snapshot.digest`` is not looked at)."""
    tenant_id, cloud, taken_at = snapshot.tenant_id, snapshot.cloud, snapshot.taken_at
    with SnapshotWriter(path, tenant_id=tenant_id, cloud=cloud, taken_at=taken_at) as writer:
        writer.add(snapshot.applications)
        writer.add(snapshot.service_principals)
        writer.add(snapshot.identities)
        writer.add(snapshot.activity)
        writer.add(snapshot.notes)
        return writer.finish()


def read(path: Path) -> Snapshot:
    """Read and check a snapshot; SnapshotError, one line, for a file that is missing, foreign, damaged or too new."""
    with _reading(path) as database:
        return _snapshot(path, database)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a snapshot is of, without its content."""

    tenant_id: TenantId
    taken_at: datetime
    digest: str


def header(path: Path) -> Header:
    """Read what a snapshot is of, without checking the content; SnapshotError as for ``read``."""
    with _reading(path) as database:
        rows = database.execute("SELECT tenant_id, taken_at, digest FROM scan").fetchall()
    if len(rows) != 1:
        raise SnapshotError(f"{path} is incomplete: the scan did not end; scan the tenant again")
    tenant_id, taken_at, digest = rows[0]
    return Header(tenant_id=tenant_id, taken_at=datetime.fromisoformat(taken_at), digest=digest)


def is_snapshot(path: Path) -> bool:
    """Whether a file says that it is a snapshot, in whatever state."""
    try:
        with closing(_open(path)) as database:
            return bool(database.execute("PRAGMA application_id").fetchone() == (tables.APPLICATION_ID,))
    except sqlite3.Error:
        return False


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a snapshot for reading, and turn what SQLite says into SnapshotError."""
    _check_header(path)
    try:
        with closing(_open(path)) as database:
            _check(path, database)
            yield database
    except (sqlite3.Error, ValueError, msgspec.DecodeError) as error:
        raise SnapshotError(f"{path} is damaged ({error}); scan the tenant again") from None


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise SnapshotError(f"{path} does not exist; make a snapshot with 'unsecret scan --out {path}'") from None
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}") from None
    if head != _MAGIC:
        raise SnapshotError(f"{path} is not a snapshot: it is no SQLite file; make one with 'unsecret scan'")


def _check(path: Path, database: sqlite3.Connection) -> None:
    if database.execute("PRAGMA application_id").fetchone() != (tables.APPLICATION_ID,):
        raise SnapshotError(
            f"{path} is not a snapshot: it is the SQLite file of another program, or an unfinished scan"
        )
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > tables.SCHEMA_VERSION:
        raise SnapshotError(f"{path} has version {version}, made by a newer unsecret; update this one, or scan again")
    if version < tables.SCHEMA_VERSION:
        raise SnapshotError(f"{path} has version {version}, made by an older unsecret; scan the tenant again")
    verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise SnapshotError(f"{path} is damaged ({verdict}); scan the tenant again")


def _snapshot(path: Path, database: sqlite3.Connection) -> Snapshot:
    scan = database.execute("SELECT tenant_id, cloud, taken_at, digest FROM scan").fetchall()
    if len(scan) != 1:
        raise SnapshotError(f"{path} is incomplete: the scan did not end; scan the tenant again")
    tenant_id, cloud, taken_at, told = scan[0]
    digest = _Digest(tenant_id, cloud)
    reader = _Reader(database, digest)
    owners, credentials = reader.children("owners", tables.owner), reader.children("credentials", tables.credential)
    federated = reader.children("federated_credentials", tables.federated)
    snapshot = Snapshot(
        tenant_id=tenant_id,
        cloud=Cloud(cloud),
        taken_at=datetime.fromisoformat(taken_at),
        digest=told,
        applications=reader.values("applications", lambda row: tables.application(row, owners, credentials, federated)),
        service_principals=reader.values(
            "service_principals", lambda row: tables.service_principal(row, owners, credentials)
        ),
        identities=reader.values("identities", tables.identity),
        activity=reader.values("activity", tables.activity),
        notes=reader.values("notes", tables.note),
    )
    if digest.text() != told:
        raise SnapshotError(f"{path} was changed after the scan (its digest does not match); scan the tenant again")
    return snapshot


class _Digest:
    """SHA-256 for each table, joined in the order of ``COLUMNS``, so that tables can be read in any order."""

    def __init__(self, tenant_id: str, cloud: str) -> None:
        self._head = msgspec.json.encode((tables.SCHEMA_VERSION, tenant_id, cloud))
        self._parts = {table: hashlib.sha256() for table in COLUMNS}

    def take(self, table: str, row: Row) -> None:
        """Take the next row, in canonical order."""
        self._parts[table].update(msgspec.json.encode(row) + b"\n")

    def text(self) -> str:
        """Return the digest of everything taken, as hex."""
        whole = hashlib.sha256(self._head)
        for table in COLUMNS:
            whole.update(self._parts[table].digest())
        return whole.hexdigest()


class _Reader:
    """Reads tables once, into values and into the digest."""

    def __init__(self, database: sqlite3.Connection, digest: _Digest) -> None:
        self._database = database
        self._digest = digest

    def rows(self, table: str) -> Iterator[Row]:
        for row in _rows(self._database, table):
            self._digest.take(table, row)
            yield row

    def values(self, table: str, value: Callable[[Row], Any]) -> tuple[Any, ...]:
        return tuple([value(row) for row in self.rows(table)])

    def children(self, table: str, value: Callable[[Row], Any]) -> tables.Children:
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for row in self.rows(table):
            found[row[0]].append(value(row))
        return lambda key: tuple(found.get(key, ()))


def _rows(database: sqlite3.Connection, table: str) -> Iterator[Row]:
    names = ", ".join(column.partition(" ")[0] for column in COLUMNS[table])
    return database.execute(f"SELECT {names} FROM {table} ORDER BY {names}")  # noqa: S608 - names are our own


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the disk and SQLite say into SnapshotError."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror or error}") from None
    except sqlite3.Error as error:
        raise SnapshotError(f"{path} cannot be written: {error}") from None


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
