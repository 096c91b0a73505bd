"""Deactivating what nobody uses: gates as values, and runs that fail or end anywhere on an embedded tenant."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory.model import ApplicationId
from migrate import gates
from migrate.circumstances import Circumstances, Deactivation, Informed, Stretch
from migrate.entry import Kind
from migrate.gate import Question
from migrate.graph_writer import GraphWriter
from migrate.model import Abandoned, Road
from migrate.settling import Settling
from tests.support import faultpoints
from tests.support.glass import failing
from tests.support.questions import APPLICATION, PAIRING, history, question, sign_in
from tests.support.tenants import NOW
from tests.support.unused import Idle, idle

UNUSED = Abandoned(application=PAIRING.application, credentials=PAIRING.credentials)
AT = NOW - timedelta(days=40)
LOOKS = (Stretch(since=AT - timedelta(days=20), until=NOW - timedelta(days=25)),)
DISABLED = dataclasses.replace(APPLICATION, disabled=True)
TOLD = Informed(at=AT, answer=None, by="op@host")


def around(**changes: Any) -> Circumstances:
    right = Circumstances(
        taken_at=NOW - timedelta(days=1),
        informed=TOLD,
        deactivation=Deactivation(at=AT, looks=LOOKS),
        log_until=NOW - timedelta(hours=1),
    )
    return dataclasses.replace(right, **changes)


def idle_history(*rows: Any, **changes: Any) -> Any:
    made = history(*rows, **changes)
    return dataclasses.replace(made, sign_ins=tuple(rows))


def removal(**changes: Any) -> Question:
    right = {"pairing": UNUSED, "application": DISABLED, "federated": (), "proofs": (), "history": idle_history()}
    return question(**{**right, "circumstances": around(), "road": Road.DEACTIVATED, **changes})


def deactivation(**changes: Any) -> Question:
    here = around(deactivation=None)
    return removal(**{"application": APPLICATION, "circumstances": here, "road": Road.DEACTIVATION, **changes})


def closed(asked: Question) -> dict[str, str]:
    return {name: answer.because for name, answer in gates.closed(gates.ask(asked))}


def test_every_gate_of_both_is_open_when_everything_is_right() -> None:
    assert closed(removal()) == {}
    assert closed(deactivation()) == {}


@pytest.mark.parametrize(
    ("changes", "gate", "told"),
    [
        ({"history": idle_history(sign_in(days_ago=5, key_id="other"))}, "application-unused", "1 sign-ins in 28 days"),
        ({"history": idle_history(sign_in(error_code=None))}, "application-unused", "1 sign-ins in 28 days"),
        ({"history": idle_history(covers_days=20)}, "application-unused", "use is unknown"),
        ({"history": idle_history(covers_days=None)}, "application-unused", "is empty"),
        ({"history": idle_history(missing="403")}, "application-unused", "use is unknown: 403"),
        ({"circumstances": around(log_until=None)}, "application-unused", "cannot be read"),
        ({"circumstances": around(log_until=NOW - timedelta(hours=7))}, "application-unused", "ends at"),
        ({"circumstances": around(informed=None)}, "owner-informed", "nobody has told"),
        ({"circumstances": around(informed=replace(TOLD, answer=False))}, "owner-informed", "a no of its owners"),
        ({"application": DISABLED}, "application-unchanged", "was disabled"),
    ],
)
def test_unknown_is_never_unused_before_a_deactivation(changes: dict[str, Any], gate: str, told: str) -> None:
    found = closed(deactivation(**changes))
    assert set(found) == {gate}
    assert told in found[gate]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"circumstances": around(deactivation=None)}, "it was not deactivated"),
        ({"history": idle_history(sign_in(error_code=7000112))}, "it is missed: 1 attempts"),
        ({"history": idle_history(sign_in(error_code=7000215))}, "it is missed: 1 attempts"),
        ({"circumstances": around(deactivation=Deactivation(at=AT, looks=LOOKS, scream="a no"))}, "it is missed: a no"),
        ({"circumstances": around(deactivation=Deactivation(at=NOW - timedelta(days=29)))}, "30 days are needed"),
        (
            {"circumstances": around(deactivation=Deactivation(at=AT)), "history": idle_history(covers_days=29)},
            "covers",
        ),
        ({"history": idle_history(covers_days=24)}, "no look at the log covers"),
        ({"history": idle_history(missing="403")}, "attempts are unknown: 403"),
    ],
)
def test_nothing_goes_that_is_missed_or_of_which_that_is_not_known(changes: dict[str, Any], told: str) -> None:
    found = closed(removal(**changes))
    assert told in found["deactivated-unmissed"]


def test_an_application_that_was_activated_again_is_not_on_this_road() -> None:
    assert "not deactivated (any more)" in closed(removal(application=APPLICATION))["application-unchanged"]


def test_gates_about_a_pairing_are_not_asked_of_what_has_none() -> None:
    with pytest.raises(TypeError, match="is not paired"):
        _ = removal().paired


# --- on a tenant -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idle]:
    with pytest.MonkeyPatch.context() as patch, idle(tmp_path_factory.mktemp("idle"), patch) as made:
        patch.setattr(Settling, "__init__", _quick(Settling.__init__))
        yield made


def _quick(init: Any) -> Any:
    def made(self: Settling, **given: Any) -> None:
        init(self, **{"in_a_row": 2, "reads": 10, "pause": 0.01, "longest_pause": 0.02, **given})

    return made


@pytest.fixture
def app(tenant: Idle) -> Iterator[str]:
    """An application whose owners were told, in a journal that holds nothing else; put back afterwards."""
    client_id = tenant.unused()[0]
    before = tenant.app(client_id)
    tenant.forget()
    tenant.told(client_id)
    yield client_id
    tenant.emulator.tenant.save_application(before)


def test_what_somebody_else_deactivated_is_neither_counted_nor_activated(tenant: Idle, app: str) -> None:
    found = tenant.app(app)
    tenant.emulator.tenant.save_application(replace(found, is_disabled=True))
    code, told = tenant.run("deactivate", "plan.json", "--app", app, "--apply")
    assert code == 1
    assert "was disabled" in told
    code, told = tenant.run("revert", "plan.json", "--app", app, "--apply")
    assert code == 1
    assert "not deactivated by unsecret" in told
    assert "refused" in told
    assert tenant.app(app).is_disabled is True


@pytest.mark.parametrize("before", [None, False])
def test_it_is_set_to_exactly_what_it_was(tenant: Idle, app: str, before: bool | None) -> None:  # noqa: FBT001
    tenant.emulator.tenant.save_application(replace(tenant.app(app), is_disabled=before))
    assert tenant.run("deactivate", "plan.json", "--app", app, "--apply")[0] == 0
    assert tenant.app(app).is_disabled is True
    assert tenant.run("revert", "plan.json", "--app", app, "--apply")[0] == 0
    assert tenant.app(app).is_disabled is before


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "reset", "methods": ["PATCH"], "when": "after", "times": 1}, 2),
        ({"kind": "status", "methods": ["PATCH"], "status": 503, "retry_after": 0.01, "times": 2}, 0),
        pytest.param({"kind": "status", "methods": ["PATCH"], "status": 403}, 2, marks=pytest.mark.slow),
        ({"kind": "status", "path": "/beta/auditLogs/**", "status": 403}, 1),
    ],
)
def test_what_fails_is_told_and_the_same_command_goes_on(
    tenant: Idle, app: str, fault: dict[str, Any], code: int
) -> None:
    command = ("deactivate", "plan.json", "--app", app, "--apply")
    with failing(tenant.emulator.tenant, {"path": "/v1.0/applications/**", **fault}):
        assert tenant.run(*command)[0] == code
    assert tenant.run(*command)[0] == 0
    assert tenant.app(app).is_disabled is True
    kinds = [each.kind for each in tenant.entries() if each.application == app]
    assert kinds.count(Kind.DEACTIVATED) == 1
    assert "begun" not in tenant.run("status", "--all")[1]


def test_what_was_not_seen_to_be_deactivated_is_found_by_watch_and_by_a_later_plan(tenant: Idle, app: str) -> None:
    """It is deactivated in the tenant: nobody signs in, and nobody would be told."""
    lagging = {"kind": "lagging-reads", "of": ["objects"], "unseen": 10**6}
    with failing(tenant.emulator.tenant, lagging):
        code, told = tenant.run("deactivate", "plan.json", "--app", app, "--apply")
    assert (code, "does not show" in told) == (2, True)
    assert tenant.app(app).is_disabled is True
    assert [each.kind for each in tenant.entries()][-1] is Kind.DEACTIVATE_FAILED
    plan = tenant.plan()
    assert [each["code"] for each in plan["refusals"] if each["application"]["client_id"] == app] == ["disabled"]
    code, told = tenant.run("watch", "plan.json", "--app", app)
    assert (code, "unmissed" in told) == (0, True), told
    assert Kind.DEACTIVATED in {each.kind for each in tenant.entries()}
    assert tenant.run("revert", "plan.json", "--app", app, "--apply")[0] == 0
    assert tenant.app(app).is_disabled is None


def test_one_read_of_a_replica_that_lags_decides_nothing(
    tenant: Idle, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, stale = GraphWriter.is_disabled, [False]

    async def late(writer: GraphWriter, application: ApplicationId) -> bool | None:
        return stale.pop(0) if stale else await real(writer, application)

    assert tenant.run("deactivate", "plan.json", "--app", app, "--apply")[0] == 0
    monkeypatch.setattr(GraphWriter, "is_disabled", late)
    assert tenant.run("revert", "plan.json", "--app", app, "--apply")[0] == 0
    assert tenant.app(app).is_disabled is None
    stale += [False, True]
    code, told = tenant.run("deactivate", "plan.json", "--app", app, "--apply")
    assert (code, "shows as deactivated by now" in told) == (2, True)
    assert [each.kind for each in tenant.entries()][-1] is Kind.ACTIVATED, "nothing was meant"


def test_what_was_begun_and_is_active_is_told_with_the_command(tenant: Idle, app: str) -> None:
    before = tenant.app(app)
    lagging = {"kind": "lagging-reads", "of": ["objects"], "unseen": 10**6}
    with failing(tenant.emulator.tenant, lagging):
        assert tenant.run("deactivate", "plan.json", "--app", app, "--apply")[0] == 2
    tenant.emulator.tenant.save_application(before)
    code, told = tenant.run("watch", "plan.json", "--app", app)
    assert code == 1
    assert f"it was to be deactivated, and is not: unsecret deactivate PLAN --app {app}" in told


EVERY = [pytest.param(1, marks=pytest.mark.slow, id="every point"), pytest.param(11, id="some points")]


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("name", ["deactivate", "revert"])
def test_a_run_that_is_ended_anywhere_and_run_again_comes_to_the_same(
    tenant: Idle, app: str, name: str, every: int
) -> None:
    command = (name, "plan.json", "--app", app, "--apply")
    if name == "revert":
        assert tenant.run("deactivate", *command[1:])[0] == 0
    record, journal = tenant.app(app), Path("unsecret.db")
    shutil.copyfile(journal, "saved.db")

    def reset() -> None:
        tenant.emulator.tenant.save_application(record)
        shutil.copyfile("saved.db", journal)

    def run() -> None:
        code, told = tenant.run(*command)
        assert code == 0 or "nothing is left to take back" in told, told

    def outcome() -> tuple[object, ...]:
        told = [each for each in tenant.rows("status", "--all")["each"] if each["client_id"] == app]
        return tenant.app(app).is_disabled, [(each["station"], each["interrupted"]) for each in told]

    found = faultpoints.survey(reset=reset, run=run, outcome=outcome, every=every, first=every // 2)
    meant = "deactivate-meant" if name == "deactivate" else "activate-meant"
    assert {f"before entry {meant}", f"after entry {meant}"} <= set(found.points)
    assert any(each.startswith("after PATCH") for each in found.points)
    assert found.ended >= len(found.points) // every - 1


@pytest.mark.parametrize("every", EVERY)
def test_a_removal_that_is_ended_anywhere_and_run_again_comes_to_the_same(tenant: Idle, app: str, every: int) -> None:
    (tenant.folder / "code").mkdir(exist_ok=True)
    (tenant.folder / "code" / "a.py").write_text("print('no secret here')\n")
    tenant.plan()
    tenant.told(app)
    assert tenant.run("deactivate", "plan.json", "--app", app, "--apply")[0] == 0
    tenant.run("rewrite", "code", "--plan", "plan.json")
    for days in (16, 15):
        tenant.live(days=days)
        assert tenant.run("watch", "plan.json", "--app", app)[0] == 0
    record, journal = tenant.app(app), Path("unsecret.db")
    shutil.copyfile(journal, "saved.db")

    def reset() -> None:
        tenant.emulator.tenant.save_application(record)
        shutil.copyfile("saved.db", journal)

    def run() -> None:
        code, told = tenant.run("retire", "plan.json", "--app", app, "--apply")
        assert code == 0, told

    def outcome() -> tuple[object, ...]:
        told = [each for each in tenant.rows("status", "--all")["each"] if each["client_id"] == app]
        left = tenant.app(app)
        return left.is_disabled, left.passwords, [(each["station"], each["interrupted"]) for each in told]

    found = faultpoints.survey(reset=reset, run=run, outcome=outcome, every=every, first=every // 2)
    assert not tenant.app(app).passwords
    assert {"before entry retire-meant", "after POST removePassword", "after entry retired"} <= set(found.points)
