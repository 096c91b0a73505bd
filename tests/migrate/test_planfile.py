from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate import planfile, planuse
from migrate.errors import PlanError
from migrate.planning.plan import make_plan
from tests.support.tenants import application, identity, snapshot

PLAN = make_plan(
    snapshot(
        application("orders"),
        application('=cmd|"x" <script>\u202e\n'),
        identities=(identity("id-orders"),),
    )
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    planfile.write(PLAN, path)
    return path


def test_a_plan_comes_back_as_it_was(written: Path) -> None:
    assert planfile.read(written) == planfile.seal(PLAN)
    assert written.read_bytes() == planfile.encode(PLAN)
    assert [path.name for path in written.parent.iterdir()] == ["plan.json"]


def test_no_name_in_it_steers_a_terminal_or_a_reader(tmp_path: Path) -> None:
    plan = make_plan(snapshot(application("a\u202eb\x9b2J\u4e2d"), identities=(identity("id-orders"),)))
    text = planfile.encode(plan).decode()
    assert '"a\\u202eb\\u009b2J\u4e2d"' in text
    planfile.write(plan, tmp_path / "plan.json")
    assert planfile.read(tmp_path / "plan.json") == planfile.seal(plan)


def edit(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return apply


@pytest.mark.parametrize(
    "change",
    [
        edit(lambda plan: plan["pairings"][0].update(wave=1, score=9)),
        edit(lambda plan: plan["pairings"][0]["federated"].update(subject="someone")),
        edit(lambda plan: plan["pairings"][0]["credentials"].clear()),
        edit(lambda plan: plan["pairings"][0].update(comment="unknown keys count too")),
        edit(lambda plan: plan["refusals"].clear()),
        edit(lambda plan: plan.update(digest="0" * 64)),
        edit(lambda plan: plan.pop("digest")),
        edit(lambda plan: plan.update(tenant_id=7)),
    ],
)
def test_an_edited_plan_is_refused(written: Path, change: Callable[[Path], None]) -> None:
    change(written)
    with pytest.raises(PlanError, match="edited"):
        planfile.read(written)


def test_line_ends_are_no_edit_and_layout_is(written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b"\n", b"\r\n"))
    assert planfile.read(written) == planfile.seal(PLAN)
    edit(lambda plan: plan)(written)
    with pytest.raises(PlanError, match="edited"):
        planfile.read(written)


def test_a_key_that_stands_twice_is_an_edit(written: Path) -> None:
    text = written.read_text("utf-8")
    written.write_text(text.replace('"wave":', '"wave": 99,\n      "wave":', 1), "utf-8")
    with pytest.raises(PlanError, match="edited"):
        planfile.read(written)


@pytest.mark.parametrize("added", ['"comment": "\u202e",', '"wave": 99,'])
def test_the_first_line_that_is_not_ours_is_named_and_not_quoted(written: Path, added: str) -> None:
    lines = written.read_text("utf-8").split("\n")
    at = next(number for number, line in enumerate(lines) if '"wave":' in line)
    written.write_text("\n".join([*lines[:at], f"      {added}", *lines[at:]]), "utf-8")
    with pytest.raises(PlanError, match=rf"line {at + 1} is the first .*unsecret\.toml") as refused:
        planfile.read(written)
    assert added not in str(refused.value)


def test_a_value_changed_in_our_own_form_is_said_to_leave_no_trace(written: Path) -> None:
    text = written.read_text("utf-8")
    changed = text.replace(PLAN.tenant_id, "00000000-0000-0000-0000-00000000ffff", 1)
    assert changed != text
    written.write_text(changed, "utf-8")
    with pytest.raises(PlanError, match=r"the file cannot tell which.*unsecret\.toml"):
        planfile.read(written)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a plan"),
        (b"{", "is not a plan"),
        (b"[" * 20_000, "is not a plan"),
        (b"[]", "is not a plan of unsecret"),
        (b'{"schema": 1}', "is not a plan of unsecret"),
        (b'{"schema": 99, "pairings": []}', "schema 99"),
        (b"\xff\xfe", "is not a plan"),
        (b"[" * 200_000, "is not a plan"),
        (b'{"a":' * 5_000, "is not a plan"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(PlanError, match=message):
        planfile.read(path)


def test_a_missing_plan_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cannot read the plan"):
        planfile.read(tmp_path / "plan.json")
    with pytest.raises(PlanError, match="cannot write the plan"):
        planfile.write(PLAN, tmp_path / "no" / "plan.json")


def test_an_application_of_another_wave_is_said_to_be_in_its_own() -> None:
    plan = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)))
    (one,) = plan.pairings
    assert planuse.select(plan, app=one.application.client_id, wave=one.wave) == (one,)
    with pytest.raises(PlanError, match=f"is in wave {one.wave}, not in wave 7"):
        planuse.select(plan, app=one.application.client_id, wave=7)
    with pytest.raises(PlanError, match="is not paired"):
        planuse.select(plan, app="11111111-1111-4111-8111-111111111111", wave=7)
