"""Commands in combinations that a rollout meets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrate.cli.main import main
from migrate.entry import Json, Kind
from tests.support.rollout import Rollout, elsewhere, rollout

FILES = ("snapshot.db", "plan.json", "journal.db")


@contextmanager
def prepared(folder: Path, *commands: list[str]) -> Iterator[Rollout]:
    """Give a tenant that was scanned and planned, after these commands too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with rollout(folder, patch) as ready:
            for arguments in (["scan"], ["plan", "snapshot.db"]):
                assert main(arguments) == 0
            patch.setenv("UNSECRET_JOURNAL", f"sqlite:///{folder / 'journal.db'}")
            for arguments in commands:
                assert main(arguments) == 0
            yield ready


@pytest.fixture(scope="module")
def planned_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    with prepared(tmp_path_factory.mktemp("planned")) as ready:
        yield ready


@pytest.fixture(scope="module")
def federated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    with prepared(tmp_path_factory.mktemp("federated"), ["federate", "plan.json", "--apply"]) as ready:
        yield ready


@pytest.fixture
def planned(planned_once: Rollout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    """Give a tenant that was scanned and planned, for tests that leave it as it is, with a journal of their own."""
    with elsewhere(planned_once, tmp_path, monkeypatch, *FILES) as ready:
        monkeypatch.setenv("UNSECRET_JOURNAL", f"sqlite:///{tmp_path / 'journal.db'}")
        yield ready


@pytest.fixture
def federated(federated_once: Rollout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    """Give the same where everything is federated."""
    with elsewhere(federated_once, tmp_path, monkeypatch, *FILES) as ready:
        monkeypatch.setenv("UNSECRET_JOURNAL", f"sqlite:///{tmp_path / 'journal.db'}")
        yield ready


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Rollout]:
    """Give a tenant that was scanned and planned and is the test's own to change."""
    with prepared(tmp_path) as ready:
        yield ready


def client_id(planned: Rollout, name: str) -> str:
    return planned.emulator.tenant.application_named(name).app_id


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["scan", "--out", "journal.db"], "journal.db"),
        (["scan", "--out", "plan.json"], "plan.json"),
        (["scan", "--out", "app.py"], "app.py"),
        (["plan", "snapshot.db", "--out", "snapshot.db"], "snapshot.db"),
        (["plan", "snapshot.db", "--out", "journal.db"], "journal.db"),
        (["plan", "snapshot.db", "--out", "app.py"], "app.py"),
        (["report", "journal.db", "--out", "journal.db"], "journal.db"),
        (["report", "plan.json", "--format", "json", "--out", "plan.json"], "plan.json"),
        (["report", "snapshot.db", "--format", "json", "--out", "plan.json"], "plan.json"),
        (["report", "snapshot.db", "--out", "app.py"], "app.py"),
        (["report", "snapshot.db", "--out", "folder"], "folder"),
    ],
)
def test_an_output_never_replaces_an_input_or_a_file_of_another_kind(
    federated: Rollout, tmp_path: Path, arguments: list[str], spared: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("mine")
    (tmp_path / "folder").mkdir()
    before = (tmp_path / spared).read_bytes() if spared != "folder" else b""
    capsys.readouterr()
    assert main(arguments) == 2
    assert "choose another --out" in capsys.readouterr().err or spared == "folder"
    assert spared == "folder" or (tmp_path / spared).read_bytes() == before
    assert federated.kinds()


def test_outputs_of_ours_are_replaced(planned: Rollout) -> None:
    assert planned.kinds() == []
    for arguments in (["scan"], ["plan", "snapshot.db"], ["report", "plan.json", "--out", "plan.html"]):
        assert main(arguments) == 0
        assert main(arguments) == 0


def test_a_host_with_one_identity_proves_its_own_application_and_harms_no_other(
    own: Rollout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["federate", "plan.json", "--apply"]) == 0
    assert main(["verify", "plan.json", "--tries", "1"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"{own.emulator.imds_endpoint}/hosts/vm-orders-api")
    assert main(["verify", "plan.json", "--tries", "1", "--format", "json"]) == 1
    proven = [row["application"] for row in json.loads(capsys.readouterr().out) if row["result"] == "proven"]
    assert "orders-api" in proven
    assert len(proven) < 4
    assert Kind.PROOF_FAILED not in own.kinds()


@pytest.mark.parametrize("who", ["", "orders-api", "12345678-1234-1234-1234-123456789012", "{}"])
def test_code_is_not_given_to_an_application_that_is_not_in_the_plan(
    planned: Rollout, tmp_path: Path, who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("import os\nsecret = os.environ['AZURE_CLIENT_SECRET']\n")
    assert main(["rewrite", "app.py", "--plan", "plan.json", "--app", who]) == 2
    assert "is not paired in this plan" in capsys.readouterr().err
    assert planned.kinds() == []


GUARDED = """
import os
from azure.identity import ClientSecretCredential, DefaultAzureCredential

if os.environ.get("S"):
    credential = ClientSecretCredential("t", {client_id}, os.environ["S"])
else:
    credential = DefaultAzureCredential()
"""


def code_gate(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return why the gate holds an application's code, or nothing."""
    capsys.readouterr()
    main(["retire", "plan.json", "--format", "json"])
    rows = [row for row in json.loads(capsys.readouterr().out) if row["application"] == name]
    gates: dict[str, str] = {gate["gate"]: gate["because"] for row in rows for gate in row.get("gates", ())}
    return gates.get("code-rewritten", "")


def test_code_holds_its_application_until_it_is_settled_or_gone(
    planned: Rollout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text(GUARDED.format(client_id=repr(client_id(planned, "orders-api").upper())))
    assert "no code scan" in code_gate("orders-api", capsys)
    assert main(["rewrite", "code", "--plan", "plan.json"]) == 1
    assert "code/app.py" in code_gate("orders-api", capsys)
    assert code_gate("report-mailer", capsys) == ""
    assert main(["rewrite", "code", "--plan", "plan.json", "--forget"]) == 2
    assert main(["rewrite", "cod", "--plan", "plan.json", "--forget"]) == 2
    for wrong in ((".", "a mistake"), ("code", " ")):
        assert main(["rewrite", wrong[0], "--plan", "plan.json", "--take-back", wrong[1]]) == 2
    assert main(["rewrite", "code", "--plan", "plan.json", "--take-back", "not our folder <b>"]) == 0
    assert "no code scan" in code_gate("orders-api", capsys)
    assert main(["report", "journal.db", "--format", "markdown", "--out", str(tmp_path / "r.md")]) == 0
    assert "not our folder" in (tmp_path / "r.md").read_text()
    assert main(["rewrite", "code", "--plan", "plan.json"]) == 1
    assert "code/app.py" in code_gate("orders-api", capsys)
    (code / "app.py").unlink()
    code.rmdir()
    assert main(["rewrite", "code", "--plan", "plan.json", "--forget"]) == 0
    assert "no code scan" in code_gate("orders-api", capsys)


def test_code_of_nobody_knows_whom_holds_everybody_until_somebody_says(
    planned: Rollout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text(GUARDED.format(client_id='os.environ["C"]'))
    assert main(["rewrite", "app.py", "--plan", "plan.json"]) == 1
    assert "does not say whose" in code_gate("report-mailer", capsys)
    whose = client_id(planned, "orders-api")
    assert main(["rewrite", "app.py", "--plan", "plan.json", "--app", whose.upper()]) == 1
    assert code_gate("report-mailer", capsys) == ""
    assert "app.py" in code_gate("orders-api", capsys)


def test_a_rewrite_says_which_variable_each_program_needs(
    planned: Rollout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, whose = tmp_path / "job", client_id(planned, "orders-api")
    code.mkdir()
    (code / "main.py").write_text(
        "import os\nfrom azure.identity import ClientSecretCredential\n\n"
        f'c = ClientSecretCredential("{planned.emulator.tenant_id}", "{whose}", os.environ["S"])\n'
    )
    identity = planned.emulator.tenant.identity_named("id-orders-api").client_id
    assert main(["rewrite", "job", "--plan", "plan.json"]) == 0
    told = capsys.readouterr()
    assert f"where job/entra_fic.py runs, set MANAGED_IDENTITY_CLIENT_ID={identity}" in told.err
    assert "+++ b/job/main.py" in told.out
    assert main(["rewrite", "job", "--plan", "plan.json", "--format", "json"]) == 0
    (site,) = json.loads(capsys.readouterr().out)["sites"]
    assert site["plan"]["identity_client_id"] == identity
    assert (site["plan"]["application_name"], site["plan"]["wave"] > 0) == ("orders-api", True)


@pytest.mark.parametrize("command", ["federate", "verify", "retire"])
def test_a_blank_application_is_nobody_and_not_everybody(
    planned: Rollout, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "plan.json", "--app", ""]) == 2
    assert "is not paired" in capsys.readouterr().err
    assert main([command, "plan.json", "--app", client_id(planned, "orders-api"), "--wave", "1"]) == 2
    assert planned.kinds() == []


def test_a_dry_run_prints_the_command_that_does_the_same_and_no_more(
    own: Rollout, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = client_id(own, "orders-api")
    assert main(["federate", "plan.json", "--app", whose]) == 0
    assert f"unsecret federate plan.json --app {whose} --apply" in capsys.readouterr().out
    assert main(["federate", "plan.json", "--app", whose, "--apply"]) == 0
    created = [entry.application for entry in own.journal.entries(kinds=(Kind.FEDERATED,))]
    assert created == [whose]


def test_the_report_of_a_journal_keeps_what_an_earlier_plan_removed(federated: Rollout, tmp_path: Path) -> None:
    first = federated.journal.entries(kinds=(Kind.FEDERATED,))[0]
    data: dict[str, Json] = {"kind": "secret", "holder": "application", "removed": True}
    assert first.application is not None
    with federated.journal.lease(first.application):
        federated.journal.record(
            type(first)(kind=Kind.RETIRED, plan="x", application=first.application, subject="k", data=data)
        )
    assert main(["report", "journal.db", "--format", "markdown", "--out", str(tmp_path / "r.md")]) == 0
    assert "Removed credentials" in (tmp_path / "r.md").read_text("utf-8")
