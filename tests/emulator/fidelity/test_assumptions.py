"""What is assumed of the service and shown nowhere else: each stands in the table of docs/emulator.md."""

import uuid

from tests.emulator.conftest import World


def test_a_client_does_not_choose_its_secret(world: World, operator: dict[str, str]) -> None:
    wish = {"secretText": "chosen-by-the-client", "keyId": str(uuid.uuid4()), "hint": "cho"}
    path = f"/v1.0/applications/{world.new_application().id}/addPassword"
    made = world.web.post(path, json={"passwordCredential": wish}, headers=operator)
    assert made.status_code == 200, made.text
    assert not [name for name, value in wish.items() if made.json()[name] == value]


def test_the_report_remembers_a_removed_secret(world: World, operator: dict[str, str]) -> None:
    application = world.new_application()
    key_id = application.passwords[0].key_id
    world.token_request(world.secret_form(application))
    path = f"/v1.0/applications/{application.id}/removePassword"
    assert world.web.post(path, json={"keyId": key_id}, headers=operator).status_code == 204
    query = {"$filter": f"keyId eq '{key_id}'"}
    report = world.web.get("/beta/reports/appCredentialSignInActivities", params=query, headers=operator)
    assert [row["keyId"] for row in report.json()["value"]] == [key_id]


def test_a_secret_that_nobody_has_leaves_no_key_id(world: World, operator: dict[str, str]) -> None:
    application = world.new_application()
    world.token_request(world.secret_form(application, client_secret="nobody's"))
    kind = "signInEventTypes/any(t:t eq 'servicePrincipal')"
    query = {"$filter": f"{kind} and appId eq '{application.app_id}'"}
    (row,) = world.web.get("/beta/auditLogs/signIns", params=query, headers=operator).json()["value"]
    assert (row["status"]["errorCode"], row["servicePrincipalCredentialKeyId"]) == (7000215, "")


def test_twenty_owners_are_expanded_at_most(world: World, operator: dict[str, str]) -> None:
    application = world.new_application()
    owners = [item.id for item in world.emulator.tenant.service_principals if item.type == "Application"][:22]
    for owner in owners:
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}
        path = f"/v1.0/applications/{application.id}/owners/$ref"
        assert world.web.post(path, json=link, headers=operator).status_code == 204
    shown = world.web.get(f"/v1.0/applications/{application.id}?$expand=owners", headers=operator).json()["owners"]
    assert len(shown) == 20
    listed = world.web.get(f"/v1.0/applications/{application.id}/owners", headers=operator).json()["value"]
    assert len(listed) == len(owners) == 22


def test_the_subject_is_told_before_the_audience(world: World) -> None:
    application = world.new_application()
    assert world.federate(application, subject="another", audiences=["api://another"]).status_code == 201
    assertion = world.identity_token(world.identity)
    answer = world.token_request(world.assertion_form(application, assertion))
    assert answer.json()["error_codes"] == [700213]
    assert world.federate(application, name="mi-2", issuer="https://another.example", subject="s").status_code == 201
    answer = world.token_request(world.assertion_form(application, assertion))
    assert answer.json()["error_codes"] == [700213], "the nearest credential is told of"


def test_of_many_mistakes_the_first_is_told(world: World) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    good = world.secret_form(application)
    wrong = {
        "grant_type": "no_such_grant",
        "client_id": "8a8a8a8a-1111-4111-8111-111111111111",
        "scope": "api://nobody/.default",
        "client_secret": "wrong",
    }
    told = [world.token_request({**good, **wrong}, tenant="nobody.example").json()["error_codes"]]
    for mended in (None, *wrong):
        wrong.pop(mended or "", None)
        answer = world.token_request({**good, **wrong})
        told.append(answer.json().get("error_codes", answer.status_code))
    assert told == [[90002], [70003], [700038], [500011], [7000215], 200]
