from pathlib import Path

import pytest

from tests.codemods.cases import Case, cases_of, check_noop, check_transformed, run_on


@pytest.mark.parametrize("case", cases_of("azure_identity_rewritten"))
def test_form(tmp_path: Path, case: Case) -> None:
    check_transformed(tmp_path, case.before, case.after)


@pytest.mark.parametrize("case", cases_of("azure_identity_reported"))
def test_form_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before, *case.reasons)


@pytest.mark.parametrize("case", cases_of("azure_identity_unrelated"))
def test_unrelated_code_is_not_even_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


def test_a_chain_is_rewritten_with_a_note(tmp_path: Path) -> None:
    run = check_transformed(
        tmp_path,
        "from azure.identity import AzureCliCredential, ChainedTokenCredential, ClientSecretCredential\n"
        "c = ChainedTokenCredential(ClientSecretCredential(T, A, 'not-real'), AzureCliCredential())\n",
        "from azure.identity import AzureCliCredential, ChainedTokenCredential, ClientAssertionCredential\n"
        "from entra_fic import managed_identity_assertion\n"
        "c = ChainedTokenCredential("
        "ClientAssertionCredential(T, A, managed_identity_assertion), AzureCliCredential())\n",
    )
    assert "part of a chain" in run.rewritten[0].note


def test_two_meanings_are_told_by_their_lines(tmp_path: Path) -> None:
    source = (
        "try:\n    from azure.identity.aio import ClientSecretCredential\nexcept ImportError:\n"
        "    from azure.identity import ClientSecretCredential\nc = ClientSecretCredential(T, A, 'not-real')\n"
    )
    (site,) = run_on(tmp_path, source).reported
    assert site.detail == "ClientSecretCredential is bound on line 2 and line 4"
