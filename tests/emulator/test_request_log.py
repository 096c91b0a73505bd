"""What -v shows of a request: one line, and never a token or a secret."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from migrate.emulator.seed.names import OPERATOR

LOGGER = "unsecret.emulator.requests"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    def shown(number: int) -> list[str]:
        """Wait for the lines of so many requests: a client may have its answer a moment before."""
        end = time.monotonic() + 10
        while len(messages(caplog)) < number and time.monotonic() < end:
            time.sleep(0.01)
        return messages(caplog)

    with caplog.at_level(logging.DEBUG, LOGGER):
        yield shown


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


def test_a_request_is_shown_with_its_answer_and_who_asked(world: Any, lines: Any) -> None:
    application = world.emulator.tenant.application_named(OPERATOR)
    world.web.get("/v1.0/applications", params={"$filter": "displayName eq 'x'", "$top": "1"}, headers=world.bearer())
    token, listed = lines(2)
    host = world.emulator.authority.removeprefix("https://")
    who = f"'unsecret-operator' {application.app_id}"
    assert re.fullmatch(rf"POST {host}/[0-9a-f-]+/oauth2/v2.0/token 200 \d+ ms {who}", token)
    assert re.fullmatch(rf"GET {host}/v1.0/applications\?\$filter=displayName eq 'x'&\$top=1 200 \d+ ms {who}", listed)


def test_no_token_and_no_secret_is_shown(world: Any, lines: Any) -> None:
    application = world.emulator.tenant.application_named(OPERATOR)
    headers = world.bearer()
    secret = world.emulator.tenant.live_secret_of(application).secret
    world.web.get("/v1.0/organization", params={"access_token": secret, "$skiptoken": secret}, headers=headers)
    world.web.get("/v1.0/organization", headers={"Authorization": f"Bearer {secret}"})
    world.token_request(world.secret_form(application, client_id=secret))
    httpx.get(f"{world.emulator.imds_endpoint}/_control/clock", params={"code": secret}, trust_env=False)
    shown = "\n".join(lines(5))
    assert secret not in shown
    assert headers["Authorization"].split()[1] not in shown
    assert "?access_token=...&$skiptoken=..." in shown
    assert "an unknown application" in shown


def test_a_path_cannot_steer_a_terminal(world: Any, lines: Any) -> None:
    world.web.get("/v1.0/%1b[31m%0aGET%20/x")
    (line,) = lines(1)
    assert "/v1.0/%1B%5B31m%0AGET%20/x" in line


def test_nothing_is_shown_unless_it_is_wanted(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        world.bearer()
    time.sleep(0.1)
    assert not messages(caplog)
