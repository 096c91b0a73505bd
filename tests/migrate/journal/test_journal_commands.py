"""``unsecret journal`` and the addresses of journals, as they are shown and as they fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from inventory.model import ClientId
from migrate.cli.main import main
from migrate.cli.output import _masked
from migrate.entry import Kind
from tests.support.journals import about, database, fact, journal
from tests.support.postgres import PASSWORD, Server

HOSTILE = "'\"<x>\u202e\x1b[31m$(touch x)\n"


@pytest.fixture
def filled(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNSECRET_JOURNAL", url)
    with journal(url) as opened:
        opened.record(fact(HOSTILE))
        with opened.lease(ClientId("a")):
            opened.record(about("a", Kind.RETIRE_MEANT, HOSTILE))
    return url


def test_a_sound_journal_ends_with_0_and_tells_its_head(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "verify"]) == 0
    told = capsys.readouterr().out
    with journal(filled) as opened:
        head = opened.entries()[-1].hash
    assert f"2 entries, the chain holds\nhead: {head}\n" in told
    assert PASSWORD not in told
    assert main(["journal", "verify", "--anchor", head.upper(), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["sound"], data["entries"], data["head"]) == (True, 2, head)
    assert main(["journal", "verify", "--anchor", "0" * 64]) == 1
    assert "cut off" in capsys.readouterr().out


def test_a_broken_one_ends_with_1_and_says_where_and_how(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    with database(filled) as connection:
        server = connection.dialect.name == "postgresql"
        off = "ALTER TABLE entries DISABLE TRIGGER ALL" if server else "DROP TRIGGER entries_no_update"
        connection.exec_driver_sql(off)
        connection.execute(sa.text("UPDATE entries SET hash = :evil WHERE number = 2"), {"evil": HOSTILE})
    assert main(["journal", "verify"]) == 1
    told = capsys.readouterr().out
    assert "NOT SOUND at entry 2: it was altered" in told
    assert "is missing" in told
    assert main(["journal", "export", "--out", "out.jsonl"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert main(["journal", "verify", "out.jsonl", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["entry"] == 2


def test_an_export_is_checked_after_the_journal_is_gone(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "export", "--out", "out.jsonl"]) == 0
    assert main(["journal", "export", "--out", "out.jsonl"]) == 0, "an export may be replaced"
    head = capsys.readouterr().out.rsplit("head: ", 1)[1].strip()
    assert main(["journal", "verify", "out.jsonl", "--anchor", head, "--journal", "sqlite:////nowhere/x.db"]) == 0
    content = Path("out.jsonl").read_bytes()
    assert b"\x1b" not in content
    assert content.isascii()
    assert main(["journal", "copy", filled, "sqlite:///copy.db"]) == 0
    assert PASSWORD not in capsys.readouterr().out
    assert main(["journal", "verify", "--journal", "sqlite:///copy.db", "--anchor", head]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify"],
        ["verify", "missing.jsonl"],
        ["verify", "--anchor", "x"],
        ["export", "--out", "x.jsonl"],
        ["export"],
        ["copy", "sqlite:///missing.db", "sqlite:///new.db"],
        ["copy", "sqlite:///missing.db"],
        ["copy", "mysql://a:hunter2@b/c", "sqlite:///new.db"],
        ["nosuch"],
    ],
)
def test_a_failure_is_one_line_and_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["journal", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith("unsecret: ")
    assert told.count("\n") == 1
    assert "hunter2" not in told
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_export_is_not_replaced(filled: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("precious")
    assert main(["journal", "export", "--out", "precious.txt", "--journal", filled]) == 2
    assert "would be replaced" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "precious"


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["before the host", "as an option"])
def test_the_password_of_a_server_is_never_shown(
    postgres: Server, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    wrong = "hunter3-not-the-password"
    before = f"postgresql://tester:{wrong}@/postgres?host={postgres.folder}"
    option = f"postgresql+psycopg://tester@/postgres?host={postgres.folder}&password={wrong}"
    url = before if way == "before the host" else option
    for command in (["status"], ["journal", "verify"], ["journal", "copy", url, "sqlite:///x.db"]):
        assert main([*command, "--journal", url, "-v"]) == 2
        told = capsys.readouterr()
        assert wrong not in told.out + told.err
        assert "password authentication failed" in told.err
    empty = postgres.emptied()
    assert main(["status", "--journal", empty]) == 0
    told = capsys.readouterr()
    assert "nothing has been done yet in postgresql://" in told.out
    assert PASSWORD not in told.out + told.err


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql+psycopg://me:hunter2@host:5432/db", "postgresql+psycopg://me:***@host:5432/db"),
        ("--journal=postgresql://me:hun/ter2@host/db?sslmode=require", "--journal=postgresql://me:***@host/db?sslmode=require"),
        ("postgresql://host/db?user=me&password=hunter2&x=1", "postgresql://host/db?user=me&password=***&x=1"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("https://host:8443/v1@2", "https://host:8443/v1@2"),
        ("plan.json", "plan.json"),
    ],
)  # fmt: skip
def test_a_command_to_repeat_is_told_without_the_password(given: str, shown: str) -> None:
    assert _masked(given) == shown


def test_a_journal_may_be_named_as_the_file_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with journal("sqlite:///A.db") as opened:
        opened.record(fact("x"))
    monkeypatch.setenv("UNSECRET_JOURNAL", "A.db")
    for arguments in (
        ["status"],
        ["journal", "verify"],
        ["journal", "verify", "A.db", "--journal", "none.db"],
        ["journal", "verify", "--journal", str(tmp_path / "A.db")],
        ["journal", "export", "--out", "x.jsonl"],
        ["journal", "copy", "A.db", "B.db"],
        ["journal", "verify", "--journal", "B.db"],
        ["certificate", "write", "--out", "certificates"],
    ):
        assert main(arguments) == 0, arguments
    assert "B.db: 1 entries, the chain holds" in capsys.readouterr().out
    assert main(["scan", "--out", "A.db"]) == 2
    assert "A.db is the place of the journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["journal", "verify", "--journal", "none.db"], "none.db"),
        (["journal", "copy", "none.db", "B.db"], "none.db"),
        (["journal", "copy", "none/A.db", "B.db"], "there is no folder none"),
        (["journal", "copy", "me:hunter2@host/db", "B.db"], "neither a file nor a database URL"),
        (["status", "--journal", "//me:hunter2@host/db"], "neither a file nor a database URL"),
        (["status", "--journal", "host=h password=hunter2"], "neither a file nor a database URL"),
        (["status", "--journal", "sqlite:x.db"], "neither a file nor a database URL"),
        (["status", "--journal", ":memory:"], "in memory"),
        (["status", "--journal", "."], "it is a folder; name the file in it, as unsecret.db"),
    ],
)
def test_an_address_that_is_none_is_told_in_one_line_and_never_shown(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert "hunter2" not in error
    assert "--journal" not in error
    assert list(tmp_path.iterdir()) == []
