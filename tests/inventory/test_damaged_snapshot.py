"""A snapshot that somebody edited by hand: one line that says what is wrong, whatever stands in whatever column."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inventory import report, snapshot
from inventory.diff import diff
from inventory.errors import NoSuchCredentialError, SnapshotError
from inventory.estate import SettingKind
from inventory.explain import explain
from inventory.model import ScanNote
from inventory.snapshot.upgrade import upgrade
from inventory.tables import schema
from reports.formats import formats
from tests.inventory import values
from tests.inventory.values import NOW

_DAMAGE: tuple[Any, ...] = (
    b"\x00\xff",
    b"text",
    "",
    "x",
    "[",
    "{}",
    '{"a": 1}',
    "[1]",
    "null",
    -1,
    5,
    2.5,
    1e300,
    None,
)
_ESTATE = values.snapshot(
    values.application(1, credentials=(values.secret(1), values.secret(2)), federated=(values.trust(),)),
    values.application(2, credentials=(values.secret(3, holder_id=values.guid("c", 2), end=NOW),)),
    principals=(values.principal(1),),
    identities=(dataclasses.replace(values.identity(), tags=(("team", "pay"),)),),
    hosts=(values.host(1, settings=(values.setting("AZURE_CLIENT_ID", SettingKind.CLIENT_ID),)),),
    roles=(values.role(),),
    policies=(values.policy(applies_to=(values.guid("c", 1),)),),
    uses=(values.use(1), values.use(1, address="203.0.113.9")),
    sources=(values.source(),),
    notes=(ScanNote(subject="application a1", text="unreadable: it is odd"),),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "s.db"
    snapshot.write(path, _ESTATE)
    return path


def _readers(whole: Path, damaged: Path, names: tuple[str, ...]) -> Iterator[Callable[[], object]]:
    def reported() -> None:
        document = report.document(damaged)
        for name in names:
            formats()[name].render(document)

    yield reported
    yield lambda: snapshot.read(damaged)
    yield lambda: explain(damaged, values.secret(1).key_id)
    yield lambda: diff(whole, damaged)
    yield lambda: diff(damaged, whole)
    yield lambda: upgrade(damaged, damaged.with_name("copy.db"))


def _damaged(whole: Path, path: Path, table: str, column: str, cell: Any) -> bool:
    """Copy a snapshot with another cell in a column; False where SQLite itself refuses that."""
    path.write_bytes(whole.read_bytes())
    statement = f"UPDATE OR IGNORE {table} SET {column} = ?"  # noqa: S608 - names of our own
    with closing(sqlite3.connect(path)) as database:
        changed = database.execute(statement, (cell,)).rowcount
        database.commit()
    return bool(changed)


def _refusals(whole: Path, damaged: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Let every reader have a damaged file, and yield what they refuse it with."""
    for reader in _readers(whole, damaged, names):
        try:
            reader()
        except SnapshotError as error:
            yield str(error)
        except NoSuchCredentialError:
            pass


def test_the_readers_read_what_is_whole(whole: Path, tmp_path: Path) -> None:
    copy = tmp_path / "s.db"
    copy.write_bytes(whole.read_bytes())
    told = list(_refusals(whole, copy, tuple(formats())))
    assert [one.partition(" ")[2] for one in told] == ["has version 5 already; use it as it is"]


@pytest.mark.parametrize(
    ("table", "column"), [("applications", "display_name"), ("sources", "retention_days"), ("owners", "display_name")]
)
def test_a_blob_in_a_column_of_text_or_numbers_is_named(whole: Path, tmp_path: Path, table: str, column: str) -> None:
    assert _damaged(whole, tmp_path / "s.db", table, column, b"\x00\xff")
    told = list(_refusals(whole, tmp_path / "s.db", ("json", "csv")))
    assert any(f"damaged (no text and no number is in {column})" in one for one in told)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("table", sorted(schema.COLUMNS))
def test_whatever_stands_in_a_column_is_read_or_refused_in_one_line(whole: Path, tmp_path: Path, table: str) -> None:
    for column in schema.names(table):
        for cell in _DAMAGE:
            if _damaged(whole, tmp_path / "s.db", table, column, cell):
                told = list(_refusals(whole, tmp_path / "s.db", ("json", "csv", "markdown", "sarif")))
                assert all("\n" not in one and str(tmp_path / "s.db") in one for one in told)
