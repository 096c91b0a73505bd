"""``federate``, ``revert`` and ``status`` as they are run, against an embedded tenant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate import planfile
from migrate.cli.main import main
from migrate.emulator.server import Emulator
from migrate.entry import Entry, Kind
from migrate.model import Plan, Refusal
from tests.support.estate import take_identities
from tests.support.journals import journal
from tests.support.rollout import isolate

Run = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch, Emulator(apps=40, seed=1) as emulator:
        take_identities(emulator.tenant)
        isolate(patch)
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        folder = tmp_path_factory.mktemp("revert")
        patch.chdir(folder)
        assert main(["scan", "--out", "snapshot.db"]) == 0
        assert main(["plan", "snapshot.db", "--out", "plan.json"]) == 0
        yield folder


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    url = f"sqlite:///{tmp_path / 'journal.db'}"

    def once(command: str, *arguments: str) -> tuple[int, Any]:
        plan = [] if command == "status" else [str(place / "plan.json")]
        capsys.readouterr()
        code = main([command, *plan, *arguments, "--journal", url, "--format", "json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return once


def plan_of(place: Path) -> Plan:
    return planfile.read(place / "plan.json")


def stepped(place: Path) -> Refusal:
    return next(each for each in plan_of(place).refusals if each.can_be_carried_out)


def test_steps_are_left_alone_unless_they_are_asked_for(place: Path, run: Run) -> None:
    app, one = stepped(place).application.client_id, plan_of(place).pairings[0].application.client_id
    _, rows = run("federate")
    assert app in {row["client_id"] for row in rows if row["result"] == "left alone"}
    code, (row,) = run("federate", "--app", app)
    assert (code, row["result"], row["client_id"]) == (0, "would carry out", app)
    assert [step.text for step in stepped(place).steps] == row["steps"]
    assert {row["result"] for row in run("federate", "--app", one)[1]} <= {"would create", "present"}


def test_one_application_there_and_back_as_status_tells_it(place: Path, run: Run) -> None:
    app = stepped(place).application.client_id
    assert run("federate", "--app", app, "--apply", "--seen", "1")[0] == 0
    _, told = run("status")
    (mine,) = [row for row in told["each"] if row["client_id"] == app]
    assert (mine["state"], mine["wave"]) == ("federated", None)
    assert "scan" in mine["next"]
    code, dry = run("revert", "--app", app)
    assert (code, dry["result"], len(dry["steps"])) == (0, "would revert", 3)
    code, part = run("revert", "--app", app, "--to", "identity-attached", "--apply")
    assert (code, len(part["steps"])) == (0, 1)
    code, rest = run("revert", "--app", app, "--apply")
    assert (code, len(rest["steps"])) == (0, 2)
    assert run("revert", "--app", app, "--apply")[1]["steps"] == []
    (mine,) = [row for row in run("status")[1]["each"] if row["client_id"] == app]
    assert (mine["state"], mine["station"]) == ("reverted", "planned")


def test_what_may_not_be_taken_back_is_refused_and_has_not_failed(
    place: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = [each for each in plan_of(place).pairings if not each.federated.exists][-1]
    app, url = one.application.client_id, f"sqlite:///{tmp_path / 'journal.db'}"
    assert run("federate", "--app", app, "--apply", "--seen", "1")[0] == 0
    with journal(url) as kept, kept.lease(app):
        gone = one.credentials[0].key_id
        kept.record(Entry(kind=Kind.RETIRED, plan=plan_of(place).digest, application=app, subject=gone))
    for apply in ((), ("--apply",)):
        code, told = run("revert", "--app", app, *apply)
        assert (code, told["result"], told["steps"]) == (1, "refused", [])
        assert main(["revert", str(place / "plan.json"), "--app", app, *apply, "--journal", url]) == 1
        said = capsys.readouterr().out
        assert said.startswith(f"  refused  {one.application.display_name}: 1 of its credentials are removed for good")


def test_no_more_than_so_many_are_changed(place: Path, run: Run) -> None:
    missing = [each for each in plan_of(place).pairings if not each.federated.exists]
    assert len(missing) > 2
    _, rows = run("federate", "--max", "2", "--apply", "--seen", "1")
    done = [row for row in rows if row["result"] == "created"]
    assert [row["client_id"] for row in done] == [each.application.client_id for each in missing[:2]]
    app = stepped(place).application.client_id
    assert run("federate", "--app", app, "--max", "1", "--apply", "--seen", "1")[1][0]["result"] == "carried out"
    assert run("federate", "--app", app, "--max", "1", "--apply")[1] == []
    for row in [*done, {"client_id": app}]:
        assert run("revert", "--app", row["client_id"], "--apply")[0] == 0


def test_nothing_is_changed_in_a_freeze_window_without_a_reason(place: Path, run: Run) -> None:
    app = plan_of(place).pairings[0].application.client_id
    policy = place / "unsecret.toml"
    policy.write_text('[[freeze]]\nfrom = 2020-01-01\nto = 2099-12-31\nreason = "a long rest"\n')
    try:
        for command in (("federate", "--apply"), ("revert", "--app", app, "--apply")):
            code, said = run(*command)
            assert code == 2
            assert "has ended everywhere (the next day at 12:00 UTC)" in said
            assert run(*command[:-1])[0] in {0, 1}
        assert run("status")[1] == {}
        code, _ = run("federate", "--app", app, "--apply", "--seen", "1", "--during-freeze", "the secret leaked")
        assert code == 0
    finally:
        policy.unlink()
