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


@pytest.mark.parametrize(
    "call",
    [
        "c = ClientSecretCredential(**{'tenant_id': T, 'client_id': A, 'client_secret': os.environ['S']})",
        "o = dict(tenant_id=T, client_id=A, client_secret=os.environ['S'])\nc = ClientSecretCredential(**o)",
        "c = functools.partial(ClientSecretCredential, T, A, os.environ['S'])",
        "c = functools.partial(ClientSecretCredential, client_secret=os.environ['S'], client_id=A, tenant_id=T)",
    ],
)
def test_a_call_that_is_left_says_what_it_signs_in_as(tmp_path: Path, call: str) -> None:
    source = f"import functools, os\nfrom azure.identity import ClientSecretCredential\n{call}\n"
    (site,) = (item.site for item in run_on(tmp_path, source).reported)
    assert (site.tenant_expression, site.client_expression, site.secret_source) == ("T", "A", "os.environ['S']")


def test_a_dict_that_is_changed_says_nothing_for_certain(tmp_path: Path) -> None:
    source = (
        "from azure.identity import ClientSecretCredential\no = {'client_id': A, 'client_secret': 'not-real'}\n"
        "o['client_id'] = B\nc = ClientSecretCredential(**o)\n"
    )
    (site,) = (item.site for item in run_on(tmp_path, source).reported)
    assert site.client_expression is None
