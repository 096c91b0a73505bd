"""``unsecret plan`` with decisions and code, and what ``federate`` does with steps that it cannot make."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory import snapshot as snapshots
from inventory.model import TenantId
from migrate import planfile
from migrate.cli.main import main
from migrate.model import Plan
from migrate.refusalcodes import RefusalCode
from tests.support.rollout import Rollout, rollout
from tests.support.tenants import application, host, identity, snapshot

ORDERS, LOST = application("orders"), application("lost")
NAMED, OTHER = identity("id-orders"), identity("id-q7")
SITE = host("web", OTHER)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a snapshot of two applications, one of them on a host that nothing tells."""
    monkeypatch.chdir(tmp_path)
    tenant = snapshot(ORDERS, LOST, identities=(NAMED, OTHER), hosts=(SITE, host("bare", uses=LOST)))
    snapshots.write(tmp_path / "snapshot.db", tenant)
    return tmp_path


def planned(*arguments: str) -> Plan:
    assert main(["plan", "snapshot.db", *arguments]) == 0
    return planfile.read(Path("plan.json"))


def pairs(plan: Plan) -> dict[str, str]:
    return {one.application.display_name: one.identity.name for one in plan.pairings}


def failing(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_policy_in_the_folder_is_used_and_its_digest_is_in_the_plan(folder: Path) -> None:
    before = planned()
    (folder / "unsecret.toml").write_text('[[pair]]\napplication = "orders"\nidentity = "id-q7"\nreason = "moved"\n')
    after = planned()
    assert (pairs(before), pairs(after)) == ({"orders": "id-orders"}, {"orders": "id-q7"})
    assert before.policy_digest != after.policy_digest
    (folder / "unsecret.toml").rename(folder / "elsewhere.toml")
    assert planned("--policy", "elsewhere.toml") == after
    assert planned() == before


def test_policies_that_cannot_be_used_are_one_line_with_their_name_and_key(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = folder / "mine.toml"
    policy.write_text("[limits]\nwaves = 3\n")
    assert "mine.toml: limits: the key `waves` is not known" in failing(
        capsys, "plan", "snapshot.db", "--policy", "mine.toml"
    )
    policy.write_text('[[exclude]]\napplication = "nobody"\nreason = "r"\nuntil = 2030-01-01\n')
    assert "mine.toml: exclude[0].application: the snapshot has no 'nobody'" in failing(
        capsys, "plan", "snapshot.db", "--policy", "mine.toml"
    )
    assert "cannot read missing.toml" in failing(capsys, "plan", "snapshot.db", "--policy", "missing.toml")
    assert not (folder / "plan.json").exists()


def test_the_policy_is_never_replaced_by_the_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "unsecret.toml").write_text("")
    assert "it is read for the plan" in failing(
        capsys, "plan", "snapshot.db", "--policy", "unsecret.toml", "--out", "unsecret.toml"
    )


def test_code_is_evidence_where_a_repository_names_its_hosts(folder: Path) -> None:
    site = {"path": "jobs/main.py", "line": 3, "construct": "c", "result": "rewritten", "client_id": ORDERS.client_id}
    (folder / "rewrite.json").write_text(json.dumps({"sites": [site, {**site, "client_id": None}]}))
    (folder / "unsecret.toml").write_text('[[repository]]\npath = "jobs/"\nhosts = ["web"]\n')
    plan = planned("--code", "rewrite.json")
    said = [reason for one in (*plan.pairings, *plan.refusals) for reason in reasons(one)]
    assert "+45 code that signs in as the application (jobs/main.py:3) is deployed to web" in said


def reasons(block: Any) -> list[str]:
    candidates = [*getattr(block, "candidates", ()), *getattr(block, "alternatives", ())]
    return [reason for candidate in candidates for reason in candidate.reasons]


@pytest.mark.usefixtures("folder")
def test_verify_refuses_an_application_whose_steps_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    (refused,) = planned().refusals
    assert refused.code is RefusalCode.NO_IDENTITY
    said = failing(capsys, "verify", "plan.json", "--app", LOST.client_id)
    assert "steps come first, which federate --app makes" in said
    assert "create the user-assigned identity id-lost-" in said
    assert "attach id-lost-" in said


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    monkeypatch.chdir(tmp_path)
    with rollout(tmp_path, monkeypatch, apps=40) as ready:  # one that somebody disabled waits for its steps
        yield ready


def test_federate_names_what_it_leaves_alone_and_makes_none_of_its_steps(
    tenant: Rollout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan"]) == 0
    plan = planned()
    waiting = {one.application.client_id for one in plan.refusals if one.steps}
    assert waiting
    capsys.readouterr()
    assert main(["federate", "plan.json", "--apply", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    left = {row["client_id"] for row in rows if row["result"] == "left alone"}
    assert left == waiting
    assert {row["client_id"] for row in rows} - left == {one.application.client_id for one in plan.pairings}
    disabled = [one for one in tenant.emulator.tenant.applications if one.app_id in waiting and one.is_disabled]
    assert disabled == []


def test_the_report_of_a_plan_shows_waves_audit_and_steps(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned()
    capsys.readouterr()
    assert main(["report", "plan.json", "--out", "plan.html"]) == 0
    page = (folder / "plan.html").read_text("utf-8")
    assert all(text in page for text in ("Waves", "Audit of federated credentials", "attach id-lost-", "canary"))


def test_a_plan_is_written_for_a_pull_request_beside_it_and_by_show(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned("--markdown")
    page = (folder / "plan.md").read_text("utf-8")
    assert "### orders → id-orders" in page
    capsys.readouterr()
    assert main(["plan", "show", "plan.json"]) == 0
    assert capsys.readouterr().out == page
    assert main(["plan", "show", "plan.json", "--out", "other.md"]) == 0
    assert (folder / "other.md").read_text("utf-8") == page


def test_markdown_replaces_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "ends in .json" in failing(capsys, "plan", "snapshot.db", "--markdown", "--out", "plan.md")
    (folder / "unsecret.toml").write_text("")
    planned()
    assert "would be replaced" in failing(capsys, "plan", "show", "plan.json", "--out", "plan.json")
    assert "would be replaced" in failing(capsys, "plan", "show", "plan.json", "--out", "snapshot.db")


def test_the_difference_of_two_plans_has_an_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned("--out", "plan.json")
    (folder / "unsecret.toml").write_text('[[pair]]\napplication = "orders"\nidentity = "id-q7"\nreason = "moved"\n')
    assert main(["plan", "snapshot.db", "--out", "new.json"]) == 0
    capsys.readouterr()
    assert main(["plan", "diff", "plan.json", "plan.json"]) == 0
    assert main(["plan", "diff", "plan.json", "new.json"]) == 1
    told = capsys.readouterr().out
    assert "other decisions (unsecret.toml)" in told
    assert f"identity: id-orders ({NAMED.principal_id}) -> id-q7 ({OTHER.principal_id})" in told
    assert "new: decided in unsecret.toml: moved" in told
    assert main(["plan", "diff", "plan.json", "new.json", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["same"] is False
    assert main(["plan", "diff", "plan.json", "new.json", "--format", "markdown"]) == 1
    assert "## orders: paired" in capsys.readouterr().out
    assert "cannot read the plan missing.json" in failing(capsys, "plan", "diff", "plan.json", "missing.json")
    assert "is not a plan" in failing(capsys, "plan", "diff", "plan.json", "snapshot.db")


def test_a_snapshot_of_a_commands_name_is_reached_by_its_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "snapshot.db").rename(folder / "diff")
    assert main(["plan", "./diff"]) == 0
    assert main(["plan", "--out", "other.json", "diff"]) == 0
    assert "Missing argument 'OLD'; see unsecret plan diff --help" in failing(capsys, "plan", "diff")
    assert "Missing argument 'SNAPSHOT'; see unsecret plan --help" in failing(capsys, "plan")
    assert main(["plan", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("Usage: unsecret plan [OPTIONS] SNAPSHOT", "--policy", "show", "diff"))


def test_plans_of_two_tenants_are_not_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned()
    planfile.write(dataclasses.replace(plan, tenant_id=TenantId("other")), folder / "other.json")
    assert "compare plans of one tenant" in failing(capsys, "plan", "diff", "plan.json", "other.json")


@pytest.mark.parametrize(
    ("language", "name"), [("terraform", "main.tf"), ("bicep", "main.bicep"), ("az", "federate.sh")]
)
def test_an_export_replaces_an_export_and_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str, name: str
) -> None:
    planned()
    export = ("federate", "plan.json", "--export", language)
    assert main([*export]) == 0
    text = capsys.readouterr().out.rpartition("Next: ")[2].partition("\n")[2]
    assert NAMED.principal_id in text
    for _ in range(2):
        assert main([*export, "--out", name]) == 0
    assert (folder / name).read_text("utf-8") == text
    (folder / name).write_text("somebody's own\n")
    assert "it is no export of unsecret" in failing(capsys, *export, "--out", name)
    assert "it is the plan" in failing(capsys, *export, "--out", "plan.json")
    assert "it is no export of unsecret" in failing(capsys, *export, "--out", "snapshot.db")
    assert "leave --apply out" in failing(capsys, *export, "--apply")
    assert "give --export too" in failing(capsys, "federate", "plan.json", "--out", name)
    assert (folder / name).read_text() == "somebody's own\n"


@pytest.mark.usefixtures("folder")
def test_an_export_holds_the_steps_of_an_application_that_is_named_and_no_wave(
    capsys: pytest.CaptureFixture[str],
) -> None:
    planned()
    capsys.readouterr()
    assert main(["federate", "plan.json", "--export", "az", "--app", LOST.client_id]) == 0
    told = capsys.readouterr().out
    assert "create_identity " in told
    assert NAMED.principal_id not in told
    assert main(["federate", "plan.json", "--export", "az", "--steps", "--max", "1"]) == 0
    told = capsys.readouterr().out
    assert (NAMED.principal_id in told, "\ncreate_identity " in told) == (True, False)
    assert main(["federate", "plan.json", "--export", "az"]) == 0
    assert "lost: no-identity-found, left alone; --steps includes it: create" in capsys.readouterr().out
    assert main(["federate", "plan.json", "--export", "az", "--wave", "1"]) == 0
    assert "\ncreate_identity " not in capsys.readouterr().out
    assert "has no wave 9" in failing(capsys, "federate", "plan.json", "--export", "az", "--wave", "9")
