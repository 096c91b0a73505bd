"""``retire`` as it is run: by a policy, after owners were asked, and with ^C in the middle."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrate import planfile
from migrate.cli.main import COMMANDS, main
from migrate.entry import Kind
from migrate.model import Plan
from tests.support.rollout import Rollout, rollout

LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
_PATIENCE = 60.0


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Rollout, Plan]]:
    """Give a tenant of which every gate is open, in the current folder."""
    monkeypatch.chdir(tmp_path)
    with rollout(tmp_path, monkeypatch) as tenant:
        plan = asyncio.run(tenant.ready())
        planfile.write(plan, tmp_path / "plan.json")
        (tmp_path / "snapshot.db").unlink()
        monkeypatch.setenv("UNSECRET_JOURNAL", f"sqlite:///{tmp_path / 'journal.db'}")
        yield tenant, plan


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return told


def shut(told: list[dict[str, Any]]) -> set[str]:
    return {gate["gate"] for row in told for gate in row.get("gates", ())}


def own_one_more(tenant: Rollout, plan: Plan) -> bool:
    """Give an application of the first wave another owner, and say whether there is one."""
    inside = tenant.emulator.tenant
    planned = next(each.application.client_id for each in plan.pairings if each.wave == 1)
    application = next(each for each in inside.applications if each.app_id == planned)
    others = [each for each, user in inside.users.items() if user.account_enabled and each not in application.owners]
    inside.save_application(replace(application, owners=(*application.owners, *others[:1])))
    return bool(others)


def test_owners_answer_before_a_removal_where_the_policy_asks(
    ready: tuple[Rollout, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, plan = ready
    (tmp_path / "unsecret.toml").write_text("[retire]\nowner_days = 14\n")
    before = tenant.keys_left()
    retire = ["retire", "plan.json", "--wave", "1", "--format", "json"]
    assert main([*retire, "--apply"]) == 1
    assert "owner-informed" in shut(rows(capsys))
    assert main(["owner", "plan.json", "--wave", "1"]) == 2
    assert main(["owner", "plan.json", "--told"]) == 2
    assert main(["owner", "plan.json", "--wave", "1", "--told", "--refused"]) == 2
    assert main(["owner", "plan.json", "--wave", "1", "--refused", "--note", "$(touch x) <b>"]) == 0
    capsys.readouterr()
    main(retire)
    assert "owner-informed" in shut(rows(capsys))
    assert main(["owner", "plan.json", "--wave", "1", "--agreed"]) == 0
    capsys.readouterr()
    main(retire)
    assert "owner-informed" not in shut(rows(capsys))
    assert own_one_more(tenant, plan)
    main(retire)
    assert "owner-informed" in shut(rows(capsys)), "who became an owner since was not told"
    assert main(["owner", "plan.json", "--wave", "1", "--agreed"]) == 0
    capsys.readouterr()
    main(retire)
    assert "owner-informed" not in shut(rows(capsys))
    assert tenant.keys_left() == before
    assert not (tmp_path / "x").exists()
    assert {each.wave for each in plan.pairings} > {1}


def test_no_more_is_removed_than_max_says(ready: tuple[Rollout, Plan], capsys: pytest.CaptureFixture[str]) -> None:
    tenant, _ = ready
    before = tenant.keys_left()
    assert main(["retire", "plan.json", "--apply", "--max", "1", "--format", "json"]) == 1
    told = rows(capsys)
    assert Counter(row["result"] for row in told)["retired"] == 1
    assert "change-limit" in shut(told)
    assert len(before - tenant.keys_left()) == 1


@pytest.mark.parametrize(
    "number", [signal.SIGINT, *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGTERM, signal.SIGHUP))]
)
def test_an_interrupt_lets_the_credential_in_hand_be_finished(
    ready: tuple[Rollout, Plan], tmp_path: Path, number: signal.Signals
) -> None:
    tenant, _ = ready
    before = tenant.keys_left()
    command = [sys.executable, "-P", str(LAUNCHER), "retire", "plan.json", "--apply", "--format", "json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + _PATIENCE
        while Kind.RETIRE_MEANT not in tenant.kinds() and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=_PATIENCE)
    kinds = Counter(tenant.kinds())
    assert process.returncode == 128 + number, err
    assert kinds[Kind.RETIRE_MEANT] == kinds[Kind.RETIRED] == 1
    assert [row["result"] for row in json.loads(out)].count("retired") == 1
    assert "stopping after the step in hand" in err
    assert "were not looked at; to go on: unsecret retire plan.json --apply --format json" in err
    assert "Traceback" not in err
    assert len(before - tenant.keys_left()) == 1


def forge(path: Path) -> None:
    """Change an entry as who owns the database can, with every trigger in its place again."""
    with closing(sqlite3.connect(path)) as database, database:
        (trigger,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_no_update'").fetchone()
        database.execute("DROP TRIGGER entries_no_update")
        database.execute("UPDATE entries SET actor = 'somebody' WHERE kind = 'proven'")
        database.execute(trigger)


def heard_by(tenant: Rollout) -> int:
    """Return how many sign-ins the tenant has seen, whoever tried."""
    return len(tenant.emulator.tenant.sign_ins)


def changing() -> set[str]:
    """Return the commands that change a tenant."""
    found = {name: importlib.import_module(f"migrate.cli.{name.replace('-', '_')}").command for name in COMMANDS}
    return {name for name, each in found.items() if any(one.name == "apply" for one in each.params)} - {"rewrite"}


def test_nothing_rests_on_a_journal_that_was_changed(
    ready: tuple[Rollout, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, plan = ready
    before, app = tenant.keys_left(), ("--app", plan.pairings[0].application.client_id)
    assert main(["status"]) == 0
    forge(tmp_path / "journal.db")
    entries, heard = tenant.kinds(), heard_by(tenant)
    assert changing() == {"break-glass", "deactivate", "federate", "retire", "revert", "seal"}
    for name in sorted(changing()):
        for apply in ((), ("--apply",)):
            assert main([name, "plan.json", *(app if name in {"break-glass", "revert"} else ()), *apply]) == 2, name
            told = capsys.readouterr().err
            assert "unsecret journal verify" in told, name
            assert "it was altered" in told, name
    for command in (["watch", "plan.json"], ["guard", "plan.json"], ["guard", "journal.db"],
                    ["report", "journal.db", "--out", "report.html"]):  # fmt: skip
        assert main(command) == 2, command
        assert "unsecret journal verify" in capsys.readouterr().err, command
    assert main(["status"]) == 1
    assert capsys.readouterr().out.startswith("NOT SOUND")
    assert tenant.keys_left() == before
    assert tenant.kinds() == entries
    assert heard_by(tenant) == heard
