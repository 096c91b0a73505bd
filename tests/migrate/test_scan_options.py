from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import click
import pytest

from inventory import snapshot
from inventory.cloud import Cloud
from inventory.errors import InventoryError
from inventory.model import TenantId
from inventory.scan import ScanSummary
from migrate.cli.main import main
from migrate.cli.options import Settings
from migrate.cli.tenants import Wanted, read_tenants
from migrate.clock import SystemClock
from migrate.journal.store import SqlJournal
from tests.inventory import values

Captured = pytest.CaptureFixture[str]
WORKSPACE = "aaaaaaaa-0000-4000-8000-000000000009"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(captured: Captured, *arguments: str) -> str:
    assert main(arguments) == 2
    told = captured.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--refresh", "--anew"), "give one of them"),
        (("--workspace", "nope"), "a workspace is named by its workspace id, a GUID"),
        (("--tenants", "t.toml", "--out", "s.db"), "--out has no meaning with --tenants"),
        (("--tenants", "t.toml", "--tenant", "contoso.com"), "--tenant has no meaning with --tenants"),
        (("--only", "contoso.com"), "--only names tenants of --tenants"),
        (("--out", "unsecret.db"), "unsecret.db is the place of the journal"),
        (("--out", "j.db", "--journal", "sqlite:///j.db"), "j.db is the place of the journal"),
    ],
)
def test_options_that_make_no_sense_together_are_refused_before_anything_is_read(
    arguments: tuple[str, ...], says: str, capsys: Captured
) -> None:
    assert says in refused(capsys, "scan", *arguments)


def test_a_tenant_in_the_environment_contradicts_no_list(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "contoso.com")
    assert "it cannot be read" in refused(capsys, "scan", "--tenants", "missing.toml", "--workspace", WORKSPACE)


def test_a_tenant_is_listed_once() -> None:
    Path("t.toml").write_text('[[tenant]]\nid = "Contoso.com"\nout = "a.db"\n[[tenant]]\nid = "contoso.com"\n', "utf-8")
    settings = Settings(journal="", cloud=None, tenant=None, graph_endpoint=None, as_json=False)
    with pytest.raises(click.UsageError, match=r"it lists the tenant contoso\.com twice"):
        read_tenants(Path("t.toml"), settings)


def test_a_report_counts_each_tenant_once(capsys: Captured) -> None:
    for name in ("a.db", "b.db"):
        snapshot.write(Path(name), values.snapshot(values.application(1)))
    assert "a.db and a.db are of one tenant" in refused(capsys, "report", "a.db", "a.db", "--out", "r.html")
    assert "a.db and b.db are of one tenant" in refused(capsys, "report", "a.db", "b.db", "--out", "r.html")
    assert not Path("r.html").exists()


def test_a_report_of_a_broken_file_says_what_is_broken(capsys: Captured) -> None:
    snapshot.write(Path("s.db"), values.snapshot(values.application(1)))
    whole = Path("s.db").read_bytes()
    Path("cut.db").write_bytes(whole[:9000])
    told = refused(capsys, "report", "cut.db", "--out", "r.html")
    assert "cut.db is damaged" in told
    assert "journal" not in told
    with sqlite3.connect("other.db") as other:
        other.execute("CREATE TABLE t (x)")
    assert "other.db is neither a snapshot nor a journal" in refused(capsys, "report", "other.db", "--out", "r.html")


def test_a_report_of_a_file_without_tables_makes_no_journal_of_it(capsys: Captured) -> None:
    with sqlite3.connect("empty.db") as empty:
        empty.execute("PRAGMA user_version = 6")
    before = Path("empty.db").read_bytes()
    assert "nothing to report" in refused(capsys, "report", "empty.db", "--out", "r.html")
    assert Path("empty.db").read_bytes() == before


def test_a_scan_never_takes_the_place_of_a_journal(capsys: Captured) -> None:
    journal = SqlJournal("sqlite:///old.db", SystemClock())
    journal.close()
    Path("old.db").touch()
    assert "old.db would be replaced, and it is no snapshot" in refused(capsys, "scan", "--out", "old.db")


@pytest.mark.parametrize("version", [2, 3])
def test_a_file_without_tables_is_not_upgraded(version: int, capsys: Captured) -> None:
    with sqlite3.connect("s.db") as file:
        file.execute("PRAGMA application_id = 0x756E7363")
        file.execute(f"PRAGMA user_version = {version}")
    assert "s.db is damaged" in refused(capsys, "snapshot", "upgrade", "s.db", "--out", "n.db")
    assert not Path("n.db").exists()


@pytest.mark.parametrize(
    "arguments", [("snapshot", "diff"), ("snapshot", "upgrade"), ("explain", "credential")], ids=" ".join
)
def test_commands_that_read_files_alone_offer_no_tenant_and_no_journal(
    arguments: tuple[str, ...], capsys: Captured
) -> None:
    assert main([*arguments, "--help"]) == 0
    told = capsys.readouterr().out
    assert "--format" in told
    assert not [name for name in ("--journal", "--tenant", "--cloud", "-endpoint") if name in told]


def test_a_tenant_that_fails_does_not_keep_the_others_from_their_scan(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    for name in ("FIRST", "SECOND"):
        monkeypatch.setenv(f"{name}_CLIENT_ID", "x")
    tables = "".join(f'[[tenant]]\nid = "{name}.com"\nvariables = "{name.upper()}"\n' for name in ("first", "second"))
    Path("t.toml").write_text(tables, "utf-8")
    assert main(["scan", "--tenants", "t.toml", "--format", "json", "--graph-endpoint", "https://localhost:1"]) == 2
    told = capsys.readouterr()
    assert [each["tenant"] for each in json.loads(told.out)] == ["first.com", "second.com"]
    assert "set SECOND_CLIENT_ID and SECOND_CLIENT_SECRET" in told.out
    again = "unsecret scan --tenants t.toml --format json --graph-endpoint https://localhost:1"
    assert told.err == (
        "unsecret: 2 of 2 tenants could not be scanned: first.com, second.com; scan those again: "
        f"{again} --only first.com --only second.com\n"
    )


def listed(*names: str) -> None:
    Path("t.toml").write_text("".join(f'[[tenant]]\nid = "{name}"\n' for name in names), "utf-8")


def test_what_an_interrupt_left_of_several_tenants_is_scanned_by_the_command_it_names(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Those that were finished are not scanned again, and one that had failed is."""
    listed("done.com", "failed.com", "broken.com", "left.com")
    scanned: list[str] = []
    interrupts = [KeyboardInterrupt()]

    def scan(wanted: Wanted, **_: object) -> ScanSummary:
        name = str(wanted.settings.tenant)
        scanned.append(name)
        if name == "failed.com":
            raise InventoryError("no")
        if name == "broken.com" and interrupts:
            raise interrupts.pop()
        return ScanSummary(
            path=Path("s.db"), tenant_id=TenantId(name), cloud=Cloud.PUBLIC, taken_at=values.NOW, digest="",
            applications=0, service_principals=0, identities=0, credentials=0, hosts=0, unreadable=0, gaps=(),
            beginning="",
        )  # fmt: skip

    monkeypatch.setattr("migrate.cli.scan._scanned", scan)
    monkeypatch.setattr("migrate.cli.scan._data", lambda _: {"credentials": {}, "gaps": []})
    first = ["--only=Done.com", "--only", "failed.com", "--only", "broken.com"]
    assert main(["scan", "--tenants", "t.toml", *first]) == 130
    said = capsys.readouterr().err.strip().rpartition("to go on: ")[2]
    assert said == "unsecret scan --tenants t.toml --only failed.com --only broken.com"
    scanned.clear()
    assert main(said.split()[1:]) == 2
    assert scanned == ["failed.com", "broken.com"]
    assert capsys.readouterr().err.endswith("scan those again: unsecret scan --tenants t.toml --only failed.com\n")


def test_a_tenant_that_is_not_in_the_list_is_refused(capsys: Captured) -> None:
    listed("contoso.com")
    assert "--only fabrikam.com: the file of --tenants lists no such id" in refused(
        capsys, "scan", "--tenants", "t.toml", "--only", "fabrikam.com"
    )


@pytest.mark.parametrize("command", ["scan", "plan", "report"])
def test_a_name_that_is_too_long_is_refused_in_one_line(command: str, capsys: Captured) -> None:
    snapshot.write(Path("s.db"), values.snapshot(values.application(1)))
    sources = () if command == "scan" else ("s.db",)
    told = refused(capsys, command, *sources, "--out", "x" * 300 + ".html")
    assert "cannot be written: File name too long" in told
