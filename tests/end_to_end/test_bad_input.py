"""What a command says and does when what it is given is wrong: one line, exit code 2, nothing changed."""

from __future__ import annotations

import dataclasses
import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from migrate.cli.main import main
from migrate.entry import Kind
from tests.support.rollout import Rollout, elsewhere, isolate, rollout

Told = Callable[[], str]


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return the one line that a failing command printed."""

    def last() -> str:
        told = capsys.readouterr().err
        assert "Traceback" not in told
        (only,) = told.strip().splitlines()
        return only

    return last


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """Give one tenant to all that change nothing in it; it was scanned and planned."""
    folder = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with rollout(folder, patch) as ready:
            assert main(["scan"]) == 0
            assert main(["plan", "snapshot.db"]) == 0
            yield ready


@pytest.fixture
def tenant(once: Rollout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    with elsewhere(once, tmp_path, monkeypatch) as ready:
        yield ready


@pytest.fixture
def planned(once: Rollout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    with elsewhere(once, tmp_path, monkeypatch, "snapshot.db", "plan.json", "journal.db") as ready:
        yield ready


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Rollout]:
    """Give a tenant that was scanned and planned and is the test's own to change."""
    monkeypatch.chdir(tmp_path)
    with rollout(tmp_path, monkeypatch) as ready:
        assert main(["scan"]) == 0
        assert main(["plan", "snapshot.db"]) == 0
        capsys.readouterr()
        yield ready


def test_a_tenant_that_does_not_answer(line: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(monkeypatch)
    monkeypatch.chdir(tmp_path)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"https://localhost:{closed.getsockname()[1]}"
        for name, value in (
            ("TENANT_ID", "t"),
            ("CLIENT_ID", "c"),
            ("CLIENT_SECRET", "s"),
            ("AUTHORITY_HOST", nowhere),
        ):
            monkeypatch.setenv(f"AZURE_{name}", value)
        assert main(["scan", "--graph-endpoint", nowhere]) == 2
    told = line()
    assert "cannot be reached" in told
    assert nowhere in told
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_secret(tenant: Rollout, line: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-but-well-formed")
    assert main(["scan"]) == 2
    told = line()
    assert "AADSTS7000215" in told
    assert "wrong-but-well-formed" not in told
    assert not (tmp_path / "snapshot.db").exists()
    assert tenant.kinds() == []


def test_a_missing_permission_is_named(tenant: Rollout, line: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in tenant.emulator.environment(app="orders-api").items():
        monkeypatch.setenv(name, value)
    assert main(["scan"]) == 2
    assert "Application.Read.All" in line()


def test_without_the_right_to_write_nothing_is_created(
    planned: Rollout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in planned.emulator.environment(app="read-only-auditor").items():
        monkeypatch.setenv(name, value)
    assert main(["federate", "plan.json", "--apply"]) == 2
    assert "Application.ReadWrite.All" in capsys.readouterr().err


def test_without_the_right_to_logs_usage_is_unknown_and_the_scan_goes_on(
    tenant: Rollout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in tenant.emulator.environment(app="read-only-auditor").items():
        monkeypatch.setenv(name, value)
    assert main(["scan"]) == 0
    assert "AuditLog.Read.All not granted: usage is unknown" in capsys.readouterr().out


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def replace_by_text(path: Path) -> None:
    path.write_text("something else")


def replace_by_a_foreign_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE theirs (x)")


@pytest.mark.parametrize("spoil", [damage, replace_by_text, replace_by_a_foreign_database, Path.unlink])
def test_a_spoilt_snapshot(planned: Rollout, line: Told, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / "snapshot.db")
    before = (tmp_path / "plan.json").read_bytes()
    assert main(["plan", "snapshot.db"]) == 2
    assert "snapshot.db" in line()
    assert (tmp_path / "plan.json").read_bytes() == before
    assert planned.kinds() == []


@pytest.mark.parametrize("command", ["federate", "verify", "retire"])
def test_a_plan_that_was_edited(planned: Rollout, line: Told, tmp_path: Path, command: str) -> None:
    path = tmp_path / "plan.json"
    document = json.loads(path.read_text())
    document["pairings"][0]["federated"]["subject"] = "someone-else"
    path.write_text(json.dumps(document))
    assert main([command, "plan.json"]) == 2
    assert "edited" in line()
    assert planned.kinds() == []


def scan_again(tenant: Rollout) -> None:
    """Change the tenant and scan it once more."""
    held = tenant.emulator.tenant
    application = held.application_named("orders-api")
    held.save_application(dataclasses.replace(application, tags=(*application.tags, "changed")))
    tenant.live(days=1)
    assert main(["scan"]) == 0


def test_a_plan_made_from_an_older_snapshot(own: Rollout, line: Told, capsys: pytest.CaptureFixture[str]) -> None:
    scan_again(own)
    capsys.readouterr()
    assert main(["federate", "plan.json", "--apply"]) == 2
    assert "older snapshot" in line()
    assert own.kinds() == []


def test_a_plan_older_than_the_one_in_use(
    own: Rollout, line: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.json").rename(tmp_path / "old.json")
    scan_again(own)
    assert main(["plan", "snapshot.db"]) == 0
    assert main(["federate", "plan.json", "--apply", "--journal", "sqlite:///used.db"]) == 0
    (tmp_path / "snapshot.db").unlink()
    capsys.readouterr()
    assert main(["retire", "old.json", "--apply", "--journal", "sqlite:///used.db"]) == 2
    assert "older than the plan" in line()


def test_a_plan_of_another_tenant(
    planned: Rollout, line: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert planned.kinds() == []
    other = tmp_path / "other"
    other.mkdir()
    with rollout(other, monkeypatch, seed=2) as second:
        assert main(["federate", "plan.json", "--apply"]) == 2
        assert "the plan is for tenant" in line()
        assert second.kinds() == []


def test_applications_and_waves_that_are_not_there(planned: Rollout, line: Told) -> None:
    assert main(["verify", "plan.json", "--app", "nobody"]) == 2
    assert "is not paired in this plan" in line()
    assert main(["retire", "plan.json", "--wave", "99"]) == 2
    assert "has no wave 99" in line()
    assert planned.kinds() == []


@pytest.mark.slow
def test_a_host_without_a_managed_identity(planned: Rollout, line: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert main(["verify", "plan.json", "--tries", "1"]) == 2
    assert "no managed identity endpoint answers here" in line()
    assert Kind.PROVEN not in planned.kinds()


@pytest.mark.parametrize("command", ["watch", "guard"])
def test_a_journal_that_knows_of_nothing_calls_nothing_quiet(planned: Rollout, line: Told, command: str) -> None:
    assert main([command, "plan.json", "--journal", "sqlite:///mistyped.db"]) == 2
    told = line()
    assert "mistyped.db" in told
    assert "--journal" in told
    assert not (planned.folder / "mistyped.db").exists()


def test_code_that_does_not_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.py"
    broken.write_text("from azure.identity import ClientSecretCredential\nprint 'two'\n")
    assert main(["rewrite", "broken.py", "--apply"]) == 2
    assert broken.read_text().endswith("print 'two'\n")


def test_a_port_that_is_taken(line: Told) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["emulator", "--port", str(port)]) == 2
    assert str(port) in line()
