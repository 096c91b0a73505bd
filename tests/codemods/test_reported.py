"""Other ways to use a secret: found, explained, left alone."""

from pathlib import Path

import pytest

from codemods.cases import REPORTED, cases, subjects
from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, Case, cases_of, check_noop, run_on

URL = "URL = 'https://login.microsoftonline.com/t/oauth2/v2.0/token'\n"


@pytest.mark.parametrize("case", cases_of("others_reported"))
def test_form_is_found(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before, *case.reasons)


@pytest.mark.parametrize("name", subjects(REPORTED))
def test_what_could_be_written_instead_is_said(tmp_path: Path, name: str) -> None:
    quiet = {"notebook", "dynamic-import"}  # what is in there is not known
    for at, case in enumerate(cases(name)):
        folder = tmp_path / str(at)
        for file, text in case.files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        for item in rewrite(Request(paths=(folder,), app=APP)).reported:
            assert bool(item.target) or item.reason.value in quiet, (case.name, item)
            assert "not-real" not in item.target


def test_a_patched_class_is_to_be_patched_under_its_new_name(tmp_path: Path) -> None:
    source = "from unittest import mock\nmock.patch('app.creds.ClientSecretCredential')\n"
    run = run_on(tmp_path, source, name="test_app.py")
    assert run.reported[0].target == "app.creds.ClientAssertionCredential"


@pytest.mark.parametrize("case", cases_of("data_access_reported"))
def test_a_way_to_data_is_found(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before, *case.reasons)


@pytest.mark.parametrize("case", cases_of("data_access_unrelated"))
def test_another_way_to_data_is_not_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


@pytest.mark.parametrize("case", cases_of("others_unrelated"))
def test_unrelated_code_is_not_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
)


@pytest.mark.parametrize("name", ["tests/app.py", "test_app.py", "pkg/app_test.py", "conftest.py", "docs/conf.py"])
def test_test_and_documentation_code_is_listed_apart(tmp_path: Path, name: str) -> None:
    source = f"import pytest\n{SITE}"
    check_noop(tmp_path, source, "test-code", name=name)
    assert len(run_on(tmp_path, source, name=name, include_tests=True).rewritten) == 1


@pytest.mark.parametrize("name", ["app.py", "testimony.py", "contest/latest.py", "test/main.py", "docs/sample.py"])
def test_other_names_are_production_code(tmp_path: Path, name: str) -> None:
    assert len(run_on(tmp_path, SITE, name=name).rewritten) == 1


def test_a_patched_class_is_listed(tmp_path: Path) -> None:
    source = "from unittest import mock\nmock.patch('app.creds.ClientSecretCredential')\n"
    run = check_noop(tmp_path, source, "test-code", name="test_app.py")
    assert run.reported[0].site.construct == "unittest.mock.patch"


@pytest.mark.parametrize("call", ["load", "register", "import_string"])
def test_a_class_named_in_a_call_is_no_patch(tmp_path: Path, call: str) -> None:
    check_noop(tmp_path, f"c = {call}('azure.identity.ClientSecretCredential')\n", "dynamic-import")


def test_a_notebook_is_listed(tmp_path: Path) -> None:
    check_noop(tmp_path, '{"cells": ["ClientSecretCredential(T, A, S)"]}', "notebook", name="x.ipynb")
    assert not run_on(tmp_path, '{"cells": []}', name="x.ipynb").reported
