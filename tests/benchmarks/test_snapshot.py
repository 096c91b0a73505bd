"""How fast a snapshot is written and asked, at the size of a large tenant.

``pytest -m bench -s tests/benchmarks/test_snapshot.py`` prints the figures; about time nothing is asserted. Processor
time stands beside the seconds, since it says the same whatever else the machine does meanwhile.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import resource
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from inventory import snapshot
from inventory.cloud import Cloud
from inventory.diff import diff
from inventory.directory import FederatedOf, Page
from inventory.explain import explain
from inventory.model import Application, ApplicationId, ClientId, KeyId
from inventory.report import queries
from inventory.snapshot import SnapshotWriter
from inventory.snapshot.completion import complete
from inventory.snapshot.digest import Digest
from inventory.snapshot.files import into_place
from inventory.snapshot.part import ScanOf, begun
from inventory.tables import rows, schema
from inventory.tables.texts import time_text
from tests.inventory import values
from tests.inventory.values import NOW, TENANT

APPLICATIONS = 100_000
USES = 1_000_000
PAGE = 999
WRITTEN = (10_000, 100_000)
_NAME = "printf('%08x-0000-4000-8000-%012d', (n * 2654435761) % 4294967296, n)"
_N = "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {last})"
_FILL = f"""
    INSERT INTO applications SELECT 'a' || name, name, 'application ' || n, :at, NULL, 'AzureADMyOrg', 0, '[]', NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, '', NULL FROM (
        {_N.format(last=APPLICATIONS - 1)} SELECT n, {_NAME} AS name FROM c);
    INSERT INTO service_principals SELECT 's' || client_id, client_id, display_name, 'Application', :tenant, 1, :at,
        '[]', NULL, NULL, 1, '' FROM applications;
    INSERT INTO credentials SELECT a.id, printf('%s-%d', a.client_id, k.n),
        CASE k.n WHEN 2 THEN 'certificate' ELSE 'secret' END, 'authentication',
        'a client secret that belongs to no signing key',
        NULL, NULL, 'application', a.client_id, 'ci', 'aB1', NULL, NULL, NULL,
        :at, CASE a.rowid % 3 WHEN 0 THEN :at WHEN 1 THEN NULL ELSE :later END
        FROM applications AS a, (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2) AS k;
    INSERT INTO owners SELECT id, 'o' || client_id, 'user', 'Ana', 1 FROM applications WHERE rowid % 4;
    INSERT INTO federated_credentials SELECT id, 'id', 'f' || client_id, 'application',
        'https://login.microsoftonline.com/' || :tenant || '/v2.0', 'p' || (rowid % 20000),
        '["api://AzureADTokenExchange"]', NULL FROM applications WHERE rowid % 5 = 0;
    INSERT INTO identities SELECT 'p' || n, 'i' || n, 'id-' || n, '/subscriptions/s/ID-' || n, 1, 1, 1 FROM (
        {_N.format(last=19_999)} SELECT n FROM c);
    INSERT INTO hosts SELECT '/subscriptions/s/host-' || n, 'microsoft.web/sites', 'host-' || n, 's', 'g', 'westeurope',
        '{{}}', NULL, '[]', 1, NULL, NULL FROM ({_N.format(last=49_999)} SELECT n FROM c);
    INSERT INTO host_identities SELECT '/subscriptions/s/host-' || n, '/subscriptions/s/id-' || (n % 20000) FROM (
        {_N.format(last=49_999)} SELECT n FROM c);
    INSERT INTO host_settings SELECT h.resource_id, 'AZURE_CLIENT_ID', 'client-id', (SELECT client_id FROM
        applications AS a WHERE a.rowid = h.rowid), NULL FROM hosts AS h;
    INSERT INTO host_settings SELECT resource_id, 'AZURE_CLIENT_SECRET', 'secret', NULL, NULL FROM hosts;
    INSERT INTO roles SELECT id, 'app-role', 'r', 'Directory.Read.All', 'Microsoft Graph', '', rowid % 4, 'why'
        FROM service_principals WHERE rowid % 2;
    INSERT INTO sources VALUES ('graph-sign-ins', :at, :at, :at, 30, '', '["what managed identities do"]',
        '["certificate","federated","secret"]');
    INSERT INTO uses SELECT c.client_id, c.key_id, NULL, 'graph-sign-ins', NULL, 'clientSecret', '203.0.113.' || k.n,
        'resource', 0, :at, :at, :at, 3, 0 FROM (SELECT * FROM credentials WHERE rowid % 3) AS c, (
        {_N.format(last=USES // (APPLICATIONS * 2) - 1)} SELECT n FROM c) AS k;
"""  # noqa: S608 - texts of our own

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


@contextlib.contextmanager
def measured(what: str) -> Iterator[None]:
    wall, used = time.perf_counter(), time.process_time()
    yield
    print(f"{what}: {time.perf_counter() - wall:.2f} s, {time.process_time() - used:.2f} s of processor time")


def fill(path: Path) -> None:
    """Make a tenant by SQL; what completes it is what completes a scan."""
    part = begun(path, ScanOf(tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW))
    given = {"at": time_text(NOW), "later": time_text(NOW + timedelta(days=90)), "tenant": TENANT}
    part.database.execute("BEGIN")
    for statement in _FILL.split(";"):
        if statement.strip():
            names = {name: value for name, value in given.items() if f":{name}" in statement}
            part.database.execute(statement, names)
    part.database.execute("COMMIT")
    with measured(f"indexes, merged uses, purposes and digests of {APPLICATIONS} applications and {USES} uses"):
        complete(part.database, Digest())
    into_place(part.database, part.path, path)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "s.db"
    print()
    with measured("making the file"):
        fill(path)
    print(f"the file: {path.stat().st_size / 1e6:.0f} MB")
    return path


def test_every_query_of_the_report(large: Path) -> None:
    given = {"at": time_text(NOW), "tenant": TENANT, "limit": 5000}
    print()
    slowest = 0.0
    with snapshot.opened(large) as database:
        counted = database.execute("SELECT count(*) FROM uses").fetchone()[0]
        assert counted == USES
        for name, statement in {**queries.EVERY, **queries.SIZES}.items():
            named = {key: value for key, value in given.items() if f":{key}" in statement}
            wall, used = time.perf_counter(), time.process_time()
            found = len(database.execute(statement, named).fetchall())
            wall, used = time.perf_counter() - wall, time.process_time() - used
            slowest = max(slowest, used)
            print(f"{name}: {found} rows, {wall:.2f} s, {used:.2f} s of processor time")
    print(f"the slowest: {slowest:.2f} s of processor time; SQLite {sqlite3.sqlite_version}")


def test_the_report_the_difference_and_the_explanation(large: Path, tmp_path: Path) -> None:
    script = (
        "import resource, sys, time; from pathlib import Path; from inventory.report import document\n"
        "began = time.process_time(); found = document(Path(sys.argv[1]))\n"
        "print(len(found.findings), round(time.process_time() - began, 2), "
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    # From a small process: Linux counts the memory of whoever starts a process as its own peak.
    starter = "import subprocess, sys; subprocess.run(sys.argv[1:], check=True)"
    command = [sys.executable, "-S", "-c", starter, sys.executable, "-c", script, str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    findings, used, most = done.stdout.split()
    print(f"\nthe report as HTML has it: {used} s of processor time, {findings} findings, at most {most} MiB")
    changed = tmp_path / "changed.db"
    with SnapshotWriter.refresh(_copy(large, changed), tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        with measured("100 applications replaced"):
            writer.replace("applications", *(application(number) for number in range(100)))
        with measured("finish of a refresh"):
            writer.finish()
    with measured("the difference of two snapshots"):
        assert len(diff(large, changed)) >= 100
    with snapshot.opened(large) as database:
        key = database.execute("SELECT key_id FROM credentials WHERE rowid = 4").fetchone()[0]
    with measured("the explanation of one credential"):
        assert explain(large, key).stories[0].breaks
    with measured("reading and checking all of it, without uses"):
        assert len(snapshot.read(large, evidence=False).applications) == APPLICATIONS


def _copy(large: Path, to: Path) -> Path:
    to.write_bytes(large.read_bytes())
    return to


def application(number: int, chance: random.Random | None = None) -> Application:
    chance = chance or random.Random(number)  # noqa: S311 - ids, no secrets
    key, client = (str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(2))
    secrets = tuple(
        dataclasses.replace(
            values.secret(1),
            key_id=KeyId(str(uuid.UUID(int=chance.getrandbits(128)))),
            holder_id=key,
            client_id=ClientId(client),
        )
        for _ in range(3)
    )
    return dataclasses.replace(
        values.application(1), id=ApplicationId(key), client_id=ClientId(client), credentials=secrets, federated=None
    )


@pytest.mark.parametrize("size", WRITTEN)
def test_writing_against_sqlite_alone(tmp_path: Path, size: int) -> None:
    """The writer's rows, commits, checks and digests against SQLite inserting the same rows in one go."""
    chance = random.Random(7)  # noqa: S311 - ids, no secrets
    spent = {"writer": 0.0, "SQLite": 0.0}
    bare = sqlite3.connect(tmp_path / "bare.db", isolation_level=None)
    for table in ("applications", "credentials", "owners"):
        bare.execute(schema.create(table))
    bare.execute("PRAGMA synchronous=OFF")
    bare.execute("BEGIN")

    def timed(name: str, action: Callable[[], object]) -> None:
        began = time.process_time()
        action()
        spent[name] += time.process_time() - began

    with SnapshotWriter(tmp_path / "s.db", tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        for _ in range(0, size, PAGE):
            page = tuple(application(0, chance) for _ in range(PAGE))
            told = tuple(FederatedOf(holder_id=one.id, federated=()) for one in page)
            timed("writer", lambda: writer.add("applications", Page(entries=page, cursor="x")))  # noqa: B023 - used at once
            timed("writer", lambda: writer.add("federated", Page(entries=told, cursor="x")))  # noqa: B023 - used at once
            made = {
                "applications": [rows.application(one) for one in page],
                "credentials": [rows.credential(each) for one in page for each in one.credentials],
                "owners": [rows.owner(one.id, each) for one in page for each in one.owners or ()],
            }
            for table, found in made.items():
                timed("SQLite", lambda: bare.executemany(schema.insert(table), found))  # noqa: B023 - used at once
        timed("SQLite", lambda: bare.execute("COMMIT"))
        added = spent["writer"]
        timed("writer", writer.finish)
    bare.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\n{size} applications, {size * 5} rows: {spent['writer']:.1f} s of processor time, {added:.1f} of it while "
        f"pages come; SQLite alone, without indexes: {spent['SQLite']:.1f} s "
        f"({spent['writer'] / spent['SQLite']:.1f} x); at most {most} MiB"
    )
