"""Settings of web frameworks that hold a secret of an application."""

from pathlib import Path

import pytest

from tests.codemods.cases import APP, Case, cases_of, check_noop, run_on


@pytest.mark.parametrize("case", cases_of("framework_settings_reported"))
def test_settings_are_reported(tmp_path: Path, case: Case) -> None:
    (site,) = check_noop(tmp_path, case.before, *case.reasons).reported
    assert site.site.secret_source == "os.environ['S']"
    assert "managed_identity_assertion" in site.target


@pytest.mark.parametrize("case", cases_of("framework_settings_unrelated"))
def test_settings_of_others_are_not(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


def test_the_application_of_settings_is_known(tmp_path: Path) -> None:
    source = f"AUTH_ADFS = {{'CLIENT_ID': '{APP}', 'CLIENT_SECRET': 'not-real', 'TENANT_ID': T}}\n"
    (site,) = run_on(tmp_path, source).reported
    assert (site.site.client_id, site.site.tenant_expression, site.site.literal_secret) == (APP, "T", True)
