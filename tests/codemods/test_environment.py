"""Credentials that the environment steers: rewritten where that is asked for, else reported."""

import ast
from pathlib import Path

import pytest

from codemods.engine.check import check
from codemods.engine.run import rewrite
from codemods.model import ReasonCode, Request, Run
from tests.codemods.cases import APP, TARGETS, Case, cases_of, check_noop, contents


def _run(folder: Path, source: str, *, asked: bool = True, inline: bool = False) -> Run:
    (folder / "app.py").write_text(source)
    request = Request(
        paths=(folder,), targets=TARGETS, app=APP, apply=True, environment_credential=asked, inline=inline
    )
    return rewrite(request)


@pytest.mark.parametrize("case", cases_of("environment_rewritten"))
def test_form(tmp_path: Path, case: Case) -> None:
    ast.parse(case.after)
    run = _run(tmp_path, case.before)
    assert (tmp_path / "app.py").read_text() == case.after, run.reported
    before = contents(tmp_path)
    assert not _run(tmp_path, case.after).diff
    assert contents(tmp_path) == before


@pytest.mark.parametrize("case", cases_of("environment_rewritten"))
def test_nothing_is_rewritten_that_was_not_asked_for(tmp_path: Path, case: Case) -> None:
    run = check_noop(tmp_path, case.before, "environment-steered")
    assert run.reported[0].target.startswith('ClientAssertionCredential(os.environ["AZURE_TENANT_ID"]')
    looked = check(Request(paths=(tmp_path,))).reported
    assert [item.reason for item in looked] == [ReasonCode.ENVIRONMENT_STEERED]


@pytest.mark.parametrize("case", cases_of("environment_reported"))
def test_form_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    run = _run(tmp_path, case.before)
    assert not run.rewritten
    assert (tmp_path / "app.py").read_text() == case.before
    assert tuple(item.reason.value for item in run.reported) == case.reasons


@pytest.mark.parametrize("case", cases_of("environment_unrelated"))
def test_unrelated_code_is_not_even_reported(tmp_path: Path, case: Case) -> None:
    assert not _run(tmp_path, case.before).sites


def test_one_expression_takes_its_place(tmp_path: Path) -> None:
    run = _run(tmp_path, "from azure.identity import EnvironmentCredential\nc = EnvironmentCredential()\n", inline=True)
    assert len(run.rewritten) == 1, run.reported
    assert "get_bearer_token_provider(ManagedIdentityCredential(" in (tmp_path / "app.py").read_text()
