from __future__ import annotations

import contextlib
import dataclasses
import random
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import snapshot
from inventory.cloud import Cloud
from inventory.directory import Page
from inventory.errors import SnapshotError
from inventory.estate import SettingKind
from inventory.model import Holder, KeyId, Purpose, ScanNote, Snapshot
from inventory.tables import schema
from tests.inventory import values
from tests.inventory.values import NOW, TENANT
from tests.support.examples import share

_OTHER_TABLES = {
    "scan": ("tenant_id", "cloud", "taken_at", "digest", "evidence_digest"),
    "deltas": ("collection", "link"),
    "progress": ("collection", "cursor", "objects"),
    "federated_told": ("holder_ids",),
    "places": ("collection", "place"),
}
_WHOLE = values.snapshot(
    values.application(
        1,
        name='a"b\x00c\u202e😀',
        owners=(values.owner(1), values.owner(2, name=None)),
        credentials=(values.secret(1), values.secret(2, purpose=Purpose.UNKNOWN, start=None, end=None)),
        federated=(values.trust(None), values.trust()),
    ),
    values.application(2, owners=None, federated=None, encryption_key=KeyId(values.guid("e", 5))),
    values.application(3, owners=()),
    principals=(
        values.principal(
            1,
            credentials=(values.secret(1, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 1)),),
            encryption_key=KeyId(values.guid("e", 6)),
        ),
    ),
    uses=(values.use(1), values.use(2, at=None)),
    sources=(values.source(blind=("what was not asked for",)),),
    hosts=(
        values.host(
            1, settings=(values.setting("A_SECRET", SettingKind.SECRET), values.setting("B", SettingKind.CLIENT_ID))
        ),
        values.host(2, settings=None),
    ),
    roles=(values.role(),),
    policies=(values.policy(applies_to=(values.guid("c", 1),)),),
    notes=(ScanNote(subject="application x", text="unreadable: odd"),),
)


def _written(path: Path, value: Snapshot = _WHOLE) -> Snapshot:
    digest = snapshot.write(path, value)
    return dataclasses.replace(value, digest=digest)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    expected = _written(tmp_path / "s.db")
    assert snapshot.read(tmp_path / "s.db") == expected
    assert [one.name for one in tmp_path.iterdir()] == ["s.db"]


def test_the_digest_knows_content_but_neither_order_nor_time(tmp_path: Path) -> None:
    digest = _written(tmp_path / "a.db").digest
    entries: list[snapshot.Entry] = [
        *_WHOLE.notes,
        *_WHOLE.uses,
        *_WHOLE.sources,
        *_WHOLE.hosts,
        *_WHOLE.subscriptions,
        *_WHOLE.roles,
        *_WHOLE.policies,
        *_WHOLE.identities,
        *_WHOLE.service_principals,
        *_WHOLE.applications,
    ]
    random.Random(7).shuffle(entries)  # noqa: S311 - an order, not a secret
    later = NOW + timedelta(days=1)
    with snapshot.SnapshotWriter(tmp_path / "b.db", tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=later) as writer:
        for entry in entries:
            writer.add("any", Page(entries=(entry,), cursor="more"))
        assert writer.finish() == digest
    changed = dataclasses.replace(_WHOLE, cloud=Cloud.CHINA)
    assert _written(tmp_path / "c.db", changed).digest != digest
    fewer = dataclasses.replace(_WHOLE, hosts=_WHOLE.hosts[:1])
    assert _written(tmp_path / "d.db", fewer).digest != digest


def test_use_that_goes_on_changes_the_digest_of_the_evidence_alone(tmp_path: Path) -> None:
    _written(tmp_path / "a.db")
    _written(tmp_path / "b.db", dataclasses.replace(_WHOLE, uses=_WHOLE.uses[:1]))
    before, after = snapshot.header(tmp_path / "a.db"), snapshot.header(tmp_path / "b.db")
    assert (before.digest, after.digest) == (before.digest, before.digest)
    assert before.evidence_digest != after.evidence_digest


def test_an_object_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    twice = dataclasses.replace(_WHOLE, applications=_WHOLE.applications * 2, identities=_WHOLE.identities * 2)
    assert _written(tmp_path / "a.db").digest == _written(tmp_path / "b.db", twice).digest


def test_a_scan_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    expected = _written(path)
    writer = snapshot.SnapshotWriter(path, tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW)
    with writer, contextlib.suppress(RuntimeError):
        raise RuntimeError("the cable")
    assert [one.name for one in tmp_path.iterdir()] == ["s.db"]
    with writer, contextlib.suppress(RuntimeError):
        writer.add("applications", Page(entries=_WHOLE.applications, cursor=None))
        raise RuntimeError("the cable")
    assert snapshot.read(path) == expected
    assert sorted(one.name for one in tmp_path.iterdir()) == [".s.db.part", "s.db"]


def test_no_column_could_hold_a_secret(tmp_path: Path) -> None:
    _written(tmp_path / "s.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as database:
        names = {
            row[1]
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for row in database.execute(f"PRAGMA table_info({table})")
        }
    assert not {name for name in names if "secret" in name or "value" in name or name == "key"}


def test_every_table_and_column_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "snapshot.md").read_text(encoding="utf-8")
    for table in (*schema.COLUMNS, *_OTHER_TABLES):
        columns = _OTHER_TABLES.get(table) or schema.names(table)
        section = page.partition(f"### {table}\n")[2].partition("\n### ")[0]
        assert section, table
        told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        assert sorted(told) == sorted(columns), table


def test_a_file_has_the_tables_that_are_documented_and_no_other(tmp_path: Path) -> None:
    _written(tmp_path / "s.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as database:
        rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert sorted(name for (name,) in rows) == sorted([*schema.COLUMNS, "scan", "deltas"])


def _damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    match how:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("{}")
        case "truncated":
            path.write_bytes(content[: len(content) // 2])
        case "header only":
            path.write_bytes(content[:100])
        case "flipped":
            place = content.index(b"Ana")
            content[place : place + 3] = b"Eva"
            path.write_bytes(content)
        case _:
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.executescript(how)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("missing", "does not exist; make a snapshot"),
        ("empty", "no SQLite file"),
        ("text", "no SQLite file"),
        ("truncated", "damaged"),
        ("header only", "damaged"),
        ("flipped", "changed after the scan"),
        ("PRAGMA application_id=1", "another program"),
        ("PRAGMA user_version=99", "newer unsecret"),
        ("PRAGMA user_version=1", "older unsecret; scan the tenant again"),
        ("PRAGMA user_version=2", "older unsecret; scan the tenant again, or .* unsecret snapshot upgrade"),
        (f"PRAGMA application_id={schema.SCAN_ID}", "unfinished scan"),
        ("DELETE FROM scan", "incomplete"),
        ("DELETE FROM owners", "changed after the scan"),
        ("UPDATE credentials SET purpose = 'authentication'", "changed after the scan"),
        ("UPDATE credentials SET purpose = 'nonsense'", "damaged"),
        ("UPDATE scan SET taken_at = 'noon'", "damaged"),
        ("DROP TABLE notes", "damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, how: str, says: str) -> None:
    path = tmp_path / "s.db"
    _written(path)
    _damage(path, how)
    with pytest.raises(SnapshotError, match=says) as caught:
        snapshot.read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "with space #1?.db"
    _written(path)
    before = path.read_bytes()
    snapshot.read(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"cannot be written: .*; make room there and its folder writable, or"):
        snapshot.write(tmp_path / "no" / "s.db", _WHOLE)
    with pytest.raises(SnapshotError, match="is a folder"):
        snapshot.write(tmp_path, _WHOLE)


_NAMES = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=share(25), deadline=None)
@given(st.lists(_NAMES, max_size=5), st.lists(st.tuples(_NAMES, _NAMES), max_size=4))
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], notes: list[tuple[str, str]]
) -> None:
    value = values.snapshot(
        *(values.application(number, name=name) for number, name in enumerate(names)),
        notes=tuple(
            sorted(
                (ScanNote(subject=a, text=b) for a, b in set(notes)),
                key=lambda one: (one.subject.encode(), one.text.encode()),
            )
        ),
    )
    path = tmp_path_factory.mktemp("any") / "s.db"
    expected = _written(path, value)
    assert snapshot.read(path) == expected
