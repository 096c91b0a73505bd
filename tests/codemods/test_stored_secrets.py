"""Secrets in texts and in stores: told with their place and length, and never shown."""

from pathlib import Path

import pytest

from codemods.cases import cases
from tests.codemods.cases import Case, cases_of, check_noop, check_transformed, reasons_of, run_on

TEXT = "not8Q~" + "not-real-" * 3 + "not-rea"


@pytest.mark.parametrize("case", cases_of("stored_secrets_reported"))
def test_it_is_found(tmp_path: Path, case: Case) -> None:
    run = check_noop(tmp_path, case.before, *case.reasons)
    assert "not8Q~" not in repr(run)


@pytest.mark.parametrize("case", cases_of("stored_secrets_unrelated"))
def test_something_else_is_not_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


@pytest.mark.parametrize("case", cases_of("stored_secrets_rewritten"))
def test_it_holds_nothing_up(tmp_path: Path, case: Case) -> None:
    run = run_on(tmp_path, case.before)
    assert (tmp_path / "app.py").read_text() == case.after
    assert reasons_of(run) == list(case.reasons)
    assert "not8Q~" not in repr(run)


def test_its_place_and_length_are_told(tmp_path: Path) -> None:
    run = run_on(tmp_path, f"x = 1  # é {TEXT}\r\ny = '{TEXT[:-1]}y'\r\n")
    told = [(item.site.line, item.site.column, item.detail, item.site.literal_secret) for item in run.reported]
    assert told == [(1, 12, "40 characters", True), (2, 5, "40 characters", True)]


def test_a_sign_in_with_it_is_rewritten_all_the_same(tmp_path: Path) -> None:
    run = check_transformed(
        tmp_path,
        f"from azure.identity import ClientSecretCredential\nSECRET = '{TEXT}'\n"
        "c = ClientSecretCredential(T, A, SECRET)\n",
        "from azure.identity import ClientAssertionCredential\nfrom entra_fic import managed_identity_assertion\n"
        "c = ClientAssertionCredential(T, A, managed_identity_assertion)\n",
    )
    assert "not8Q~" not in repr(run)


def test_a_read_of_a_vault_inside_a_sign_in_goes_with_it(tmp_path: Path) -> None:
    head = "from azure.keyvault.secrets import SecretClient\nfrom azure.identity import {}\n"
    check_transformed(
        tmp_path,
        head.format("ClientSecretCredential")
        + "c = ClientSecretCredential(T, A, SecretClient(U, k).get_secret('client-secret').value)\n",
        head.format("ClientAssertionCredential")
        + "from entra_fic import managed_identity_assertion\n"
        + "c = ClientAssertionCredential(T, A, managed_identity_assertion)\n",
    )


def test_the_cases_hold_no_real_secret() -> None:
    assert all("real" in case.before for case in cases("stored_secrets_reported") if "8Q~" in case.before)
