"""``unsecret explain REASON`` and ``TRANSFORM``: what they print is the table that the rewriter is tested with."""

from __future__ import annotations

import json

import pytest

from codemods.cases import cases, of_reason, whys
from codemods.leftover import LeftoverKind
from codemods.model import ReasonCode
from codemods.report.failurewords import FAILURES
from codemods.report.reasons import words
from codemods.requirement import RequirementStatus
from codemods.transforms import load
from migrate.cli.main import main


@pytest.mark.parametrize("reason", ReasonCode)
def test_a_reason_is_explained_with_a_case(reason: ReasonCode, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", reason.value]) == 0
    told = capsys.readouterr().out
    for part in (reason.meaning, reason.advice, whys()[reason.value], of_reason(reason.value)[0].name):
        assert part in told


@pytest.mark.parametrize("name", [transform.name for transform in load()])
def test_a_transform_is_explained_with_its_names_and_cases(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name, "--format", "json"]) == 0
    *_, told = json.loads(capsys.readouterr().out)
    (transform,) = (one for one in load() if one.name == name)
    assert set(transform.constructs) <= set(told["constructs"])
    assert told["reported"]
    assert told["summary"] != name


@pytest.mark.parametrize("kind", LeftoverKind)
def test_a_kind_of_leftover_is_explained(kind: LeftoverKind, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", kind.value]) == 0
    told = capsys.readouterr().out
    assert f"{kind.value}: {kind.meaning}\n" in told
    assert f"What to do: {kind.advice}.\n" in told


@pytest.mark.parametrize("status", RequirementStatus)
def test_what_became_of_a_requirement_is_explained(
    status: RequirementStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", status.value]) == 0
    told = capsys.readouterr().out
    assert f"{status.value}: {status.meaning}\n" in told
    assert f"What to do: {status.advice or 'nothing'}.\n" in told


@pytest.mark.parametrize("code", FAILURES)
def test_a_failure_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    told = capsys.readouterr().out
    assert all(part in told for part in FAILURES[code])


def test_every_case_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "msal"])
    assert "more with --all" in capsys.readouterr().out
    main(["explain", "msal", "--all"])
    told = capsys.readouterr().out
    assert not [case.name for case in cases("msal_rewritten") if f"\n{case.name} (rewritten):" not in told]


def test_the_list_has_every_reason_and_says_it_in_json_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "reasons"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [word.code for word in words()]
    main(["explain", "reasons", "--format", "json"])
    every = {*ReasonCode, *LeftoverKind, *RequirementStatus, *FAILURES}
    assert {row["code"] for row in json.loads(capsys.readouterr().out)} == every


def test_a_word_that_nobody_knows_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "guarded-by-secrets"]) == 2
    assert "is it guarded-by-secret" in capsys.readouterr().err
    assert main(["explain", "\x1b[31m"]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("group", [[], ["explain"], ["journal"]])
def test_a_group_without_a_command_says_where_its_commands_are(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(group) == 2
    assert capsys.readouterr().err == f"unsecret: give a command; see {' '.join(['unsecret', *group])} --help\n"
