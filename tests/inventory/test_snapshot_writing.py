from __future__ import annotations

import contextlib
import dataclasses
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from inventory import snapshot
from inventory.cloud import Cloud
from inventory.directory import FederatedOf, Page
from inventory.errors import SnapshotError
from inventory.model import Holder, KeyId, PrincipalId, Purpose, ScanNote, TenantId
from inventory.snapshot import SnapshotWriter
from inventory.tables import rows
from tests.inventory import values
from tests.inventory.values import NOW, PRINCIPAL, TENANT

ROOT = Path(__file__).parents[2]
_CHILD = """
import sys, time
from pathlib import Path
from inventory.directory import Page
from inventory.cloud import Cloud
from inventory.snapshot import SnapshotWriter
from tests.inventory import values
from tests.inventory.test_snapshot_writing import page
path, after = sys.argv[1:]
with SnapshotWriter.resume(
    Path(path), tenant_id=values.TENANT, cloud=Cloud.PUBLIC, taken_at=values.NOW
) as writer:
    number = 0
    while True:
        writer.add("applications", page(number))
        number += 1
        print(number, flush=True)
        if number > int(after) + 2:  # on a busy machine the signal may be late
            time.sleep(600)
"""
PAGES = 8
SIZE = 20


def page(number: int) -> Page[snapshot.Entry]:
    """One page of a tenant of ``PAGES``; pages overlap by one application, as they do where one was added meanwhile."""
    numbers = range(number * SIZE, number * SIZE + SIZE + 1)
    entries = tuple(
        values.application(
            each,
            credentials=(dataclasses.replace(values.secret(each), holder_id=values.guid("c", each)),),
            federated=None,
        )
        for each in numbers
    )
    return Page(entries=entries, cursor=str(number + 1) if number + 1 < PAGES else None)


def resumed(
    path: Path, *, at: datetime = NOW, tenant: TenantId = TENANT, cloud: Cloud = Cloud.PUBLIC
) -> SnapshotWriter:
    return SnapshotWriter.resume(path, tenant_id=tenant, cloud=cloud, taken_at=at)


def _killed(path: Path, after: int) -> None:
    """Kill a scan when it has said that ``after`` pages are there."""
    command = [sys.executable, "-c", _CHILD, str(path), str(after)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if int(line) == after:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
    assert process.returncode == -signal.SIGKILL


def _whole(path: Path) -> str:
    with SnapshotWriter(path, tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        for number in range(PAGES):
            writer.add("applications", page(number))
        return writer.finish()


@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_scan_is_taken_up_with_nothing_lost_and_nothing_twice(tmp_path: Path, after: int) -> None:
    path = tmp_path / "s.db"
    _killed(path, after)
    later = NOW + timedelta(hours=2)
    with resumed(path, at=later) as writer:
        assert writer.beginning.resumed
        assert "taken up" in writer.beginning.text
        assert "began 2 hours ago" in writer.beginning.text
        progress = writer.progress("applications")
        assert progress is not None
        assert progress.cursor is not None
        assert int(progress.cursor) >= after
        assert writer.progress("roles") is None
        for number in range(int(progress.cursor), PAGES):
            writer.add("applications", page(number))
        digest = writer.finish()
    found = snapshot.read(path)
    assert [one.display_name for one in found.applications] == ["orders-api"] * (PAGES * SIZE + 1)
    assert all(len(one.credentials) == len(one.owners or ()) == 1 for one in found.applications)
    assert digest == found.digest == _whole(tmp_path / "whole.db")
    assert found.taken_at == NOW


def test_a_finished_snapshot_is_one_clean_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    _whole(path)
    assert [one.name for one in tmp_path.iterdir()] == ["s.db"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT name FROM sqlite_master WHERE name IN ('progress', 'seen')").fetchall() == []


def test_a_scan_that_was_read_to_its_end_but_not_finished_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with resumed(path) as writer:
        for number in range(PAGES):
            writer.add("applications", page(number))
    with resumed(path) as writer:
        progress = writer.progress("applications")
        assert progress is not None
        assert (progress.cursor, progress.objects) == (None, PAGES * (SIZE + 1))
        assert writer.finish() == _whole(tmp_path / "whole.db")


def test_a_scan_that_breaks_off_while_it_is_completed_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"

    def cut(*_: object) -> None:
        raise RuntimeError("the cable")

    with monkeypatch.context() as broken, contextlib.suppress(RuntimeError), resumed(path) as writer:
        for number in range(PAGES):
            writer.add("applications", page(number))
        broken.setattr("inventory.snapshot.completion.sealed", cut)
        writer.finish()
    assert not path.exists()
    with resumed(path) as writer:
        assert writer.beginning.resumed
        assert writer.finish() == _whole(tmp_path / "whole.db")
    assert len(snapshot.read(path).applications) == PAGES * SIZE + 1


def _begin(path: Path) -> None:
    with SnapshotWriter(path, tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        writer.add("applications", page(0))


_OTHER = TenantId(values.guid("1", 1))


@pytest.mark.parametrize(
    ("tenant", "cloud", "age", "says"),
    [
        (_OTHER, Cloud.PUBLIC, timedelta(0), f"is of tenant {TENANT} in the cloud public"),
        (TENANT, Cloud.CHINA, timedelta(0), f"is of tenant {TENANT} in the cloud public"),
        (TENANT, Cloud.PUBLIC, timedelta(days=3), "began 3 days ago and may be no older than 24 hours"),
        (TENANT, Cloud.PUBLIC, timedelta(hours=-3), "began 3 hours after now"),
    ],
)
def test_an_unfinished_scan_that_does_not_fit_is_begun_anew_and_that_is_said(
    tmp_path: Path, tenant: TenantId, cloud: Cloud, age: timedelta, says: str
) -> None:
    path = tmp_path / "s.db"
    _begin(path)
    with resumed(path, tenant=tenant, cloud=cloud, at=NOW + age) as writer:
        assert not writer.beginning.resumed
        assert writer.beginning.text.startswith("begun anew: ")
        assert says in writer.beginning.text
        assert writer.count("applications") == 0
        assert writer.progress("applications") is None
        writer.finish()
    assert snapshot.header(path).tenant_id == tenant


@pytest.mark.parametrize("how", ["PRAGMA user_version=2", "text", "damaged", "of another program", "empty"])
def test_what_is_no_unfinished_scan_of_ours_is_begun_anew(tmp_path: Path, how: str) -> None:
    path, part = tmp_path / "s.db", tmp_path / ".s.db.part"
    _begin(path)
    match how:
        case "text":
            part.write_text("no database, and longer than the header of one " * 9)
        case "empty":
            part.write_bytes(b"")
        case "damaged":
            content = bytearray(part.read_bytes())
            content[4096:] = b"\xff" * len(content[4096:])
            part.write_bytes(content)
        case "of another program":
            part.unlink()
            with contextlib.closing(sqlite3.connect(part)) as database:
                database.execute("CREATE TABLE owners (mine)")
        case _:
            with contextlib.closing(sqlite3.connect(part)) as database:
                database.executescript(how)
    with resumed(path) as writer:
        assert not writer.beginning.resumed
        assert writer.count("applications") == 0
        writer.add("applications", page(0))
        writer.finish()
    assert len(snapshot.read(path).applications) == SIZE + 1


def test_two_writers_of_one_snapshot_are_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with resumed(path) as writer:
        writer.add("applications", page(0))
        for begin in (resumed(path), SnapshotWriter(path, tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW)):
            with pytest.raises(SnapshotError, match=r"being written by another scan .* wait for its end"), begin:
                pass
        writer.add("applications", page(1))
        writer.finish()
    assert len(snapshot.read(path).applications) == 2 * SIZE + 1


def test_a_page_that_cannot_be_written_leaves_neither_rows_nor_cursor(tmp_path: Path) -> None:
    with resumed(tmp_path / "s.db") as writer:
        writer.add("applications", page(0))
        broken = dataclasses.replace(values.secret(999), display_name=["no text"])  # type: ignore[arg-type]
        entries = (values.application(999, credentials=(broken,)),)
        with pytest.raises(SnapshotError, match="cannot be written"):
            writer.add("applications", Page(entries=entries, cursor=None))
        progress = writer.progress("applications")
        assert progress is not None
        assert progress.cursor == "1"
        assert writer.count("applications") == SIZE + 1
        writer.add("applications", Page(entries=(values.application(999),), cursor=None))
        writer.finish()
    assert len(snapshot.read(tmp_path / "s.db").applications) == SIZE + 2


def test_federated_credentials_of_a_listing_of_their_own_are_known_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    identity = dataclasses.replace(values.identity(), principal_id=PrincipalId(values.guid("b", 7)))
    with resumed(path) as writer:
        first = FederatedOf(holder_id=values.guid("c", 1), federated=(values.trust(),))
        writer.add("federated", Page(entries=(first, first), cursor="x"))
        writer.add(
            "federated", Page(entries=(FederatedOf(holder_id=values.guid("c", 2), federated=()), first), cursor="y")
        )
        listed = tuple(values.application(each, federated=None) for each in (1, 2, 3))
        writer.add("applications", Page(entries=listed, cursor=None))
    with resumed(path) as writer:
        writer.add("federated", Page(entries=(first,), cursor=None))
        writer.add("service-principals", Page(entries=(values.identity(), identity), cursor=None))
        of = FederatedOf(holder_id=PRINCIPAL, federated=(values.trust("repo:x"),))
        writer.add("identity-federated", Page(entries=(of,), cursor=None))
        writer.finish()
    found = snapshot.read(path)
    assert [one.federated for one in found.applications] == [(values.trust(),), (), None]
    assert [one.federated for one in found.identities] == [(values.trust("repo:x"),), None]
    with contextlib.closing(sqlite3.connect(path)) as database:
        kinds = database.execute("SELECT holder FROM federated_credentials ORDER BY 1").fetchall()
    assert kinds == [("application",), ("identity",)]


def test_one_use_that_is_told_in_several_pages_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    early, late = NOW - timedelta(days=9), NOW - timedelta(days=1)
    one = dataclasses.replace(
        values.use(1, address="203.0.113.1", at=early), first=early, last=early, successes=2, failures=0
    )
    two = dataclasses.replace(one, first=late, last=late, last_success=None, successes=0, failures=3)
    other = dataclasses.replace(one, address="203.0.113.2")
    with resumed(path) as writer:
        writer.add("graph-sign-ins", Page(entries=(one, other), cursor="1"))
        writer.add("graph-sign-ins", Page(entries=(two,), cursor=None))
        writer.finish()
    merged = dataclasses.replace(one, last=late, successes=2, failures=3)
    assert snapshot.read(path).uses == (merged, other)


def test_both_holders_together_say_what_a_credential_is_for(tmp_path: Path) -> None:
    key = values.secret(1)
    other = dataclasses.replace(values.secret(2, holder=Holder.SERVICE_PRINCIPAL), holder_id=values.guid("7", 1))
    principal = values.principal(1, credentials=(other,), encryption_key=key.key_id)
    before = values.snapshot(values.application(1, credentials=(key, values.secret(3))), principals=(principal,))
    snapshot.write(tmp_path / "s.db", before)
    found = snapshot.read(tmp_path / "s.db")
    assert [one.purpose for one in found.applications[0].credentials] == [Purpose.ENCRYPTION, Purpose.AUTHENTICATION]
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as database:
        rows = database.execute("SELECT key_id, purpose, own_purpose FROM credentials ORDER BY 1").fetchall()
    assert rows == [
        (key.key_id, "encryption", "authentication"),
        (other.key_id, "authentication", None),
        (values.secret(3).key_id, "authentication", None),
    ]


def _refreshed(path: Path) -> SnapshotWriter:
    return SnapshotWriter.refresh(path, tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW + timedelta(days=1))


def test_a_refresh_says_what_a_full_scan_says(tmp_path: Path) -> None:
    key = values.secret(1)
    unreadable = ScanNote(subject=f"application {values.guid('c', 5)}", text="unreadable: odd")
    now_unreadable = ScanNote(subject=f"application {values.guid('c', 6)}", text="unreadable: odder")
    kept = (
        values.application(2),
        values.application(
            3, credentials=(values.secret(9, holder_id=values.guid("c", 3)),), federated=(values.trust(),)
        ),
    )
    hosts, more_hosts = (values.host(1),), (values.host(1, settings=None), values.host(2))
    snapshot.write(
        tmp_path / "s.db",
        values.snapshot(
            values.application(1, credentials=(key,), federated=(values.trust(),)),
            *kept,
            values.application(4),
            values.application(6, credentials=(values.secret(6, holder_id=values.guid("c", 6)),)),
            principals=(values.principal(1, encryption_key=key.key_id),),
            uses=(values.use(1),),
            sources=(values.source(),),
            hosts=hosts,
            roles=(values.role(), values.role(values.guid("7", 4))),
            notes=(unreadable, ScanNote(subject="roles", text="not read")),
        ),
    )
    changed = values.application(1, name="renamed", credentials=(key, values.secret(2)), federated=(values.trust(),))
    readable = values.application(5, credentials=(values.secret(5, holder_id=values.guid("c", 5)),))
    full = values.snapshot(
        changed,
        *kept,
        readable,
        principals=(values.principal(1),),
        uses=(values.use(2),),
        sources=(values.source(),),
        hosts=more_hosts,
        roles=(values.role(),),
        notes=(now_unreadable,),
    )
    snapshot.write(tmp_path / "full.db", full)
    with _refreshed(tmp_path / "s.db") as writer:
        writer.replace("applications", dataclasses.replace(changed, federated=None), readable, now_unreadable)
        writer.replace("service-principals", values.principal(1))
        writer.remove(values.guid("c", 4), values.guid("7", 4), "nobody")
        writer.forget("hosts")
        writer.add("hosts", Page(entries=(*more_hosts, *full.subscriptions), cursor=None))
        writer.forget("graph-credential-activity")
        writer.add("graph-credential-activity", Page(entries=(values.source(), values.use(2)), cursor=None))
        writer.link("applications", "https://graph/delta?token")
        digest = writer.finish()
    expected, found = snapshot.read(tmp_path / "full.db"), snapshot.read(tmp_path / "s.db")
    assert dataclasses.replace(found, taken_at=NOW) == expected
    assert digest == expected.digest
    assert snapshot.header(tmp_path / "s.db").evidence_digest == snapshot.header(tmp_path / "full.db").evidence_digest
    assert snapshot.deltas(tmp_path / "s.db") == {"applications": "https://graph/delta?token"}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["full.db", "s.db"]


def test_a_refresh_that_is_broken_off_leaves_the_snapshot_and_is_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    digest = _whole(path)
    with contextlib.suppress(RuntimeError), _refreshed(path) as writer:
        writer.remove(values.guid("c", 1))
        writer.add("hosts", Page(entries=(values.host(),), cursor="1"))
        raise RuntimeError("the cable")
    assert snapshot.read(path).digest == digest
    assert [one.name for one in tmp_path.iterdir()] == ["s.db"]


@pytest.mark.parametrize("what", ["missing", "of another tenant"])
def test_only_a_snapshot_of_the_same_tenant_is_refreshed(tmp_path: Path, what: str) -> None:
    path = tmp_path / "s.db"
    if what != "missing":
        snapshot.write(path, dataclasses.replace(values.snapshot(), tenant_id=_OTHER))
    with pytest.raises(SnapshotError, match=r"does not exist|is of tenant"), _refreshed(path):
        pass


def test_a_snapshot_that_was_changed_is_not_refreshed_into_one_that_looks_sound(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    _whole(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE credentials SET purpose_reason = 'because'")
        database.commit()
    changed = path.read_bytes()
    with pytest.raises(SnapshotError, match="was changed after the scan"), _refreshed(path):
        pass
    assert path.read_bytes() == changed
    assert [one.name for one in tmp_path.iterdir()] == ["s.db"]


@pytest.mark.parametrize("anew", [False, True])
def test_an_unfinished_scan_that_is_too_damaged_to_be_emptied_is_replaced(tmp_path: Path, anew: bool) -> None:  # noqa: FBT001
    path, part = tmp_path / "s.db", tmp_path / ".s.db.part"
    _begin(path)
    content = bytearray(part.read_bytes())
    content[8192:60_000] = b"\xff" * len(content[8192:60_000])
    part.write_bytes(content)
    with contextlib.closing(sqlite3.connect(part)) as database, pytest.raises(sqlite3.DatabaseError):
        database.execute("DROP TABLE credentials")
    begin = SnapshotWriter if anew else SnapshotWriter.resume
    with begin(path, tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        writer.add("applications", page(0))
        writer.finish()
    assert len(snapshot.read(path).applications) == SIZE + 1


def test_a_signing_key_that_is_gone_gives_its_companions_back(tmp_path: Path) -> None:
    """What one holder said of the other's credentials is not kept when it no longer says so."""
    key = values.secret(1)
    sign = dataclasses.replace(
        values.secret(1, purpose=Purpose.SIGNING, holder=Holder.SERVICE_PRINCIPAL), holder_id=values.guid("7", 1)
    )
    path = tmp_path / "s.db"
    application = values.application(1, credentials=(key,), encryption_key=KeyId(values.guid("e", 9)))
    snapshot.write(path, values.snapshot(application, principals=(values.principal(1, credentials=(sign,)),)))
    assert snapshot.read(path).applications[0].credentials[0].purpose is Purpose.SIGNING
    with _refreshed(path) as writer:
        writer.replace("service-principals", values.principal(1))
        writer.finish()
    assert snapshot.read(path).applications[0].credentials[0] == key


@pytest.mark.parametrize("pages", [1, 2])
def test_an_attempt_of_unknown_outcome_is_not_lost_among_failures(tmp_path: Path, pages: int) -> None:
    """Added to failures of the same credential it would say that nothing succeeded."""
    counted = dataclasses.replace(
        values.use(1), first=NOW, last=NOW, last_success=None, successes=0, failures=1, credential_type="clientSecret"
    )
    untold = dataclasses.replace(counted, successes=None, failures=None)
    path = tmp_path / "s.db"
    with SnapshotWriter(path, tenant_id=values.TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        for number in range(pages):
            writer.add("log", Page(entries=(counted, untold), cursor=None if number + 1 == pages else "x"))
        writer.finish()
    found = snapshot.read(path).uses
    assert sorted((use.successes, use.failures) for use in found if use.successes is not None) == [(0, pages)]
    assert [use.failures for use in found if use.successes is None] == [None]


@pytest.mark.parametrize("collection", ["federated", "identity-federated"])
def test_the_holder_of_federated_credentials_that_cannot_be_read_is_named(collection: str) -> None:
    note = ScanNote(subject=f"federated credentials of {values.guid('c', 5)}", text="unreadable: odd")
    assert list(rows.unreadable(collection, note)) == [(collection, values.guid("c", 5), "odd")]
