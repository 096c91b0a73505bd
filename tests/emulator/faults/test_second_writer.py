"""Another administrator between a client's read and its next write."""

from typing import Any

import pytest

from migrate.emulator.state.records import Application
from tests.emulator.faults.conftest import Trouble

WRITER = {"kind": "second-writer"}
ATTRIBUTE = {"keyCredentials": "keys", "passwordCredentials": "passwords", "federatedIdentityCredentials": "federated"}


def held(trouble: Trouble, application: Application, what: str) -> tuple[Any, ...]:
    found = trouble.world.emulator.tenant.applications.get(application.id)
    assert found is not None
    return tuple(getattr(found, ATTRIBUTE[what]))


def read(trouble: Trouble, application: Application) -> dict[str, Any]:
    body: dict[str, Any] = trouble.graph("GET", f"applications/{application.id}").json()
    return body


def write(trouble: Trouble, application: Application, **body: Any) -> None:
    assert trouble.graph("PATCH", f"applications/{application.id}", json=body).status_code == 204


def test_a_certificate_that_another_added_is_lost_when_the_old_list_is_written(
    trouble: Trouble, application: Application
) -> None:
    trouble.begin(WRITER)
    old = read(trouble, application)["keyCredentials"]
    (added,) = held(trouble, application, "keyCredentials")
    assert [each["keyId"] for each in read(trouble, application)["keyCredentials"]] == [added.key_id]
    write(trouble, application, keyCredentials=old)
    assert held(trouble, application, "keyCredentials") == ()


@pytest.mark.parametrize("what", ATTRIBUTE)
def test_each_kind_of_credential_is_added_or_removed(trouble: Trouble, application: Application, what: str) -> None:
    before = len(held(trouble, application, what))
    trouble.begin({**WRITER, "of": what}, {**WRITER, "of": what, "change": "remove", "after": 1})
    read(trouble, application)
    assert len(held(trouble, application, what)) == before + 1
    read(trouble, application)
    assert len(held(trouble, application, what)) == before
    assert trouble.counts() == [(2, 1), (2, 1)]


def test_no_read_shows_what_comes_right_before_the_write(trouble: Trouble, application: Application) -> None:
    trouble.begin({**WRITER, "when": "before-write"})
    write(trouble, application, notes="written without a read")
    assert held(trouble, application, "keyCredentials") == ()
    for _ in range(3):
        assert read(trouble, application)["keyCredentials"] == []
    write(trouble, application, notes="written after a read")
    (added,) = held(trouble, application, "keyCredentials")
    assert added.display_name == "CN=second-writer"


def test_another_clients_read_is_no_read_of_the_one_that_writes(trouble: Trouble, application: Application) -> None:
    trouble.begin({**WRITER, "when": "before-write"})
    headers = trouble.world.bearer("read-only-auditor")
    seen = trouble.world.web.get(f"/v1.0/applications/{application.id}", headers=headers)
    assert seen.status_code == 200
    write(trouble, application, notes="by the operator")
    assert held(trouble, application, "keyCredentials") == ()


def test_only_named_applications_have_a_second_administrator(trouble: Trouble, application: Application) -> None:
    other = trouble.world.new_application()
    trouble.begin({**WRITER, "applications": [application.app_id]})
    read(trouble, other)
    read(trouble, application)
    assert (len(held(trouble, other, "keyCredentials")), len(held(trouble, application, "keyCredentials"))) == (0, 1)


def test_nobody_has_more_than_twenty_federated_credentials(trouble: Trouble, application: Application) -> None:
    for number in range(19):
        assert trouble.world.federate(application, name=f"n-{number}", subject=f"s-{number}").status_code == 201
    trouble.begin({**WRITER, "of": "federatedIdentityCredentials", "times": 5})
    for _ in range(3):
        read(trouble, application)
    assert len(held(trouble, application, "federatedIdentityCredentials")) == 20
    assert trouble.world.federate(application, name="one-more", subject="s").status_code == 400
