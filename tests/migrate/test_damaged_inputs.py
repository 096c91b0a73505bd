"""Whatever is wrong with what ``plan`` and ``replay`` are given: they work, or say what is wrong in one line."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inventory import snapshot
from inventory.estate import SettingKind
from inventory.snapshot.completion import sealed
from inventory.snapshot.digest import Digest
from inventory.tables import schema
from migrate import planfile
from migrate.cli.main import main
from migrate.model import Plan
from tests.inventory import values
from tests.support.exported import TENANT, lines, record

Says = Callable[[list[str]], str]
_CELLS: tuple[Any, ...] = (b"\x00\xff", "", "x", "[1]", '{"a": 1}', "9999-12-31T23:59:59.999999Z", -1, 1e300, None)
_ODD: tuple[Any, ...] = (None, "", -1, 1e308, [], {}, True, "\x00", "\u202e", [[]], "9999-99-99")
_TIMES = ("9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "2026-01-09T00:00:00-8:00", "x" * 9999)
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_ESTATE = values.snapshot(
    values.application(1, credentials=(values.secret(1), values.secret(2)), federated=(values.trust(),)),
    principals=(values.principal(1),),
    identities=(values.identity(),),
    hosts=(values.host(1, settings=(values.setting("AZURE_CLIENT_ID", SettingKind.CLIENT_ID),)),),
    policies=(values.policy(applies_to=(values.guid("c", 1),)),),
    roles=(values.role(),),
    uses=(values.use(1),),
    sources=(values.source(),),
)


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Says:
    """Run a command in the folder of a whole snapshot and its plan; return what it says of its failure, if it fails."""
    monkeypatch.chdir(tmp_path)
    snapshot.write(tmp_path / "whole.db", _ESTATE)
    assert main(["plan", "whole.db", "--out", "plan.json"]) == 0
    capsys.readouterr()

    def run(arguments: list[str]) -> str:
        code, told = main(arguments), capsys.readouterr().err
        assert "internal error" not in told, (arguments, told)
        assert code in {0, 1} or (code == 2 and told.count("\n") == 1), (arguments, told)
        return told if code == 2 else ""

    return run


def _spoil(table: str, column: str, cell: Any) -> bool:
    """Copy the snapshot with another cell in a column and with digests that match; False where that cannot be."""
    Path("spoilt.db").write_bytes(Path("whole.db").read_bytes())
    with closing(sqlite3.connect("spoilt.db")) as database:
        try:
            changed = database.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (cell,)).rowcount  # noqa: S608 - ours
            sealed(database, Digest())
        except (sqlite3.Error, msgspec.MsgspecError, UnicodeDecodeError, TypeError):
            return False
        database.commit()
    return bool(changed)


@pytest.mark.parametrize(
    "table", ["applications", *(pytest.param(name, marks=pytest.mark.slow) for name in sorted(schema.COLUMNS))]
)
def test_plan_reads_or_refuses_a_snapshot_whatever_stands_in_it(says: Says, table: str) -> None:
    """A file that was edited and sealed again; one that does not match its digest is refused before it is read."""
    tried = 0
    for column in schema.names(table):
        for cell in _CELLS[:: 1 if table != "applications" else 4]:
            if _spoil(table, column, cell):
                says(["plan", "spoilt.db", "--out", "new.json"])
                Path("new.json").unlink(missing_ok=True)
                tried += 1
    assert tried or table in {"notes", "unreadable", "identity_tags"}, "those are empty"


@pytest.mark.slow
def test_a_plan_that_makes_no_sense_is_shown_or_refused(says: Says) -> None:
    plan = json.loads(Path("plan.json").read_text())
    shown = 0
    for place in _places(plan):
        for value in _ODD:
            changed = _with(plan, place, value)
            Path("odd.json").write_text(json.dumps(changed))
            assert says(["plan", "show", "odd.json"]), "it was edited by hand"
            try:
                Path("odd.json").write_bytes(planfile.encode(msgspec.convert(changed, Plan)))
            except msgspec.ValidationError:
                continue
            shown += not says(["plan", "show", "odd.json"])
            says(["plan", "diff", "plan.json", "odd.json"])
            says(["report", "odd.json", "--out", "odd.html"])
    assert shown


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(one for key, part in inner for one in _places(part, (*place, key)))]


def _with(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    key, *rest = place
    copy = whole.copy()
    copy[key] = _with(whole[key], tuple(rest), value)
    return copy


@pytest.mark.parametrize("seed", [1, *(pytest.param(at, marks=pytest.mark.slow) for at in range(2, 60))])
def test_replay_reads_or_refuses_a_log_whatever_stands_in_it(says: Says, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    key = "eeeeeeee-0000-4000-8000-000000000001"
    moments = [_BEGIN + timedelta(days=day) for day in range(60)]
    records = [record(at, values.guid("d", 1), servicePrincipalCredentialKeyId=key) for at in moments]
    for _ in range(dice.randint(1, 4)):
        one = dice.choice(records)
        part = one["properties"] if dice.random() < 0.6 and isinstance(one["properties"], dict) else one
        part[dice.choice(sorted(part))] = dice.choice((*_ODD, *_TIMES))
    raw = bytearray(lines(records))
    for _ in range(dice.choice([0, 3, 30])):
        raw[dice.randrange(len(raw))] = dice.randrange(256)
    Path("logs").mkdir()
    Path("logs", dice.choice(["a.json", "b.json.gz", "c.parquet", "d"])).write_bytes(raw[: dice.choice([None, 9999])])
    says(["replay", "--logs", "logs", "--tenant", TENANT, "--unused-days", "7", "--html", "page.html"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unused_days", "soak_hours", "scream_days"])
@pytest.mark.parametrize(
    "value", ["-1", "1e9", "nan", "true", "'x'", "[]", "1979-05-27", "9" * 30, "365000000", "\x00"]
)
def test_replay_tries_or_refuses_a_policy_whatever_it_says(says: Says, name: str, value: str) -> None:
    Path("logs").mkdir()
    Path("logs", "a.json").write_bytes(lines([record(_BEGIN + timedelta(days=day), TENANT) for day in range(60)]))
    Path("odd.toml").write_text(f"[retire]\n{name} = {value}\n")
    says(["replay", "--logs", "logs", "--tenant", TENANT, "--policy", "odd.toml"])
