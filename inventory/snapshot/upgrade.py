"""Brings a snapshot of an older version to this one, in a copy: what was taken stays as it was taken.

Each migration is one function and one transaction. What a later version added was not read when an older file was
written: it is unknown in the copy, never empty. What a scan of today withholds is withheld in the copy too.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from inventory.errors import SnapshotError
from inventory.secret_texts import looks_secret
from inventory.snapshot.completion import reconcile_all, sealed
from inventory.snapshot.digest import Digest
from inventory.snapshot.files import into_place, transaction, writing
from inventory.snapshot.opening import header_of, opened
from inventory.tables import schema
from inventory.tables.rows import Row
from inventory.tables.withholding import kept

_VERSION_2 = {
    "applications": "id, client_id, display_name, created, sign_in_audience, disabled, tags, encryption_key, "
    "owners_known, federated_known",
    "service_principals": "id, client_id, display_name, kind, home_tenant, enabled, sign_on_mode, encryption_key, "
    "owners_known",
    "identities": "principal_id, client_id, name, resource_id, user_assigned",
    "credentials": "holder_id, key_id, kind, purpose, purpose_reason, holder, client_id, display_name, hint, "
    "thumbprint, starts, ends",
    "owners": "holder_id, object_id, kind, display_name, enabled",
    "federated_credentials": "application_id, name, id, issuer, subject, audiences",
    "activity": "key_id, client_id, holder, last_sign_in, last_successful_sign_in",
    "notes": "subject, text",
}
"""Tables and columns of version 2, in the order of its digest."""
_ACTIVITY = "graph-credential-activity"
_BLIND = msgspec.json.encode((
    "a credential without a row is unknown, not unused",
    "federated credentials do not appear",
    "an earlier version read it, which did not tell what else it could not see",
)).decode()  # fmt: skip
_SHORT = {"hint": "substr(hint, 1, 3)"}  # more than three characters would be the secret itself
_OF_HOLDER = (("credentials", "holder_id"), ("owners", "holder_id"), ("federated_credentials", "holder_id"))
_OBJECTS: Mapping[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "applications": ("id", "applications", _OF_HOLDER),
    "service_principals": ("id", "service-principals", _OF_HOLDER),
    "identities": ("principal_id", "service-principals", (*_OF_HOLDER, ("identity_tags", "principal_id"))),
    "hosts": ("resource_id", "hosts", (("host_identities", "resource_id"), ("host_settings", "resource_id"))),
    "policies": ("id", "policies", (("policy_restrictions", "policy_id"), ("policy_assignments", "policy_id"))),
}
"""Tables of objects: the column of the id, where the objects were listed, and the rows that hang on one."""
_AT_A_TIME = 1000


def upgrade(path: Path, out: Path) -> None:
    """Write a copy of a snapshot in the present version to ``out``.

    Raises SnapshotError for a file that is no snapshot, was changed after its scan, is too old or is of this version.
    """
    with opened(path, oldest=schema.OLDEST_VERSION) as source:
        version = source.execute("PRAGMA user_version").fetchone()[0]
        if version == schema.SCHEMA_VERSION:
            header_of(path, source)  # an error where there is nothing in it
            raise SnapshotError(f"{path} has version {version} already; use it as it is")
        told, made = _digest_2(source) if version == schema.OLDEST_VERSION else _digests(source, version)
        if told != made:
            raise SnapshotError(f"{path} was changed after the scan (its digest does not match); scan the tenant again")
        with writing(out):
            handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
            os.close(handle)
            part = Path(name)
            try:
                with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                    source.backup(copy)
                    _migrate(copy, version)
                    into_place(copy, part, out)
            finally:
                part.unlink(missing_ok=True)


def _migrate(database: sqlite3.Connection, version: int) -> None:
    for number, migration in MIGRATIONS:
        if number >= version:
            with transaction(database):
                migration(database)
                database.execute(f"PRAGMA user_version={number + 1}")
    with transaction(database):
        _withhold(database)
        reconcile_all(database, Digest())
        sealed(database, Digest())
    database.execute("VACUUM")


def _digest_2(database: sqlite3.Connection) -> tuple[str, str]:
    """Return what version 2 wrote: SHA-256 of each table sorted by its columns, joined in the order of the tables."""
    tenant_id, cloud, told = database.execute("SELECT tenant_id, cloud, digest FROM scan").fetchone()
    whole = hashlib.sha256(msgspec.json.encode((2, tenant_id, cloud)))
    for table, columns in _VERSION_2.items():
        part = hashlib.sha256()
        for row in database.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}"):  # noqa: S608 - our own
            part.update(msgspec.json.encode(row) + b"\n")
        whole.update(part.digest())
    return told, whole.hexdigest()


def _digests(database: sqlite3.Connection, version: int) -> tuple[str, str]:
    """Return the digests of version 3 or 4, which had fewer tables and columns, each pair as one text."""
    digest, added = Digest(), {one for since, some in _ADDED.items() if since > version for one in some}
    for table in schema.COLUMNS:
        if table not in added:
            columns = ", ".join(name for name in schema.names(table) if (table, name) not in added)
            digest.take(table, database.execute(f"SELECT {columns} FROM {table}"))  # noqa: S608 - names are our own
    tenant_id, cloud, *told = database.execute("SELECT tenant_id, cloud, digest, evidence_digest FROM scan").fetchone()
    made = [
        digest.text([one for one in tables if one not in added], tenant_id, cloud, version=version)
        for tables in (schema.ESTATE, schema.EVIDENCE)
    ]
    return " ".join(told), " ".join(made)


_ADDED: Mapping[int, frozenset[str | tuple[str, str]]] = {
    4: frozenset({"identity_tags", ("applications", "noted"), ("identities", "owners_known")}),
    5: frozenset({"subscriptions", ("policy_restrictions", "excluded_actors")}),
}
"""Tables, and columns of tables, by the version that they came with."""


def _from_2(database: sqlite3.Connection) -> None:
    """Add what surrounds credentials, and make rows of the activity report uses of one source."""
    for table in _VERSION_2:
        database.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    for (index,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall():
        database.execute(f"DROP INDEX {index}")
    database.execute("ALTER TABLE scan RENAME TO old_scan")
    for statement in schema.statements():
        database.execute(statement)
    database.execute("INSERT INTO scan SELECT tenant_id, cloud, taken_at, digest, '' FROM old_scan")
    for table, columns in _VERSION_2.items():
        if table in schema.COLUMNS:
            named = columns.replace("application_id", "holder_id")
            told = ", ".join(_SHORT.get(name, name) for name in columns.split(", "))
            database.execute(f"INSERT OR IGNORE INTO {table} ({named}) SELECT {told} FROM old_{table}")  # noqa: S608 - names are our own
    database.execute(_SOURCE, (_BLIND,))
    for statement in (_USES, _UNREADABLE):
        database.execute(statement)
    for table in ("scan", *_VERSION_2):
        database.execute(f"DROP TABLE old_{table}")
    for statement in schema.INDEXES:
        database.execute(statement)


def _withhold(database: sqlite3.Connection) -> None:
    """Do with every text what a scan does with it today (``entries``, ``withholding``)."""
    for table, (key, *_) in _OBJECTS.items():
        for (name,) in database.execute(f"SELECT {key} FROM {table}").fetchall():  # noqa: S608 - names are our own
            if looks_secret(name):
                _drop(database, table, name)
    for table in schema.COLUMNS:
        _withhold_in(database, table)


def _drop(database: sqlite3.Connection, table: str, name: str) -> None:
    """Make an object whose id looks like a secret an unreadable one."""
    key, collection, held = _OBJECTS[table]
    for one, column in ((table, key), *held):
        database.execute(f"DELETE FROM {one} WHERE {column} = ?", (name,))  # noqa: S608 - names are our own
    why = "its id looks like a secret"
    note = (f"an object of {table}", f"unreadable: {why}")
    database.execute("INSERT OR IGNORE INTO notes (subject, text) VALUES (?, ?)", note)
    database.execute(schema.insert("unreadable"), (collection, "", why))


def _withhold_in(database: sqlite3.Connection, table: str) -> None:
    columns = ", ".join(schema.names(table))
    told = database.execute(f"SELECT rowid, {columns} FROM {table} ORDER BY rowid")  # noqa: S608 - names are our own
    changed: list[tuple[int, Row]] = []
    while page := told.fetchmany(_AT_A_TIME):
        clean = kept(table, [row[1:] for row in page])
        changed += [(row[0], new) for row, new in zip(page, clean, strict=True) if new != row[1:]]
    database.executemany(f"DELETE FROM {table} WHERE rowid = ?", [(number,) for number, _ in changed])  # noqa: S608 - the same
    database.executemany(schema.insert(table), [row for _, row in changed])


def _from_3(database: sqlite3.Connection) -> None:
    """Add what speaks for a pairing: tags and owners of identities, and what notes of applications point at.

    A file of version 2 was given the present tables, and has them already.
    """
    present = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "identity_tags" not in present:
        database.execute(schema.create("identity_tags"))
        database.execute("ALTER TABLE applications ADD COLUMN noted TEXT")
        database.execute("ALTER TABLE identities ADD COLUMN owners_known INTEGER NOT NULL DEFAULT 0")
    database.execute("INSERT OR IGNORE INTO notes (subject, text) VALUES (?, ?)", _UNTAGGED)


def _from_4(database: sqlite3.Connection) -> None:
    """Add who is exempt from policies, and the subscriptions that were seen: those of hosts, where nothing is noted.

    A file of version 2 was given the present tables, and has them already.
    """
    present = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "subscriptions" in present:
        return
    database.execute(schema.create("subscriptions"))
    database.execute("ALTER TABLE policy_restrictions ADD COLUMN excluded_actors TEXT")
    database.execute(_SEEN)


_SEEN = """
    INSERT INTO subscriptions SELECT DISTINCT lower(subscription_id) FROM hosts
    WHERE 'subscription ' || lower(subscription_id) NOT IN (SELECT subject FROM notes)
"""
_UNTAGGED = ("identity tags", "an older unsecret did not read them: identity tags are unknown")
_SOURCE = f"""
    INSERT INTO sources (name, read_at, since, until, retention_days, missing, blind_spots, sees)
    SELECT '{_ACTIVITY}', taken_at, NULL, CASE WHEN missing = '' THEN newest END, NULL, missing, ?,
        CASE WHEN missing = '' THEN '["certificate","secret"]' ELSE '[]' END
    FROM scan,
        (SELECT coalesce(min(text), '') AS missing FROM old_notes WHERE subject = 'credential activity'),
        (SELECT max(last_sign_in) AS newest FROM old_activity)
"""  # noqa: S608 - a name of our own
_USES = f"""
    INSERT INTO uses (client_id, key_id, source, last_seen, last_success)
    SELECT client_id, key_id, '{_ACTIVITY}', max(last_sign_in), max(last_successful_sign_in)
    FROM old_activity GROUP BY client_id, key_id
"""  # noqa: S608 - a name of our own
_UNREADABLE = """
    INSERT OR IGNORE INTO unreadable (collection, object_id, reason)
    SELECT kind.collection, trim(substr(subject, length(kind.name) + 1)), substr(text, length('unreadable: ') + 1)
    FROM old_notes JOIN (
        SELECT 'application' AS name, 'applications' AS collection
        UNION ALL SELECT 'service principal', 'service-principals'
        UNION ALL SELECT 'credential activity', 'graph-credential-activity'
    ) AS kind ON substr(subject, 1, length(kind.name)) = kind.name
    WHERE text LIKE 'unreadable: %'
"""
MIGRATIONS: tuple[tuple[int, Callable[[sqlite3.Connection], None]], ...] = ((2, _from_2), (3, _from_3), (4, _from_4))
"""Each brings a file from its number to the next; in order."""
