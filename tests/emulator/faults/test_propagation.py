"""New credentials that the token endpoint does not know yet, or knows now and then."""

from typing import Any

import msal  # type: ignore[import-untyped]  # has no annotations
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential

from migrate.emulator.state.records import Application
from tests.emulator.conftest import GRAPH
from tests.emulator.faults.conftest import Trouble

FIRST, SUBJECT, ISSUER = 70025, 700213, 700211
ELSEWHERE = "1f1f1f1f-2222-4222-8222-222222222222"


def credential(trouble: Trouble, application: Application) -> ClientAssertionCredential:
    world = trouble.world
    return ClientAssertionCredential(
        tenant_id=world.emulator.tenant_id,
        client_id=application.app_id,
        func=trouble.identity_token,
        authority=world.emulator.authority,
        disable_instance_discovery=True,
        connection_verify=str(world.emulator.ca_file),
    )


def test_azure_identity_waits_for_a_first_federated_credential(trouble: Trouble, application: Application) -> None:
    trouble.begin({"kind": "propagation", "unseen": 60})
    assert trouble.world.federate(application).status_code == 201
    with credential(trouble, application) as new:
        with pytest.raises(ClientAuthenticationError, match="AADSTS70025: "):
            new.get_token(GRAPH)
        trouble.advance(59)
        with pytest.raises(ClientAuthenticationError, match="AADSTS70025: "):
            new.get_token(GRAPH)
        trouble.advance(2)
        assert new.get_token(GRAPH).token.count(".") == 2
    assert trouble.counts()[0][1] == 2


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"subject": ELSEWHERE}, SUBJECT),
        ({"issuer": "https://elsewhere.example/"}, ISSUER),
        ({"audiences": ["api://AKSIdentityBinding"], "subject": ELSEWHERE}, SUBJECT),
    ],
)
def test_msal_is_refused_as_by_the_others_while_a_further_one_is_not_known(
    trouble: Trouble, application: Application, other: dict[str, Any], code: int
) -> None:
    assert trouble.world.federate(application, name="other", **other).status_code == 201
    trouble.begin({"kind": "propagation", "unseen": 60, "applications": [application.display_name]})
    assert trouble.world.federate(application).status_code == 201
    answers = []
    with requests.Session() as session:
        for _ in range(2):
            # A client object of its own for each try: msal keeps what it got.
            client = msal.ConfidentialClientApplication(
                application.app_id,
                {"client_assertion": trouble.identity_token},
                authority=f"{trouble.world.emulator.authority}/{trouble.world.emulator.tenant_id}",
                instance_discovery=False,
                http_client=session,
            )
            answers.append(client.acquire_token_for_client([GRAPH]))
            trouble.advance(61)
    assert answers[0]["error_codes"] == [code]
    assert "access_token" in answers[1]


def flaps(trouble: Trouble, application: Application) -> list[int]:
    return [trouble.exchange(application) for _ in range(40)]


def test_a_credential_flaps_before_it_is_known_for_good(trouble: Trouble, application: Application) -> None:
    trouble.begin({"kind": "propagation", "unseen": 60, "flapping": 120})
    trouble.world.federate(application)
    assert set(flaps(trouble, application)) == {FIRST}
    trouble.advance(70)
    assert {each: 10 < flaps(trouble, application).count(each) < 30 for each in (0, FIRST)} == {0: True, FIRST: True}
    trouble.advance(120)
    assert set(flaps(trouble, application)) == {0}


def test_the_stale_share_and_the_seed_decide_how_it_flaps(trouble: Trouble) -> None:
    seen = []
    for seed, share in ((5, 0.2), (5, 0.2), (6, 0.2), (5, 0.9)):
        application = trouble.world.new_application()
        trouble.begin({"kind": "propagation", "unseen": 0, "flapping": 600, "stale_share": share}, seed=seed)
        trouble.world.federate(application)
        trouble.advance(1)
        seen.append(flaps(trouble, application))
    assert seen[0] == seen[1] != seen[2]
    assert seen[0].count(0) > 25
    assert 0 < seen[3].count(0) < 15


def test_a_removed_or_changed_credential_still_counts_for_a_while(trouble: Trouble, application: Application) -> None:
    trouble.world.federate(application)
    trouble.begin({"kind": "propagation", "unseen": 60})
    path = f"applications/{application.id}/federatedIdentityCredentials/mi-1"
    assert trouble.graph("PATCH", path, json={"subject": ELSEWHERE}).status_code == 204
    assert trouble.exchange(application) == 0
    trouble.advance(61)
    assert trouble.exchange(application) == SUBJECT
    assert trouble.graph("DELETE", path).status_code == 204
    assert trouble.exchange(application) == SUBJECT
    trouble.advance(61)
    assert trouble.exchange(application) == FIRST


@pytest.mark.parametrize(("changes", "codes"), [(["added"], [FIRST, FIRST]), (["removed"], [0, 0])])
def test_additions_and_removals_can_be_late_by_themselves(
    trouble: Trouble, application: Application, changes: list[str], codes: list[int]
) -> None:
    trouble.begin({"kind": "propagation", "unseen": 60, "changes": changes})
    trouble.world.federate(application)
    first = trouble.exchange(application)
    trouble.advance(61 if changes == ["removed"] else 0)
    trouble.graph("DELETE", f"applications/{application.id}/federatedIdentityCredentials/mi-1")
    assert [first, trouble.exchange(application)] == codes


def test_secrets_can_be_late_and_removed_ones_still_work(trouble: Trouble, application: Application) -> None:
    trouble.begin({"kind": "propagation", "unseen": 60, "of": ["secrets"], "applications": [application.app_id]})
    made = trouble.graph("POST", f"applications/{application.id}/addPassword", json={}).json()
    form = trouble.world.secret_form(application, client_secret=made["secretText"])
    assert trouble.world.token_request(form).json()["error_codes"] == [7000215]
    trouble.advance(61)
    assert trouble.world.token_request(form).status_code == 200
    removal = {"keyId": made["keyId"]}
    assert trouble.graph("POST", f"applications/{application.id}/removePassword", json=removal).status_code == 204
    assert trouble.world.token_request(form).status_code == 200
    trouble.advance(61)
    assert trouble.world.token_request(form).json()["error_codes"] == [7000215]


def test_applications_that_are_not_named_are_spared_and_graph_shows_everything(
    trouble: Trouble, application: Application
) -> None:
    trouble.begin({"kind": "propagation", "unseen": 60, "applications": ["somebody else"]})
    trouble.world.federate(application)
    assert trouble.exchange(application) == 0
    trouble.begin({"kind": "propagation", "unseen": 60})
    assert trouble.exchange(application) == 0, "what was changed before a plan counts as settled"
    trouble.world.federate(application, name="mi-2", subject=ELSEWHERE)
    listed = trouble.graph("GET", f"applications/{application.id}/federatedIdentityCredentials").json()["value"]
    assert [each["name"] for each in listed] == ["mi-1", "mi-2"]


def test_an_application_that_is_new_itself_has_no_credentials_at_first(trouble: Trouble) -> None:
    trouble.begin({"kind": "propagation", "unseen": 60})
    application = trouble.world.new_application()
    trouble.world.federate(application)
    assert trouble.exchange(application) == FIRST
    trouble.advance(61)
    assert trouble.exchange(application) == 0
