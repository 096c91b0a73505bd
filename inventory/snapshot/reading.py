"""Reads snapshots into values: whole and checked, or in pieces."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from inventory.errors import SnapshotError
from inventory.model import Application, ServicePrincipal, Snapshot
from inventory.snapshot.digest import Digest
from inventory.snapshot.opening import Header, header_of, opened
from inventory.tables import schema, values
from inventory.tables.rows import Row


def read(path: Path, *, evidence: bool = True) -> Snapshot:
    """Read and check a snapshot; SnapshotError, one line, for a file that is missing, foreign, damaged, old or too new.

    Without ``evidence`` the value has no ``uses``, of which a large tenant has a million; both digests are checked
    all the same.
    """
    with opened(path) as database:
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise SnapshotError(f"{path} is damaged ({verdict}); scan the tenant again")
        of = header_of(path, database)
        digest = Digest()
        reader = _Reader(lambda table: digest.over(table, database.execute(schema.select(table))))
        snapshot = reader.snapshot(of, evidence=evidence)
        _match(path, of, digest)
    return snapshot


def check(path: Path, database: sqlite3.Connection) -> None:
    """Check the digests of an open snapshot without keeping anything of it; SnapshotError as for ``read``."""
    digest = Digest()
    digest.rest(database)
    _match(path, header_of(path, database), digest)


def _match(path: Path, of: Header, digest: Digest) -> None:
    told = [digest.text(tables, of.tenant_id, of.cloud) for tables in (schema.ESTATE, schema.EVIDENCE)]
    if told != [of.digest, of.evidence_digest]:
        raise SnapshotError(f"{path} was changed after the scan (its digest does not match); scan the tenant again")


def pieces(database: sqlite3.Connection, size: int = 1000) -> Iterator[Snapshot]:
    """Yield a snapshot in pieces of at most ``size`` clients: everything of some applications and service principals.

    Identities, policies, sources and notes are in every piece; roles and uses are those of its clients, hosts are in
    none. The digests are not checked.
    """
    of = header_of(Path(), database)
    shared = _Reader(lambda table: database.execute(schema.select(table, _SHARED[table])) if table in _SHARED else ())
    whole = shared.snapshot(of, evidence=True)
    last = ""
    while clients := [row[0] for row in database.execute(_CLIENTS, (last, size))]:
        last = clients[-1]
        yield dataclasses.replace(
            _piece(database, of, clients),
            identities=whole.identities,
            policies=whole.policies,
            sources=whole.sources,
            notes=whole.notes,
        )


def creators(database: sqlite3.Connection) -> Mapping[str, Application | ServicePrincipal]:
    """Return what is known of those that registered applications, by client id; without children.

    In pieces of a snapshot an application and the one that registered it may be apart.
    """
    found: dict[str, Application | ServicePrincipal] = {}
    for row in database.execute(schema.select("applications", _CREATED)):
        found[row[1]] = values.application(row, _none, _none, _none)
    for row in database.execute(schema.select("service_principals", _CREATED)):
        found[row[1]] = values.service_principal(row, _none, _none)
    return found


def _none(_: str) -> tuple[()]:
    return ()


_CREATED = "WHERE client_id IN (SELECT created_by FROM applications)"
_CLIENTS = """
    SELECT client_id FROM (
        SELECT * FROM (SELECT DISTINCT client_id FROM applications WHERE client_id > ?1 ORDER BY 1 LIMIT ?2)
        UNION SELECT * FROM (SELECT DISTINCT client_id FROM service_principals WHERE client_id > ?1 ORDER BY 1 LIMIT ?2)
    ) ORDER BY client_id LIMIT ?2
"""
_SHARED = {
    "identities": "",
    "identity_tags": "",
    "owners": "WHERE holder_id IN (SELECT principal_id FROM identities)",
    "federated_credentials": "WHERE holder = 'identity'",
    "policies": "",
    "policy_restrictions": "",
    "policy_assignments": "",
    "sources": "",
    "notes": "",
}
"""What is in every piece, and of which rows."""
_GIVEN = "(SELECT value FROM json_each(?1))"
_HOLDERS = (
    f"(SELECT id FROM applications WHERE client_id IN {_GIVEN} "  # noqa: S608 - texts of our own
    f"UNION ALL SELECT id FROM service_principals WHERE client_id IN {_GIVEN})"
)
_OF = {
    "applications": f"WHERE client_id IN {_GIVEN}",
    "service_principals": f"WHERE client_id IN {_GIVEN}",
    "credentials": f"WHERE holder_id IN {_HOLDERS}",
    "owners": f"WHERE holder_id IN {_HOLDERS}",
    "federated_credentials": f"WHERE holder_id IN {_HOLDERS}",
    "roles": f"WHERE principal_id IN {_HOLDERS}",
    "uses": f"WHERE client_id IN {_GIVEN}",
}
"""Which rows are in one piece, by its client ids as JSON."""


def _piece(database: sqlite3.Connection, of: Header, clients: list[str]) -> Snapshot:
    given = msgspec.json.encode(clients).decode()

    def rows(table: str) -> Iterable[Row]:
        return database.execute(schema.select(table, _OF[table]), (given,)) if table in _OF else ()

    return _Reader(rows).snapshot(of, evidence=True)


class _Reader:
    """Makes values of the rows of each table."""

    def __init__(self, rows: Callable[[str], Iterable[Row]]) -> None:
        self._rows = rows

    def snapshot(self, of: Header, *, evidence: bool) -> Snapshot:
        """Read every table once."""
        owners, credentials = self._children("owners", values.owner), self._children("credentials", values.credential)
        federated = self._children("federated_credentials", values.federated)
        tags = self._children("identity_tags", values.identity_tags)
        restrictions = self._children("policy_restrictions", values.restriction)
        assignments = self._children("policy_assignments", values.second)
        attached, settings = (
            self._children("host_identities", values.second),
            self._children("host_settings", values.setting),
        )
        for _ in self._rows("unreadable"):
            pass  # the notes say it too
        return Snapshot(
            tenant_id=of.tenant_id,
            cloud=of.cloud,
            taken_at=of.taken_at,
            digest=of.digest,
            applications=self._values(
                "applications", lambda row: values.application(row, owners, credentials, federated)
            ),
            service_principals=self._values(
                "service_principals", lambda row: values.service_principal(row, owners, credentials)
            ),
            identities=self._values("identities", lambda row: values.identity(row, federated, owners, tags)),
            notes=self._values("notes", values.note),
            hosts=self._values("hosts", lambda row: values.host(row, attached, settings)),
            subscriptions=self._values("subscriptions", values.subscription),
            roles=self._values("roles", values.role),
            policies=self._values("policies", lambda row: values.policy(row, restrictions, assignments)),
            sources=self._values("sources", values.source),
            uses=self._values("uses", values.use, keep=evidence),
        )

    def _values(self, table: str, value: Callable[[Row], Any], *, keep: bool = True) -> tuple[Any, ...]:
        if keep:
            return tuple([value(row) for row in self._rows(table)])
        for _ in self._rows(table):
            pass
        return ()

    def _children(self, table: str, value: Callable[[Row], Any]) -> values.Children:
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for row in self._rows(table):
            found[row[0]].append(value(row))
        return lambda key: tuple(found.get(key, ()))
