"""``break-glass`` as it is typed: a dry run, the change, what status and the journal tell afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from migrate import planfile
from migrate.cli.main import main
from migrate.entry import Entry, Json, Kind
from tests.support.glass import TOML, VAULT, Broken, broken


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    folder = tmp_path_factory.mktemp("glass")
    with pytest.MonkeyPatch.context() as patch, broken(folder, patch) as found:
        patch.setenv("UNSECRET_JOURNAL", f"sqlite:///{folder / 'journal.db'}")
        patch.chdir(folder)
        yield found


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_from_trouble_to_a_secret_in_the_vault_and_back(made: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    app = made.pairing.application.client_id
    assert not made.signs_in(made.tenant.secret_of(made.pairing.credentials[0].key_id))
    assert main(["watch", "plan.json", "--app", app, "--format", "json"]) == 1
    (look,) = told(capsys)
    command = f"unsecret break-glass plan.json --app {app}"
    assert command in look["message"]
    typed = command.split()[1:]
    assert main(typed) == 2
    assert "set vault = " in capsys.readouterr().err
    Path("unsecret.toml").write_text(TOML)
    assert main([*typed, "--valid-for", "73"]) == 2
    assert main(["break-glass", "plan.json"]) == 2
    capsys.readouterr()
    assert main(typed) == 0
    dry = capsys.readouterr().out
    assert f"To make it: {command} --apply" in dry
    assert not made.ours
    assert main([*typed, "--apply", "--valid-for", "6"]) == 0
    shown = capsys.readouterr().out
    (text,) = made.kept
    assert made.signs_in(text)
    assert text not in shown
    assert f"{VAULT}/secrets/unsecret-{app}/" in shown
    assert main([*typed, "--apply", "--format", "json"]) == 0
    assert told(capsys)["result"] == "present"
    assert main(["status"]) == 0
    status = capsys.readouterr().out
    assert "BREAK-GLASS" in status
    assert "partly retired" in status
    assert main(["retire", "plan.json", "--app", app]) == 0
    capsys.readouterr()
    assert main(["report", str(made.base.folder / "journal.db"), "--format", "markdown", "--out", "journal.md"]) == 0
    assert main(["journal", "verify"]) == 0
    assert text not in Path("journal.md").read_text("utf-8")


def test_a_plan_that_a_newer_one_has_overtaken_will_do(made: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    """What was retired long ago is in no later plan, and may be missed all the same."""
    later = (made.plan.snapshot_taken_at + timedelta(days=9)).isoformat()
    data: dict[str, Json] = {"tenant": made.plan.tenant_id, "taken_at": later, "pairings": [], "stepped": []}
    made.base.journal.record(Entry(kind=Kind.PLAN, plan="f" * 64, data=data))
    app = made.pairing.application.client_id
    assert main(["watch", "plan.json", "--app", app]) == 2
    assert main(["break-glass", "plan.json", "--app", app, "--apply", "--format", "json"]) == 0
    assert told(capsys)["result"] == "present"
    assert main(["status"]) == 0
    assert "BREAK-GLASS" in capsys.readouterr().out


def test_watch_writes_down_the_end_of_a_secret_of_which_its_plan_knows_nothing(
    made: Broken, capsys: pytest.CaptureFixture[str]
) -> None:
    app, name = made.pairing.application.client_id, made.pairing.application.display_name
    later = made.plan.snapshot_taken_at + timedelta(days=9)
    planfile.write(planfile.seal(replace(made.plan, pairings=(), snapshot_taken_at=later)), Path("later.json"))
    assert main(["watch", "later.json"]) == 0
    assert name not in capsys.readouterr().out
    made.base.emulator.advance(timedelta(hours=7))
    with made.base.journal.lease(app):
        assert main(["watch", "later.json"]) == 0
    shown = capsys.readouterr().out
    assert "not written down yet" in shown
    assert Kind.BREAK_GLASS_OVER not in made.base.kinds()
    assert main(["watch", "later.json", "--format", "json"]) == 0
    (over,) = told(capsys)
    assert (over["client_id"], over["application"], over["result"], over["message"]) == (app, name, "over", "")
    assert made.base.kinds().count(Kind.BREAK_GLASS_OVER) == 1
    assert main(["watch", "later.json"]) == 0
    assert name not in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "BREAK-GLASS" not in capsys.readouterr().out


def test_an_application_that_is_in_no_plan_is_told(made: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    assert made.plan.pairings
    assert main(["break-glass", "plan.json", "--app", "11111111-1111-4111-8111-111111111111"]) == 2
    assert "is not paired in this plan" in capsys.readouterr().err
