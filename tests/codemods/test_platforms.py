"""Airflow and Streamlit keep the secret in settings of their own: the code that names them is told."""

from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, TARGETS, Case, cases_of, check_noop


@pytest.mark.parametrize("case", cases_of("platforms_reported"))
def test_form_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    run = check_noop(tmp_path, case.before, *case.reasons)
    assert all(item.target for item in run.reported)


@pytest.mark.parametrize("case", cases_of("platforms_unrelated"))
def test_unrelated_code_is_not_mentioned(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


def test_the_entry_of_the_file_of_secrets_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import streamlit as st\nst.login('microsoft')\n")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth.microsoft]\nclient_id = "a"\nclient_secret = "x"\n')
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert run.reported[0].site.secret_source == "streamlit.secrets['auth']['microsoft']['client_secret']"
    assert [(each.path, each.line, each.kind.value) for each in run.leftovers] == [
        (".streamlit/secrets.toml", 3, "settings-file")
    ]
