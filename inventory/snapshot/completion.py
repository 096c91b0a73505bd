"""What turns an unfinished file into a snapshot: what only the whole tells, indexes, digests.

All of it is one transaction: a scan that is killed here is completed by the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from inventory.classify import reconcile
from inventory.model import Application, Credential, ServicePrincipal
from inventory.snapshot.digest import Digest
from inventory.snapshot.files import transaction
from inventory.tables import rows, schema, values

_TELLING = """
    SELECT client_id FROM credentials WHERE purpose IN ('signing', 'encryption')
    UNION SELECT client_id FROM applications WHERE encryption_key IS NOT NULL
    UNION SELECT client_id FROM service_principals WHERE encryption_key IS NOT NULL OR lower(sign_on_mode) = 'saml'
    UNION SELECT client_id FROM credentials GROUP BY client_id, key_id HAVING count(DISTINCT kind) > 1
    UNION SELECT client_id FROM credentials WHERE thumbprint IS NOT NULL
        GROUP BY client_id, thumbprint HAVING count(DISTINCT kind) > 1
"""
"""Clients of which one holder may say something about a credential of the other; see ``classify.reconcile``."""
_USE = ", ".join(schema.names("uses")[:9])
"""What tells one use from another; the rest is times and counts."""
_COUNTED = "uses.successes IS NULL"
"""What tells attempts of unknown outcome from those that are known to have failed: they are never added up."""
_AGAIN = f"""
    CREATE TEMP TABLE again AS
    SELECT {_USE}, min(first_seen) AS first_seen, max(last_seen) AS last_seen, max(last_success) AS last_success,
        sum(successes) AS successes, sum(failures) AS failures
    FROM uses GROUP BY {_USE}, {_COUNTED} HAVING count(*) > 1
"""  # noqa: S608 - names are our own


def complete(database: sqlite3.Connection, digest: Digest, *, merge: bool = True) -> str:
    """Complete an unfinished file and return its digest; afterwards it is one file without a log beside it.

    ``digest`` holds all rows, as they were written, of those tables of which it holds any. Without ``merge`` no use can
    be there twice.
    The old pages are journalled from here on, the new ones of indexes are not, so that these are written once.
    """
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("PRAGMA journal_mode=DELETE")
    database.execute("PRAGMA synchronous=FULL")
    with transaction(database):
        _know_federated(database)
        for table in ("progress", "federated_told", "places"):  # now, so that the indexes take their place
            database.execute(f"DROP TABLE {table}")
        if merge:
            _merge_uses(database)
        for statement in schema.INDEXES:
            database.execute(statement)
        reconcile_all(database, digest)
        return sealed(database, digest)


def sealed(database: sqlite3.Connection, digest: Digest) -> str:
    """Write the digests, mark the file as a snapshot and return the digest; the caller holds the transaction."""
    of = database.execute("SELECT tenant_id, cloud FROM scan").fetchone()
    digest.rest(database)
    found, evidence = digest.text(schema.ESTATE, *of), digest.text(schema.EVIDENCE, *of)
    database.execute("UPDATE scan SET digest = ?, evidence_digest = ?", (found, evidence))
    database.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
    database.execute(f"PRAGMA user_version={schema.SCHEMA_VERSION}")
    return found


def _know_federated(database: sqlite3.Connection) -> None:
    """Set ``federated_known`` where a listing told of the object, be the listing of it empty or not."""
    for table, key in (("applications", "id"), ("identities", "principal_id")):
        database.execute(
            f"UPDATE {table} SET federated_known = 1 "  # noqa: S608 - names are our own
            f"WHERE NOT federated_known AND {key} IN (SELECT value FROM federated_told, json_each(holder_ids))"
        )


def _merge_uses(database: sqlite3.Connection) -> None:
    """Make one row of those that tell of the same use: a source that is read in pages tells of it in each."""
    database.execute("DROP TABLE IF EXISTS temp.again")
    database.execute(_AGAIN)
    if database.execute("SELECT EXISTS (SELECT 1 FROM again)").fetchone() == (1,):
        same = " AND ".join(f"uses.{name} IS again.{name}" for name in schema.names("uses")[:9])
        same += f" AND ({_COUNTED}) = (again.successes IS NULL)"
        database.execute("CREATE INDEX temp.again_by_client ON again (client_id, key_id)")
        database.execute(f"DELETE FROM uses WHERE EXISTS (SELECT 1 FROM again WHERE {same})")  # noqa: S608 - our own
        database.execute(f"INSERT INTO uses SELECT {', '.join(schema.names('uses'))} FROM again")  # noqa: S608 - our own
    database.execute("DROP TABLE again")


def reconcile_all(database: sqlite3.Connection, digest: Digest) -> None:
    """Let the two holders of each client hear each other; what a holder said alone stays in ``own_purpose``."""
    for (client_id,) in database.execute(_TELLING).fetchall():
        for number, was, one in _corrected(database, client_id):
            database.execute(_CORRECT, (one.purpose.value, one.purpose_reason, number))
            if digest.knows("credentials"):
                digest.drop("credentials", [rows.credential(was)])
                digest.take("credentials", database.execute(_ROW, (number,)))


_CORRECT = (
    "UPDATE credentials SET own_purpose = purpose, own_purpose_reason = purpose_reason, purpose = ?, "
    "purpose_reason = ? WHERE rowid = ?"
)
_COLUMNS = ", ".join(schema.names("credentials"))
_ROW = f"SELECT {_COLUMNS} FROM credentials WHERE rowid = ?"  # noqa: S608 - names are our own
_HELD = f"SELECT rowid, {_COLUMNS} FROM credentials WHERE client_id = ? ORDER BY {_COLUMNS}"  # noqa: S608 - the same


def _corrected(database: sqlite3.Connection, client_id: str) -> Iterator[tuple[int, Credential, Credential]]:
    """Yield row, credential and corrected credential of a client where the other holder corrects the purpose."""
    found: dict[str, list[tuple[int, Credential]]] = {}
    for number, *row in database.execute(_HELD, (client_id,)).fetchall():
        found.setdefault(row[0], []).append((number, values.credential(tuple(row))))

    def credentials(key: str) -> tuple[Credential, ...]:
        return tuple(credential for _, credential in found.get(key, ()))

    application = _application(database, client_id, credentials)
    principal = _principal(database, client_id, credentials)
    before = [each for one in (application, principal) if one is not None for each in found.get(one.id, ())]
    for (number, was), one in zip(before, reconcile(application, principal), strict=True):
        if one.purpose is not was.purpose:
            yield number, was, one


def _application(database: sqlite3.Connection, client_id: str, credentials: values.Children) -> Application | None:
    row = database.execute(schema.select("applications", "WHERE client_id = ?"), (client_id,)).fetchone()
    return None if row is None else values.application(row, _nothing, credentials, _nothing)


def _principal(database: sqlite3.Connection, client_id: str, credentials: values.Children) -> ServicePrincipal | None:
    row = database.execute(schema.select("service_principals", "WHERE client_id = ?"), (client_id,)).fetchone()
    return None if row is None else values.service_principal(row, _nothing, credentials)


def _nothing(_: str) -> tuple[()]:
    return ()
