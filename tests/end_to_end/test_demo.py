"""The outcome of the whole project: one command takes a tenant from secrets to federated credentials."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

import migrate.demo.run
from codemods.engine.run import rewrite
from codemods.model import Request, Target
from migrate.cli.main import main
from migrate.demo import workloads
from migrate.demo.commands import Commands
from migrate.demo.run import demonstrate
from migrate.emulator.server import Emulator
from migrate.errors import DemoError


@dataclass(frozen=True, kw_only=True)
class Told:
    lines: list[str]
    root: Path
    emulator: Emulator


class Here(Commands):
    """Runs the commands in this process: some thirty starts of Python are most of what a demonstration takes."""

    def run(self, *arguments: str) -> bytes:
        output, told = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(told):
            patch.chdir(self.workspace.root)
            for name in os.environ.keys() - self.environment.keys():
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            code = main(list(arguments))
            output.flush()
        if code not in {0, 1}:
            raise DemoError(told.getvalue())
        return output.buffer.getvalue()


@pytest.fixture(scope="module", params=["here", pytest.param("as a user runs them", marks=pytest.mark.slow)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Run the demonstration once and keep its tenant in hand."""
    kept: list[Emulator] = []

    class Kept(Emulator):
        def __enter__(self) -> Self:
            kept.append(self)
            return super().__enter__()

    root = tmp_path_factory.mktemp("demo")
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate.demo.run, "Emulator", Kept)
        if request.param == "here":
            patch.setattr(migrate.demo.run, "Commands", Here)
        demonstrate(32, 1, root, lines.append)
    return Told(lines=lines, root=root, emulator=kept[0])


def test_the_story_ends_with_the_summary_and_is_short(told: Told) -> None:
    assert len(told.lines) <= 40
    assert told.lines[-1].endswith("3 of 3 services run on federated credentials")
    words = told.lines[-1].split()
    retired, total, held = int(words[1]), int(words[3]), int(words[5])
    assert retired > 5
    assert held >= 2
    assert retired + held == total


def test_the_tenant_itself_agrees(told: Told) -> None:
    tenant = told.emulator.tenant
    for name in workloads.NAMES:
        application = tenant.application_named(name)
        assert application.passwords == ()
        last = list(tenant.sign_ins.entries(application.app_id))[-1]
        assert (last.credential_type, last.error_code) == ("federatedIdentityCredential", 0)
    plan = json.loads((told.root / "plan.json").read_text())
    planned = {each["key_id"] for pairing in plan["pairings"] for each in pairing["credentials"]}
    holders = [*tenant.applications, *tenant.service_principals]
    left = {each.key_id for holder in holders for each in holder.passwords}
    left |= {each.key_id for holder in holders for each in holder.keys}
    with closing(sqlite3.connect(told.root / "journal.db")) as journal:
        removed = {row[0] for row in journal.execute("SELECT subject FROM entries WHERE kind = 'retired'")}
    assert removed == planned - left


def test_code_is_rewritten_once_and_what_cannot_be_is_left(told: Told) -> None:
    code = told.root / "services"
    for name in workloads.NAMES:
        assert "SECRET" not in (code / name / "main.py").read_text()
    assert "ClientSecretCredential" in (code / workloads.OLD_REPORT / "main.py").read_text()
    plan = json.loads((told.root / "plan.json").read_text())
    targets = tuple(Target(client_id=each["application"]["client_id"]) for each in plan["pairings"])
    again = rewrite(Request(paths=(code,), targets=targets))
    assert again.diff == ""
    assert [outcome.reason for outcome in again.reported] == ["guarded-by-secret"]


def test_no_byte_that_was_written_holds_a_secret_or_a_token(told: Told) -> None:
    secrets = [secret.encode() for secret in told.emulator.tenant._secrets.values()]
    assert len(secrets) > 30
    for path in told.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path
            assert b"eyJ0eXAi" not in content, path
            assert b"eyJhbGci" not in content, path
    text = "\n".join(told.lines).encode()
    assert not [secret for secret in secrets if secret in text]


@pytest.mark.parametrize("name", ["report.html", "plan.html", "inventory.html"])
def test_reports_stand_alone(told: Told, name: str) -> None:
    page = (told.root / name).read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert 'src="http' not in page
    assert "<script>alert(1)</script>" not in page


def test_a_folder_with_other_content_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(DemoError, match="is not empty"):
        demonstrate(40, 1, tmp_path, print)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize("name", ["json", "csv", "markdown", "html"])
@pytest.mark.parametrize("source", ["snapshot.db", "plan.json", "journal.db"])
def test_everything_that_is_left_can_be_rendered(told: Told, tmp_path: Path, name: str, source: str) -> None:
    out = tmp_path / "report"
    assert main(["report", str(told.root / source), "--format", name, "--out", str(out)]) == 0
    assert out.stat().st_size > 100
    first = out.read_bytes()
    assert main(["report", str(told.root / source), "--format", name, "--out", str(out)]) == 0
    assert out.read_bytes() == first
