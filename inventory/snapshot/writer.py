"""Writes a snapshot: page by page into an unfinished file, moved into place when it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from inventory.cloud import Cloud
from inventory.directory import UNREAD, Page
from inventory.errors import SnapshotError
from inventory.idset import IdSet
from inventory.model import ScanNote, Snapshot, TenantId
from inventory.snapshot import completion, entries, part, refreshing
from inventory.snapshot.digest import Digest
from inventory.snapshot.entries import Entry
from inventory.snapshot.files import into_place, transaction, writing
from inventory.snapshot.opening import opened
from inventory.snapshot.part import MAX_AGE, Beginning, Part, ScanOf
from inventory.snapshot.reading import check
from inventory.tables import schema

_SUMMED = ("service_principals", "credentials", "owners")
"""Large tables whose rows stay as they are written: they need not be read again for the digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a collection is."""

    objects: int
    cursor: str | None
    """Where to go on; None: it was read to its end."""


class SnapshotWriter:
    """Writes a snapshot.

    ``with SnapshotWriter.resume(path, ...) as writer: writer.add("applications", page); writer.finish()``

    ``SnapshotWriter(path, ...)`` begins anew; ``resume`` takes up the unfinished file of a scan that was stopped, where
    there is one; ``refresh`` begins from the finished snapshot at ``path``. Pages are committed as they come to
    ``.<name>.part`` in the same folder, each with the cursor of its collection. Without ``finish``, whatever stood at
    ``path`` stays as it was, and the unfinished file stays to be taken up once it holds a page. Any thread may call,
    one at a time. Raises SnapshotError where the file cannot be written, or where another writer is at it.
    """

    def __init__(
        self,
        path: Path,
        *,
        tenant_id: TenantId,
        cloud: Cloud,
        taken_at: datetime,
        begin: Callable[[Path, ScanOf], Part] = part.begun,
    ) -> None:
        self._path = path
        self._scan = ScanOf(tenant_id=tenant_id, cloud=cloud, taken_at=taken_at)
        self._begin = begin
        self._finished = False

    @classmethod
    def resume(
        cls, path: Path, *, tenant_id: TenantId, cloud: Cloud, taken_at: datetime, max_age: timedelta = MAX_AGE
    ) -> Self:
        """Take up an unfinished file of the same tenant, cloud and schema that began at most ``max_age`` ago.

        ``taken_at`` is the tenant's time now; a file that is taken up keeps its own. ``beginning`` says what came of
        it.
        """
        begin = partial(part.taken_up, max_age=max_age)
        return cls(path, tenant_id=tenant_id, cloud=cloud, taken_at=taken_at, begin=begin)

    @classmethod
    def refresh(cls, path: Path, *, tenant_id: TenantId, cloud: Cloud, taken_at: datetime) -> Self:
        """Begin with a copy of the snapshot at ``path``, to be changed by ``replace``, ``remove`` and ``forget``.

        Notes on the scan as a whole are left out: the refresh says anew what it could not see. Raises SnapshotError
        for a snapshot that cannot be read, does not match its digests, or is of another tenant or cloud.
        """
        return cls(path, tenant_id=tenant_id, cloud=cloud, taken_at=taken_at, begin=_copied)

    def __enter__(self) -> Self:
        with writing(self._path):
            self._part = self._begin(self._path, self._scan)
            self._seen = entries.remember(self._part.database)
        self._digest = Digest()
        self._summed = self._part.empty
        self._indexed = False
        self._merge = self._part.beginning.resumed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            self._part.leave()

    @property
    def beginning(self) -> Beginning:
        """Return how the writing began."""
        return self._part.beginning

    @property
    def tenant_id(self) -> TenantId:
        """Return the tenant that the scan is of."""
        return self._part.scan.tenant_id

    @property
    def taken_at(self) -> datetime:
        """Return when the scan began, by the tenant's time: of a file that was taken up, its own."""
        return self._part.scan.taken_at

    def progress(self, collection: str) -> Progress | None:
        """Return how far a collection is; None: nothing of it was read yet."""
        statement = "SELECT objects, cursor FROM progress WHERE collection = ?"
        row = self._database.execute(statement, (collection,)).fetchone()
        return None if row is None else Progress(objects=row[0], cursor=row[1])

    def place(self, collection: str) -> str | None:
        """Return from where a collection was read so far; None: not told."""
        row = self._database.execute("SELECT place FROM places WHERE collection = ?", (collection,)).fetchone()
        return None if row is None else str(row[0])

    def read_from(self, collection: str, place: str) -> None:
        """Remember from where a collection is read, for a scan that goes on."""
        with writing(self._path), transaction(self._database):
            self._database.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (collection, place))

    def add(self, collection: str, page: Page[Entry]) -> None:
        """Add a page and remember where its collection goes on, both or neither."""
        with writing(self._path), transaction(self._database):
            added = entries.add(self._database, collection, page.entries, self._seen)
            self._database.execute(
                "INSERT INTO progress VALUES (?1, ?2, ?3) ON CONFLICT (collection) DO UPDATE SET cursor = ?2, "
                "objects = objects + ?3",
                (collection, page.cursor, len(page.entries)),
            )
        self._merge = self._merge or bool(added.rows["uses"])
        if self._summed:
            for table in _SUMMED:
                for rows in added.of(table):
                    self._digest.take(table, rows)

    def note(self, *notes: ScanNote) -> None:
        """Say what could not be seen; the same note twice is one."""
        with writing(self._path), transaction(self._database):
            entries.add(self._database, "", notes)

    def link(self, collection: str, link: str) -> None:
        """Keep where the next refresh asks for the changes of a collection (``@odata.deltaLink``)."""
        with writing(self._path), transaction(self._database):
            self._database.execute("INSERT OR REPLACE INTO deltas VALUES (?, ?)", (collection, link))

    def links(self) -> Mapping[str, str]:
        """Return the links that were kept, by collection."""
        return dict(self._database.execute("SELECT collection, link FROM deltas").fetchall())

    def replace(self, collection: str, *changed: Entry) -> None:
        """Put entries in the place of what is known of the same objects; what is new is added.

        An application or identity that comes without federated credentials keeps those it has: they come from a
        listing of their own (``FederatedOf``). A note on an unreadable object takes the object's place.
        """
        with self._changing():
            for entry in changed:
                refreshing.replace(self._database, collection, entry)

    def remove(self, *object_ids: str) -> None:
        """Remove objects that are gone, with everything that hangs on them."""
        with self._changing():
            for object_id in object_ids:
                refreshing.remove(self._database, object_id)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change what was written: objects are looked up by indexes then, and the sums of their rows taken anew."""
        with writing(self._path), transaction(self._database):
            if not self._indexed:
                for statement in schema.INDEXES:
                    self._database.execute(statement)
                self._digest, self._summed, self._indexed = Digest(), False, True
            yield

    def forget(self, collection: str) -> None:
        """Forget a whole collection, to read it anew.

        It is one of ``roles``, ``policies``, ``hosts``, ``identity-tags``, or a source of evidence.
        """
        with writing(self._path), transaction(self._database):
            refreshing.forget(self._database, collection)

    def count(self, table: str, condition: str = "TRUE") -> int:
        """Count the rows written so far; ``condition`` is SQL of the caller's own."""
        statement = f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608 - no outside text comes here
        return int(self._database.execute(statement).fetchone()[0])

    def held(self, collection: str) -> int:
        """Count the objects of a large collection that are here, unreadable ones too."""
        tables = ("applications",) if collection == "applications" else ("service_principals", "identities")
        statement = "SELECT count(*) FROM unreadable WHERE collection = ?"
        (hidden,) = self._database.execute(statement, (collection,)).fetchone()
        return int(hidden) + sum(self.count(table) for table in tables)

    def waiting(self, collection: str) -> list[str]:
        """Return the ids of objects that changed before and could not be read then."""
        statement = "SELECT object_id FROM unreadable WHERE collection = ? AND object_id <> '' AND reason LIKE ?"
        return [row[0] for row in self._database.execute(statement, (collection, f"{UNREAD}%"))]

    def principals_of(self, clients: Iterable[str]) -> list[str]:
        """Return the object ids of the service principals that have these client ids."""
        statement = "SELECT id FROM service_principals WHERE client_id IN (SELECT value FROM json_each(?))"
        return [row[0] for row in self._database.execute(statement, (msgspec.json.encode(sorted(clients)).decode(),))]

    def hidden_subscriptions(self) -> list[tuple[str, int]]:
        """Return the subscriptions of managed identities that Azure neither showed nor named, with their number.

        None where Azure showed no subscription at all, which says more than the single ones.
        """
        rows = self._database.execute(_HIDDEN) if self.count("subscriptions") else ()
        return [(str(name), int(number)) for name, number in rows]

    def ids(self, table: str, column: str) -> IdSet:
        """Return the ids that stand in a column so far; the names are the caller's own."""
        rows = self._database.execute(f"SELECT {column} FROM {table} ORDER BY 1")  # noqa: S608 - no outside text comes here
        return IdSet(row[0] for row in rows)

    def gaps(self, most: int) -> tuple[ScanNote, ...]:
        """Return what could not be seen beyond single objects, sources of evidence included; so many at most."""
        statement = (
            "SELECT subject, text FROM notes WHERE text NOT LIKE 'unreadable: %' UNION ALL "
            "SELECT name, missing FROM sources WHERE missing <> '' ORDER BY 1, 2 LIMIT ?"
        )
        rows = self._database.execute(statement, (most,))
        return tuple(ScanNote(subject=subject, text=text) for subject, text in rows)

    def finish(self) -> str:
        """Complete the file, move it to its place and return its digest."""
        with writing(self._path):
            digest = completion.complete(self._database, self._digest, merge=self._merge)
            into_place(self._database, self._part.path, self._path)
        self._finished = True
        return digest

    @property
    def _database(self) -> sqlite3.Connection:
        if self._finished:
            raise SnapshotError(f"{self._path}: finished already")
        return self._part.database


def _copied(path: Path, scan: ScanOf) -> Part:
    with opened(path) as source:
        check(path, source)
        found = source.execute("SELECT tenant_id, cloud FROM scan").fetchone()
        if found != (scan.tenant_id, scan.cloud.value):
            raise SnapshotError(
                f"{path} is of tenant {found[0]} in the cloud {found[1]}; scan this tenant into a file of its own"
            )
        with writing(path):
            copy = part.copied(path, source, scan)
    with transaction(copy.database):
        refreshing.prepare(copy.database, scan)
    return copy


_HIDDEN = """
    SELECT name, count(*) FROM (
        SELECT lower(substr(resource_id, 16, instr(substr(resource_id, 16), '/') - 1)) AS name FROM identities
        WHERE lower(resource_id) LIKE '/subscriptions/%/%'
    ) WHERE name NOT IN (SELECT subscription_id FROM subscriptions)
        AND 'subscription ' || name NOT IN (SELECT subject FROM notes)
    GROUP BY name ORDER BY name
"""


def write(path: Path, snapshot: Snapshot) -> str:
    """Write a whole snapshot value and return the digest of what was written (``snapshot.digest`` is not looked at)."""
    tenant_id, cloud, taken_at = snapshot.tenant_id, snapshot.cloud, snapshot.taken_at
    with SnapshotWriter(path, tenant_id=tenant_id, cloud=cloud, taken_at=taken_at) as writer:
        collections: tuple[tuple[str, tuple[Entry, ...]], ...] = (
            ("applications", snapshot.applications),
            ("service-principals", (*snapshot.service_principals, *snapshot.identities)),
            ("hosts", (*snapshot.hosts, *snapshot.subscriptions)),
            ("roles", snapshot.roles),
            ("policies", snapshot.policies),
            ("evidence", (*snapshot.sources, *snapshot.uses)),
            ("notes", snapshot.notes),
        )
        for collection, found in collections:
            writer.add(collection, Page(entries=found, cursor=None))
        return writer.finish()
