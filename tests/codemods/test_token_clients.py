"""Settings of clients that ask Entra for a token by themselves."""

from pathlib import Path

import pytest

from tests.codemods.cases import Case, cases_of, check_noop


@pytest.mark.parametrize("case", cases_of("token_clients_reported"))
def test_a_client_that_asks_by_itself_is_reported(tmp_path: Path, case: Case) -> None:
    (site,) = check_noop(tmp_path, case.before, *case.reasons).reported
    assert site.site.secret_source == "os.environ['S']"
    assert "managed_identity_assertion" in site.target


@pytest.mark.parametrize("case", cases_of("token_clients_unrelated"))
def test_a_client_of_another_provider_is_not(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)
