"""Bearers that expire early, identities whose tokens are kept or not, and clocks that are off."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import jwt
import pytest

from migrate.emulator.state.records import Application
from tests.emulator.conftest import make_world
from tests.emulator.faults.conftest import Trouble

ARM = "https://management.azure.com"
FIVE_MINUTES = 300
"""Tokens say that they were issued so many seconds before they were."""


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_a_bearer_expires_in_the_middle_of_a_scan(trouble: Trouble) -> None:
    headers = trouble.world.bearer()
    trouble.begin({"kind": "expired-bearer", "after_requests": 2, "tokens": 1})
    answers = [trouble.world.web.get("/v1.0/applications?$top=2", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 401, 401]
    error = answers[2].json()["error"]
    assert error["code"] == "InvalidAuthenticationToken"
    assert error["message"] == "Lifetime validation failed, the token is expired."
    fresh = trouble.world.bearer()
    answers = [trouble.world.web.get("/v1.0/applications?$top=2", headers=fresh) for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}, "only one token was to expire"


def test_a_bearer_expires_by_time_at_azure_resource_manager_too(trouble: Trouble) -> None:
    bearer = {"Authorization": f"Bearer {trouble.identity_token(ARM)}"}

    def ask() -> httpx.Response:
        return trouble.world.web.get("/tenants", params={"api-version": "2022-12-01"}, headers=bearer)

    trouble.begin({"kind": "expired-bearer", "after_seconds": 60})
    assert ask().status_code == 200
    trouble.advance(61)
    refused = ask()
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_requests_without_a_bearer_do_not_count(trouble: Trouble, application: Application) -> None:
    trouble.begin({"kind": "expired-bearer", "after_requests": 0})
    assert trouble.world.token_request(trouble.world.secret_form(application)).status_code == 200
    assert trouble.counts() == [(0, 0)]


@pytest.mark.parametrize(("mode", "same"), [("frozen", True), ("off", False)])
def test_an_identitys_token_is_kept_for_ever_or_not_at_all(own_trouble: Trouble, mode: str, *, same: bool) -> None:
    trouble = own_trouble
    trouble.begin({"kind": "identity-cache", "mode": mode})
    first = trouble.identity_token()
    trouble.advance(1 if mode == "off" else 25 * 3600)
    assert (trouble.identity_token() == first) is same


def test_only_a_named_identitys_cache_is_off(own_trouble: Trouble) -> None:
    trouble = own_trouble
    identity = trouble.world.identity
    for name in ("id-nobody", identity.name, identity.client_id.upper(), identity.principal_id, identity.resource_id):
        trouble.begin({"kind": "identity-cache", "mode": "off", "identities": [name]})
        fresh = trouble.identity_token() != trouble.identity_token()
        assert fresh is (name != "id-nobody")


@pytest.mark.parametrize("seconds", [-400, 400])
def test_the_date_of_every_answer_and_the_times_in_tokens_are_off(trouble: Trouble, seconds: int) -> None:
    trouble.begin({"kind": "skew", "seconds": seconds})
    now = trouble.world.emulator.tenant.clock.timestamp()
    answer = trouble.graph("GET", "organization")
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - now - seconds) < 5
    issued = claims(trouble.world.bearer()["Authorization"][7:])["iat"] + FIVE_MINUTES
    assert abs(issued - now - seconds) < 5
    assert trouble.graph("GET", "organization").status_code == 200, "Graph judges tokens by the clock that wrote them"


def test_assertions_are_judged_by_a_clock_that_is_behind(trouble: Trouble) -> None:
    world = make_world(trouble.world.emulator)
    application, key = world.certificate_holder()
    shift = world.emulator.tenant.clock.timestamp() - time.time()
    times = {name: int(time.time() + shift + more) for name, more in (("nbf", 0), ("exp", 600))}

    def attempt() -> httpx.Response:
        signed = world.sign(key, world.assertion_claims(application, **times))
        return world.token_request(world.assertion_form(application, signed))

    assert attempt().status_code == 200
    trouble.begin({"kind": "skew", "seconds": -400, "of": ["assertions"]})
    refused = attempt()
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [700024])
    trouble.begin({"kind": "skew", "seconds": -200, "of": ["assertions"]})
    assert attempt().status_code == 200, "five minutes are tolerated"
    world.web.close()
