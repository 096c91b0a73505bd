from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory import snapshot
from inventory.errors import SnapshotError
from inventory.model import Purpose, ScanNote
from inventory.snapshot.upgrade import MIGRATIONS
from inventory.tables import schema
from tests.inventory import values
from tests.inventory.values import NOW, TENANT

_AT = "2026-03-02T10:00:00.000000Z"
_OLD = "2026-02-01T10:00:00.000000Z"
_APP, _CLIENT, _SP = values.guid("c", 1), values.guid("d", 1), values.guid("7", 1)
_KEY, _OTHER = values.guid("e", 1), values.guid("e", 2)
_VERSION_2: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "applications": (
        (
            "id TEXT PRIMARY KEY, client_id TEXT NOT NULL, display_name TEXT NOT NULL, "
            "created TEXT, sign_in_audience TEXT, "
            "disabled INTEGER NOT NULL, tags TEXT NOT NULL, encryption_key TEXT, owners_known INTEGER NOT NULL, "
            "federated_known INTEGER NOT NULL"
        ),
        [(_APP, _CLIENT, "orders\u202e", _AT, "AzureADMyOrg", 0, '["a"]', None, 1, 1)],
    ),
    "service_principals": (
        (
            "id TEXT PRIMARY KEY, client_id TEXT NOT NULL, display_name TEXT NOT NULL, "
            "kind TEXT NOT NULL, home_tenant TEXT, "
            "enabled INTEGER, sign_on_mode TEXT, encryption_key TEXT, owners_known INTEGER NOT NULL"
        ),
        [(_SP, _CLIENT, "orders", "Application", TENANT, 1, None, _OTHER, 0)],
    ),
    "identities": (
        (
            "principal_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, name TEXT NOT NULL, resource_id TEXT, "
            "user_assigned INTEGER"
        ),
        [(values.PRINCIPAL, values.IDENTITY_CLIENT, "id-orders", None, None)],
    ),
    "credentials": (
        (
            "holder_id TEXT NOT NULL, key_id TEXT NOT NULL, kind TEXT NOT NULL, purpose TEXT NOT NULL, "
            "purpose_reason TEXT NOT NULL, holder TEXT NOT NULL, client_id TEXT NOT NULL, "
            "display_name TEXT, hint TEXT, "
            "thumbprint TEXT, starts TEXT, ends TEXT"
        ),
        [
            (_APP, _KEY, "secret", "authentication", "why", "application", _CLIENT, "ci", "aB1", None, _OLD, None),
            (_APP, _OTHER, "certificate", "authentication", "why", "application", _CLIENT, None, None, "AB", _OLD, _AT),
        ],
    ),
    "owners": (
        "holder_id TEXT NOT NULL, object_id TEXT NOT NULL, kind TEXT NOT NULL, display_name TEXT, enabled INTEGER",
        [(_APP, values.guid("f", 1), "user", "Ana", 1)],
    ),
    "federated_credentials": (
        (
            "application_id TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT, "
            "audiences TEXT NOT NULL"
        ),
        [(_APP, "id-orders", values.guid("9", 1), values.ISSUER, None, '["api://AzureADTokenExchange"]')],
    ),
    "activity": (
        "key_id TEXT NOT NULL, client_id TEXT NOT NULL, holder TEXT, last_sign_in TEXT, last_successful_sign_in TEXT",
        [
            (_KEY, _CLIENT, "application", _AT, _OLD),
            (_KEY, _CLIENT, "application", _OLD, None),
            (_OTHER, _CLIENT, None, None, None),
        ],
    ),
    "notes": (
        "subject TEXT NOT NULL, text TEXT NOT NULL",
        [
            ("application " + values.guid("c", 9), "unreadable: odd"),
            ("credential activity", "AuditLog.Read.All not granted: usage is unknown"),
        ],
    ),
}
"""A snapshot as version 2 wrote it: the shape of its tables, and its rows in canonical order."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return _written(tmp_path / "old.db", {table: rows for table, (_, rows) in _VERSION_2.items()})


def _written(path: Path, contents: dict[str, list[tuple[Any, ...]]]) -> Path:
    digest = hashlib.sha256(_line([2, TENANT, "public"]))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(
            "CREATE TABLE scan (tenant_id TEXT NOT NULL, cloud TEXT NOT NULL, taken_at TEXT NOT NULL, "
            "digest TEXT NOT NULL)"
        )
        for table, (columns, _) in _VERSION_2.items():
            rows = contents[table]
            database.execute(f"CREATE TABLE {table} ({columns})")
            for row in rows:
                database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
            digest.update(
                hashlib.sha256(b"".join(_line(row) + b"\n" for row in sorted(rows, key=_null_first))).digest()
            )
        database.execute("CREATE INDEX credentials_by_holder ON credentials (holder_id)")
        database.execute("CREATE INDEX activity_by_key ON activity (key_id)")
        database.execute("INSERT INTO scan VALUES (?, 'public', ?, ?)", (TENANT, _AT, digest.hexdigest()))
        database.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        database.execute("PRAGMA user_version=2")
    return path


def _line(row: object) -> bytes:
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def _null_first(row: tuple[object, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((cell is not None, str(cell)) for cell in row)


def test_a_snapshot_of_version_2_is_refused_with_the_command_that_helps(old: Path) -> None:
    with pytest.raises(
        SnapshotError, match=r"scan the tenant again, or .* unsecret snapshot upgrade .*old.db --out NEW"
    ):
        snapshot.read(old)


def test_rows_of_activity_become_uses_and_what_was_not_read_is_unknown(old: Path, tmp_path: Path) -> None:
    before = old.read_bytes()
    snapshot.upgrade(old, tmp_path / "new.db")
    assert old.read_bytes() == before
    found = snapshot.read(tmp_path / "new.db")
    assert found.taken_at == NOW
    keys = {use.key_id: use for use in found.uses}
    assert (keys[_KEY].last, keys[_KEY].last_success) == (NOW, NOW - timedelta(days=29))  # type: ignore[index]
    assert (keys[_OTHER].last, keys[_OTHER].successes) == (None, None)  # type: ignore[index]
    assert [(one.name, one.missing) for one in found.sources] == [
        ("graph-credential-activity", "AuditLog.Read.All not granted: usage is unknown")
    ]
    (application,), (principal,), (identity,) = found.applications, found.service_principals, found.identities
    assert (application.lock, application.created_by, application.unknown) == (None, None, "")
    assert (principal.owners, identity.federated) == (None, None)
    assert (application.noted, identity.owners, identity.tags) == (None, None, None)
    assert application.federated is not None
    assert application.federated[0].subject is None
    assert [one.purpose for one in application.credentials] == [Purpose.AUTHENTICATION, Purpose.ENCRYPTION]
    assert ScanNote(subject="application " + values.guid("c", 9), text="unreadable: odd") in found.notes


def test_a_source_that_was_not_read_shows_nothing(old: Path, tmp_path: Path) -> None:
    snapshot.upgrade(old, tmp_path / "new.db")
    read = {table: rows for table, (_, rows) in _VERSION_2.items()} | {"notes": []}
    snapshot.upgrade(_written(tmp_path / "read.db", read), tmp_path / "also.db")
    (unread,), (source,) = (snapshot.read(tmp_path / name).sources for name in ("new.db", "also.db"))
    assert (unread.sees, unread.until, unread.missing) == ((), None, "AuditLog.Read.All not granted: usage is unknown")
    assert (source.sees, source.until, source.missing) == (("certificate", "secret"), NOW, "")
    assert "an earlier version read it, which did not tell what else it could not see" in source.blind_spots
    assert source.since is None


_SECRET = "Zx9kTq7Lm2Wp4Rn8Vb3Jd6"


def _ours(table: str) -> set[str]:
    """Name columns of version 2 that hold what the program said, or what it made of a time."""
    said = {"credentials": {"purpose", "purpose_reason", "kind", "holder"}}.get(table, set())
    return {"created", "starts", "ends", "last_sign_in", "last_successful_sign_in"} | said


_IDS: tuple[dict[str, str], ...] = (
    {"applications": "id", "service_principals": "id", "identities": "principal_id"},
    {},
)


@pytest.mark.parametrize("ids", _IDS, ids=["ids", "texts"])
@pytest.mark.parametrize("text", [f"Server=db;Pwd={_SECRET}", f'["sig={_SECRET}"]'])
def test_what_a_scan_of_today_withholds_is_not_in_the_copy(text: str, ids: dict[str, str], tmp_path: Path) -> None:
    """Whatever column of version 2 it stands in, but those that hold what the program said or made of times."""
    contents = {}
    for table, (columns, rows) in _VERSION_2.items():
        names = [column.split(" ")[0] for column in columns.split(", ")]
        lists = set() if text.startswith("[") else {"tags", "audiences"}
        apart = _ours(table) | lists | {"id", "principal_id", "holder_id", "application_id"}
        place = {ids[table]} if table in ids else set(() if ids else set(names) - apart)
        contents[table] = [
            tuple(
                text if name in place and isinstance(cell, str) else cell for name, cell in zip(names, row, strict=True)
            )
            for row in rows[:1]
        ]
    before, after = _written(tmp_path / "old.db", contents), tmp_path / "new.db"
    snapshot.upgrade(before, after)
    assert before.read_bytes().count(_SECRET.encode()) >= (3 if ids else 20)
    assert _SECRET.encode() not in after.read_bytes()
    if ids:
        assert {"its id looks like a secret"} <= {note.text[12:] for note in snapshot.read(after).notes}


def test_of_a_hint_three_characters_stay(tmp_path: Path) -> None:
    _, (secret, certificate) = _VERSION_2["credentials"]
    contents = {name: rows for name, (_, rows) in _VERSION_2.items()}
    contents["credentials"] = [(*secret[:8], _SECRET, *secret[9:]), certificate]
    snapshot.upgrade(_written(tmp_path / "old.db", contents), tmp_path / "new.db")
    assert _SECRET.encode() not in (tmp_path / "new.db").read_bytes()
    assert snapshot.read(tmp_path / "new.db").applications[0].credentials[0].hint == _SECRET[:3]


def test_an_upgraded_file_is_as_a_new_one(old: Path, tmp_path: Path) -> None:
    snapshot.upgrade(old, tmp_path / "new.db")
    snapshot.write(tmp_path / "again.db", snapshot.read(tmp_path / "new.db"))
    shapes = []
    for name in ("new.db", "again.db"):
        with contextlib.closing(sqlite3.connect(tmp_path / name)) as database:
            shapes.append(
                sorted(
                    (table, tuple(database.execute(f"PRAGMA table_info({table})").fetchall()))
                    for table, kind in database.execute("SELECT name, type FROM sqlite_master").fetchall()
                )
            )
            assert database.execute("SELECT collection, object_id, reason FROM unreadable").fetchall() == [
                ("applications", values.guid("c", 9), "odd")
            ]
    assert shapes[0] == shapes[1]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["again.db", "new.db", "old.db"]


def test_only_what_needs_it_is_upgraded(old: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(old)) as database, database:
        database.execute("UPDATE owners SET display_name = 'Eva'")
    with pytest.raises(SnapshotError, match="was changed after the scan"):
        snapshot.upgrade(old, tmp_path / "new.db")
    snapshot.write(tmp_path / "now.db", values.snapshot())
    with pytest.raises(SnapshotError, match="has version 5 already"):
        snapshot.upgrade(tmp_path / "now.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


_ADDED_BY_4 = {"applications": "noted", "identities": "owners_known"}


@pytest.fixture
def third(tmp_path: Path) -> Path:
    """Make a file as version 3 wrote it, digests included."""
    path = tmp_path / "third.db"
    tagged = dataclasses.replace(values.identity(), tags=(("a", "b"),), owners=(values.owner(),))
    whole = values.snapshot(
        values.application(), identities=(tagged,), hosts=(values.host(),), sources=(values.source(),)
    )
    snapshot.write(path, whole)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DROP TABLE identity_tags")
        database.execute("DELETE FROM owners WHERE holder_id IN (SELECT principal_id FROM identities)")
        for table, column in _ADDED_BY_4.items():
            database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        _without_5(database)
        told = [_digest(database, tables, 3) for tables in (schema.ESTATE, schema.EVIDENCE)]
        database.execute("UPDATE scan SET digest = ?, evidence_digest = ?", told)
        database.execute("PRAGMA user_version=3")
    return path


def _without_5(database: sqlite3.Connection) -> None:
    database.execute("DROP TABLE subscriptions")
    database.execute("ALTER TABLE policy_restrictions DROP COLUMN excluded_actors")


def _digest(database: sqlite3.Connection, tables: Iterable[str], version: int) -> str:
    """Sum SHA-256 of rows, as docs/snapshot.md says."""
    whole = hashlib.sha256(_line([version, TENANT, "public"]))
    for table in tables:
        if table != "subscriptions" and (table != "identity_tags" or version > 3):
            rows = database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names of tables
            total = sum(int.from_bytes(hashlib.sha256(_line(row)).digest(), "big") for row in rows)
            whole.update((total % (1 << 256)).to_bytes(32, "big"))
    return whole.hexdigest()


def test_what_version_3_did_not_read_is_unknown(third: Path, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="has version 3, made by an older unsecret"):
        snapshot.read(third)
    snapshot.upgrade(third, tmp_path / "new.db")
    found = snapshot.read(tmp_path / "new.db")
    (application,), (identity,) = found.applications, found.identities
    assert (application.noted, identity.owners, identity.tags) == (None, None, None)
    assert application.owners == (values.owner(),)
    assert found.hosts == (values.host(),)
    assert any(note.subject == "identity tags" and "unknown" in note.text for note in found.notes)


def test_a_changed_file_of_version_3_is_not_upgraded(third: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(third)) as database, database:
        database.execute("UPDATE hosts SET name = 'other'")
    with pytest.raises(SnapshotError, match="was changed after the scan"):
        snapshot.upgrade(third, tmp_path / "new.db")


def test_the_migrations_are_in_order_and_without_a_gap() -> None:
    assert [number for number, _ in MIGRATIONS] == list(range(schema.OLDEST_VERSION, schema.SCHEMA_VERSION))


@pytest.mark.parametrize("noted", [False, True])
def test_what_version_4_did_not_read_is_unknown(*, noted: bool, tmp_path: Path) -> None:
    [path, copy] = (tmp_path / name for name in ("fourth.db", "new.db"))
    notes = (ScanNote(subject="subscription s", text="Reader not granted on the whole of it"),) if noted else ()
    snapshot.write(path, values.snapshot(hosts=(values.host(),), policies=(values.policy(),), notes=notes))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        _without_5(database)
        told = [_digest(database, tables, 4) for tables in (schema.ESTATE, schema.EVIDENCE)]
        database.execute("UPDATE scan SET digest = ?, evidence_digest = ?", told)
        database.execute("PRAGMA user_version=4")
    snapshot.upgrade(path, copy)
    found = snapshot.read(copy)
    assert [one.excluded_actors for policy in found.policies for one in policy.restrictions] == [None]
    assert [one.id for one in found.subscriptions] == ([] if noted else ["s"])
