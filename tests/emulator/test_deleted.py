"""Deleting, restoring and removing for good: what is kept for thirty days, and what works meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
DELETED = "/v1.0/directory/deletedItems"


def names(world: Any, headers: dict[str, str], kind: str, **query: str) -> set[str]:
    answer = world.web.get(f"{DELETED}/microsoft.graph.{kind}", headers=headers, params={"$top": "999", **query})
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["value"]}


def test_a_deleted_application_is_kept_with_its_service_principal(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application(displayName="to be deleted")
    principal = world.emulator.tenant.service_principal_of(application)
    assert world.web.delete(f"{APPS}/{application.id}", headers=operator).status_code == 204
    assert world.web.get(f"{APPS}/{application.id}", headers=operator).status_code == 404
    assert world.web.get(f"{PRINCIPALS}/{principal.id}", headers=operator).status_code == 404
    assert application.id in names(world, operator, "application")
    assert principal.id in names(world, operator, "servicePrincipal")
    shown = world.web.get(f"{DELETED}/{application.id}", headers=operator).json()
    assert shown["@odata.type"] == "#microsoft.graph.application"
    assert shown["@odata.context"].endswith("$metadata#directoryObjects/$entity")
    assert (shown["displayName"], shown["appId"]) == ("to be deleted", application.app_id)
    assert shown["deletedDateTime"] is not None
    assert len(shown["passwordCredentials"]) == 1


def test_deleted_lists_take_the_options_of_their_type(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application(displayName="deleted and filtered")
    world.web.delete(f"{APPS}/{application.id}", headers=operator)
    query = "?$filter=displayName eq 'deleted and filtered'&$select=id,deletedDateTime&$orderby=deletedDateTime desc"
    eventual = {**operator, "ConsistencyLevel": "eventual"}
    body = world.web.get(f"{DELETED}/graph.application{query}&$count=true", headers=eventual).json()
    assert body["@odata.count"] == 1
    assert [set(item) for item in body["value"]] == [{"id", "deletedDateTime"}]


@pytest.mark.parametrize("kind", ["user", "group", "device", "administrativeUnit"])
def test_nothing_else_is_ever_deleted_here(world: Any, operator: dict[str, str], kind: str) -> None:
    assert names(world, operator, kind) == set()


def test_a_restored_application_works_again_with_the_same_secret(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    world.federate(application)
    form = world.secret_form(application)
    assert world.token_request(form).status_code == 200
    world.web.delete(f"{APPS}/{application.id}", headers=operator)
    assert world.token_request(form).json()["error_codes"] == [700016]
    answer = world.web.post(f"{DELETED}/{application.id}/restore", headers=operator)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["deletedDateTime"]) == (application.id, None)
    assert world.token_request(form).status_code >= 400, "the service principal needs a restore of its own"
    again = world.web.post(f"{DELETED}/{principal.id}/restore", headers=operator)
    assert (again.status_code, again.json()["@odata.type"]) == (200, "#microsoft.graph.servicePrincipal")
    assert world.token_request(form).status_code == 200
    shown = world.web.get(f"{APPS}/{application.id}/federatedIdentityCredentials", headers=operator).json()
    assert [item["name"] for item in shown["value"]] == ["mi-1"]


def test_a_service_principal_is_deleted_alone(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    form = world.secret_form(application)
    assert world.web.delete(f"{PRINCIPALS}/{principal.id}", headers=operator).status_code == 204
    assert world.web.get(f"{APPS}/{application.id}", headers=operator).status_code == 200
    assert world.token_request(form).json()["error_codes"] == [7000229]
    assert world.web.post(f"{DELETED}/{principal.id}/restore", headers=operator).status_code == 200
    assert world.token_request(form).status_code == 200


def test_a_managed_identitys_service_principal_cannot_be_deleted(world: Any, operator: dict[str, str]) -> None:
    address = f"{PRINCIPALS}/{world.identity.principal_id}"
    assert world.web.delete(address, headers=operator).status_code == 403
    assert world.web.get(address, headers=operator).status_code == 200


def test_a_service_principal_whose_place_was_taken_stays_deleted(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    old = world.emulator.tenant.service_principal_of(application)
    world.web.delete(f"{PRINCIPALS}/{old.id}", headers=operator)
    made = world.web.post(PRINCIPALS, json={"appId": application.app_id}, headers=operator)
    assert made.status_code == 201
    answer = world.web.post(f"{DELETED}/{old.id}/restore", headers=operator)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert application.app_id in answer.json()["error"]["message"]
    assert old.id in names(world, operator, "servicePrincipal")


def test_a_service_principal_waits_for_its_application(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    world.web.delete(f"{APPS}/{application.id}", headers=operator)
    answer = world.web.post(f"{DELETED}/{principal.id}/restore", headers=operator)
    assert answer.status_code == 400
    assert world.token_request(world.secret_form(application)).json()["error_codes"] == [700016]


def test_what_is_removed_for_good_is_gone(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    world.web.delete(f"{APPS}/{application.id}", headers=operator)
    for object_id in (application.id, principal.id.upper()):
        assert world.web.delete(f"{DELETED}/{object_id}", headers=operator).status_code == 204
        assert world.web.delete(f"{DELETED}/{object_id}", headers=operator).status_code == 404
        assert world.web.get(f"{DELETED}/{object_id}", headers=operator).status_code == 404
        assert world.web.post(f"{DELETED}/{object_id}/restore", headers=operator).status_code == 404


def test_what_is_not_deleted_is_not_found_among_the_deleted(world: Any, operator: dict[str, str]) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    for method, address in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
        answer = world.web.request(method, f"{DELETED}/{application.id}{address}", headers=operator)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
        assert world.web.request(method, f"{DELETED}/nonsense{address}", headers=operator).status_code == 400


def test_a_unique_name_stays_taken_until_the_end(world: Any, operator: dict[str, str]) -> None:
    body = {"displayName": "named", "uniqueName": "one-of-a-kind"}
    made = world.web.post(APPS, json=body, headers=operator).json()
    other = world.new_application()

    def attempts() -> list[int]:
        created = world.web.post(APPS, json=body, headers=operator)
        if created.status_code == 201:
            world.web.delete(f"{APPS}/{created.json()['id']}", headers=operator)
            world.web.delete(f"{DELETED}/{created.json()['id']}", headers=operator)
        changed = world.web.patch(f"{APPS}/{other.id}", json={"uniqueName": "one-of-a-kind"}, headers=operator)
        return [created.status_code, changed.status_code]

    assert attempts() == [409, 409]
    world.web.delete(f"{APPS}/{made['id']}", headers=operator)
    assert attempts() == [409, 409]
    world.web.delete(f"{DELETED}/{made['id']}", headers=operator)
    assert attempts() == [201, 204]


def test_the_deleted_are_kept_for_thirty_days(own_world: Any) -> None:
    application = own_world.new_application()
    principal = own_world.emulator.tenant.service_principal_of(application)
    own_world.web.delete(f"{APPS}/{application.id}", headers=own_world.bearer())
    own_world.emulator.advance(timedelta(days=29, hours=23))
    assert names(own_world, own_world.bearer(), "application") == {application.id}
    own_world.emulator.advance(timedelta(hours=2))
    headers = own_world.bearer()
    assert names(own_world, headers, "application") == names(own_world, headers, "servicePrincipal") == set()
    for object_id in (application.id, principal.id):
        assert own_world.web.post(f"{DELETED}/{object_id}/restore", headers=headers).status_code == 404


def test_a_reader_may_list_the_deleted_and_no_more(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    world.web.delete(f"{APPS}/{application.id}", headers=operator)
    auditor = world.bearer("read-only-auditor")
    assert application.id in names(world, auditor, "application")
    assert world.web.post(f"{DELETED}/{application.id}/restore", headers=auditor).status_code == 403
    assert world.web.delete(f"{DELETED}/{application.id}", headers=auditor).status_code == 403
    other = world.bearer("orders-api")
    assert world.web.get(f"{DELETED}/microsoft.graph.application", headers=other).status_code == 403
