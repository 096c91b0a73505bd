from pathlib import Path

import pytest

from tests.codemods.cases import Case, cases_of, check_noop, check_transformed


@pytest.mark.parametrize("case", cases_of("identity_web_rewritten"))
def test_form(tmp_path: Path, case: Case) -> None:
    check_transformed(tmp_path, case.before, case.after)


@pytest.mark.parametrize("case", cases_of("identity_web_reported"))
def test_form_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    run = check_noop(tmp_path, case.before, *case.reasons)
    assert [item.target for item in run.reported] == [
        'client_credential={"client_assertion": managed_identity_assertion}'
    ]


@pytest.mark.parametrize("case", cases_of("identity_web_unrelated"))
def test_unrelated_code_is_not_even_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)
