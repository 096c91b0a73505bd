from pathlib import Path

import pytest

from tests.codemods.cases import Case, cases_of, check_noop, check_transformed, run_on

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


@pytest.mark.parametrize(
    ("authority", "seen"),
    [
        ("'https://login.microsoftonline.com/' + T", ""),
        ("f'https://login.microsoftonline.com/{T}'", ""),
        ("config['authority']", "does not stand here"),
        ("os.environ['AUTHORITY']", "does not stand here"),
        ("f\"https://login.microsoftonline.com/{os.getenv('TENANT', 'common')}\"", "may be everybody's"),
        (
            "f'https://login.microsoftonline.com/{T}' if T else 'https://login.microsoftonline.com/common'",
            "everybody's",
        ),
    ],
)
def test_what_is_not_seen_of_an_authority_is_told_beside_the_rewrite(tmp_path: Path, authority: str, seen: str) -> None:
    source = f"import os\nimport msal\na = msal.ConfidentialClientApplication(A, 'not-real', {authority})\n"
    (site,) = run_on(tmp_path, source).rewritten
    assert seen in site.note
    assert bool(site.note) is bool(seen)
