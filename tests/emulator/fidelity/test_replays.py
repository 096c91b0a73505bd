"""Assertions that somebody sends again: good until they are over, as nothing says otherwise, and no longer."""

from datetime import timedelta
from typing import Any

from tests.emulator.conftest import World


def presented(world: World, form: dict[str, str]) -> Any:
    """Give 0, or the AADSTS code of the refusal."""
    answer = world.token_request(form)
    return 0 if answer.status_code == 200 else answer.json()["error_codes"][0]


def test_a_certificate_assertion_serves_until_it_is_over(own_world: World) -> None:
    own_world.emulator.advance(timedelta(days=1))  # assertions may be right by the machine's clock too: leave it behind
    application, key = own_world.certificate_holder()
    now = int(own_world.emulator.tenant.clock.timestamp())
    claims = own_world.assertion_claims(application, nbf=now, exp=now + 600, jti="the same")
    form = own_world.assertion_form(application, own_world.sign(key, claims))
    assert [presented(own_world, form) for _ in range(3)] == [0, 0, 0]
    own_world.emulator.advance(timedelta(minutes=14))
    assert presented(own_world, form) == 0, "five minutes of clock difference are forgiven"
    own_world.emulator.advance(timedelta(minutes=2))
    assert presented(own_world, form) == 700024


def test_an_exchange_token_serves_until_it_is_over(own_world: World) -> None:
    application = own_world.new_application()
    assert own_world.federate(application).status_code == 201
    form = own_world.assertion_form(application, own_world.identity_token(own_world.identity))
    assert [presented(own_world, form) for _ in range(3)] == [0, 0, 0]
    own_world.emulator.advance(timedelta(hours=23, minutes=59))
    assert presented(own_world, form) == 0, "whoever finds it in a log can use it for a day"
    own_world.emulator.advance(timedelta(minutes=7))
    assert presented(own_world, form) == 700024


def test_one_applications_assertion_is_nothing_to_another(own_world: World) -> None:
    application, other = own_world.new_application(), own_world.new_application()
    assert own_world.federate(application).status_code == 201
    assertion = own_world.identity_token(own_world.identity)
    assert presented(own_world, own_world.assertion_form(application, assertion)) == 0
    assert presented(own_world, own_world.assertion_form(other, assertion)) == 70025
