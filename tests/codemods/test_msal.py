from pathlib import Path

import pytest

from tests.codemods.cases import Case, cases_of, check_noop, check_transformed

HEAD = "import msal\n"


@pytest.mark.parametrize("case", cases_of("msal_rewritten"))
def test_form(tmp_path: Path, case: Case) -> None:
    check_transformed(tmp_path, case.before, case.after)


def _call(arguments: str, before: str = "") -> str:
    return f"{HEAD}{before}a = msal.ConfidentialClientApplication(A, {arguments})\n"


@pytest.mark.parametrize("case", cases_of("msal_reported"))
def test_form_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before, *case.reasons)


@pytest.mark.parametrize("case", cases_of("msal_unrelated"))
def test_unrelated_code_is_not_even_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)
