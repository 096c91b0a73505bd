"""Requests for a token whose address and body stand in one call."""

from pathlib import Path

import pytest

from codemods.engine.rewrite import edit_dict
from codemods.errors import DoesNotRoundTripError
from codemods.model import Target
from codemods.transform import ReplaceEntry
from tests.codemods.cases import APP, Case, cases_of, check_noop, check_transformed, run_on


@pytest.mark.parametrize("case", cases_of("token_request_rewritten"))
def test_form(tmp_path: Path, case: Case) -> None:
    check_transformed(tmp_path, case.before, case.after)


@pytest.mark.parametrize("case", cases_of("token_request_reported"))
def test_form_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    run = check_noop(tmp_path, case.before, *case.reasons)
    assert all('"client_assertion": managed_identity_assertion()' in item.target for item in run.reported)


@pytest.mark.parametrize("case", cases_of("token_request_unrelated"))
def test_unrelated_code_is_not_even_reported(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before)


EXACT = "https://login.microsoftonline.com/{}/oauth2/v2.0/token"


def _request(tenant: str, client: str) -> str:
    body = f"{{'client_id': {client}, 'client_secret': 'not-real'}}"
    return f"import requests\nr = requests.post({EXACT.format(tenant)!r}, data={body})\n"


def test_the_tenant_of_the_address_is_compared_with_the_plan(tmp_path: Path) -> None:
    mine, other = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "34")
    for tenant, reasons in ((mine, []), (other, ["other-tenant"])):
        folder = tmp_path / tenant
        run = run_on(folder, _request(tenant, repr(APP)), targets=(Target(client_id=APP, tenant_id=mine),), app=None)
        assert [item.reason.value for item in run.reported] == reasons


def test_an_asynchronous_request_says_that_the_loop_waits(tmp_path: Path) -> None:
    body = "{'client_id': A, 'client_secret': 'not-real'}"
    call = f"httpx.AsyncClient().post({EXACT.format('t')!r}, data={body})"
    run = run_on(tmp_path, f"import httpx\nasync def f():\n    return await {call}\n")
    assert "event loop" in run.rewritten[0].note
    run = run_on(tmp_path / "b", f"import httpx\nr = {call}\n")
    assert not run.rewritten[0].note


def test_the_site_is_the_body(tmp_path: Path) -> None:
    run = run_on(tmp_path, _request("t", "A"), apply=False)
    site = run.rewritten[0].site
    assert (site.construct, site.client_expression, site.literal_secret) == ("token request", "A", True)
    assert "not-real" not in run.diff


def test_an_unpacked_entry_is_never_edited() -> None:
    with pytest.raises(DoesNotRoundTripError):
        edit_dict("{**a}", [ReplaceEntry(index=0, entries=(('"a"', "b"),))])


def test_a_body_that_another_file_takes_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("from app import BODY\nsend(BODY)\n")
    source = "import os, requests\nBODY = {'client_id': A, 'client_secret': os.environ['S']}\n"
    source += f"r = requests.post({EXACT.format('t')!r}, data=BODY)\n"
    assert [item.detail for item in check_noop(tmp_path, source, "raw-http").reported] == ["BODY is used by other.py"]
