"""Delta queries: a first round, changes of every kind, and tokens that are good no more."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.examples import share

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"


@pytest.fixture
def headers(own_world: Any) -> dict[str, str]:
    token: dict[str, str] = own_world.bearer()
    return token


def pages(world: Any, headers: dict[str, str], address: str) -> Iterator[dict[str, Any]]:
    following: str | None = address
    while following:
        answer = world.web.get(following, headers=headers)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        following = answer.json().get("@odata.nextLink")


def round_of(world: Any, headers: dict[str, str], address: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Read a whole round; gives what it told of, by id, and the link for the next one."""
    told = list(pages(world, headers, address))
    assert all("@odata.deltaLink" not in page for page in told[:-1])
    return {item["id"]: item for page in told for item in page["value"]}, told[-1]["@odata.deltaLink"]


@pytest.mark.parametrize("name", ["delta", "delta()", "microsoft.graph.delta()", "graph.delta"])
@pytest.mark.parametrize("collection", [APPS, PRINCIPALS, "/beta/applications"])
def test_the_first_round_tells_of_everything(world: Any, operator: dict[str, str], collection: str, name: str) -> None:
    found, _ = round_of(world, operator, f"{collection}/{name}?$top=25")
    tenant = world.emulator.tenant
    table = tenant.applications if collection.endswith("applications") else tenant.service_principals
    assert found.keys() == {item.id for item in table}


def test_a_round_after_which_nothing_changed_is_empty(own_world: Any, headers: dict[str, str]) -> None:
    _, link = round_of(own_world, headers, f"{APPS}/delta")
    for _ in range(2):
        changes, link = round_of(own_world, headers, link)
        assert changes == {}


def test_every_kind_of_change_is_told_once(own_world: Any, headers: dict[str, str]) -> None:
    applications = [own_world.new_application(displayName=f"app {number}") for number in range(6)]
    _, link = round_of(own_world, headers, f"{APPS}/delta")
    web = own_world.web
    addresses = [f"{APPS}/{application.id}" for application in applications]
    web.patch(addresses[0], json={"notes": "changed"}, headers=headers)
    web.patch(addresses[0], json={"notes": "changed again"}, headers=headers)
    own_world.federate(applications[1])
    web.post(f"{addresses[2]}/addPassword", json={}, headers=headers)
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{next(iter(own_world.emulator.tenant.users))}"}
    assert web.post(f"{addresses[3]}/owners/$ref", json=owner, headers=headers).status_code == 204
    web.delete(addresses[4], headers=headers)
    web.delete(addresses[5], headers=headers)
    web.delete(f"/v1.0/directory/deletedItems/{applications[5].id}", headers=headers)
    made = web.post(APPS, json={"displayName": "brand new"}, headers=headers).json()
    told = list(pages(own_world, headers, link))
    rows = [row for page in told for row in page["value"]]
    assert sorted(row["id"] for row in rows) == sorted([*(item.id for item in applications), made["id"]])
    changes = {row["id"]: row for row in rows}
    assert changes[applications[0].id]["notes"] == "changed again"
    assert len(changes[applications[2].id]["passwordCredentials"]) == 2
    assert changes[applications[4].id] == {"id": applications[4].id, "@removed": {"reason": "changed"}}
    assert changes[applications[5].id] == {"id": applications[5].id, "@removed": {"reason": "deleted"}}
    assert changes[made["id"]]["displayName"] == "brand new"


def test_what_is_deleted_and_restored_and_removed_is_told_round_by_round(
    own_world: Any, headers: dict[str, str]
) -> None:
    application = own_world.new_application()
    item = f"/v1.0/directory/deletedItems/{application.id}"
    _, link = round_of(own_world, headers, f"{APPS}/delta?$select=displayName")
    own_world.web.delete(f"{APPS}/{application.id}", headers=headers)
    changes, link = round_of(own_world, headers, link)
    assert changes[application.id]["@removed"] == {"reason": "changed"}
    own_world.web.post(f"{item}/restore", headers=headers)
    changes, link = round_of(own_world, headers, link)
    assert changes == {application.id: {"id": application.id, "displayName": application.display_name}}
    own_world.web.delete(f"{APPS}/{application.id}", headers=headers)
    own_world.web.delete(item, headers=headers)
    changes, link = round_of(own_world, headers, link)
    assert changes[application.id]["@removed"] == {"reason": "deleted"}
    assert round_of(own_world, headers, link)[0] == {}


def test_a_service_principal_goes_with_its_application(own_world: Any, headers: dict[str, str]) -> None:
    application = own_world.new_application()
    principal = own_world.emulator.tenant.service_principal_of(application)
    _, link = round_of(own_world, headers, f"{PRINCIPALS}/delta")
    own_world.web.delete(f"{APPS}/{application.id}", headers=headers)
    changes, _ = round_of(own_world, headers, link)
    assert changes == {principal.id: {"id": principal.id, "@removed": {"reason": "changed"}}}


def test_what_ends_with_its_thirty_days_is_told_as_deleted(own_world: Any) -> None:
    application = own_world.new_application()
    own_world.web.delete(f"{APPS}/{application.id}", headers=own_world.bearer())
    own_world.emulator.advance(timedelta(days=29))
    headers = own_world.bearer()
    _, link = round_of(own_world, headers, f"{APPS}/delta")
    own_world.emulator.advance(timedelta(days=2))
    changes, _ = round_of(own_world, own_world.bearer(), link)
    assert changes == {application.id: {"id": application.id, "@removed": {"reason": "deleted"}}}


def test_options_are_given_once_and_hold_for_all_rounds(own_world: Any, headers: dict[str, str]) -> None:
    one, two, other = (own_world.new_application() for _ in range(3))
    query = f"$select=displayName,appId&$filter=id eq '{one.id}' or id eq {two.id.upper()}"
    told = list(pages(own_world, headers, f"{APPS}/delta?{query}"))
    found = {item["id"]: item for page in told for item in page["value"]}
    assert found.keys() == {one.id, two.id}
    assert all(set(item) == {"id", "displayName", "appId"} for item in found.values())
    assert told[0]["@odata.context"].endswith("$metadata#applications(displayName,appId)")
    for item in (one, other):
        own_world.web.patch(f"{APPS}/{item.id}", json={"notes": "x"}, headers=headers)
    changes, link = round_of(own_world, headers, told[-1]["@odata.deltaLink"])
    assert changes == {one.id: {"id": one.id, "displayName": one.display_name, "appId": one.app_id}}
    own_world.web.patch(f"{APPS}/{one.id}", json={"notes": "y"}, headers=headers)
    changes, _ = round_of(own_world, headers, f"{link}&$select=notes")
    assert changes == {one.id: {"id": one.id, "notes": "y"}}, "a delta link takes another $select"


def test_a_client_may_start_from_now(own_world: Any, headers: dict[str, str]) -> None:
    body = own_world.web.get(f"{APPS}/delta?$deltatoken=latest", headers=headers).json()
    assert body["value"] == []
    application = own_world.new_application()
    assert round_of(own_world, headers, body["@odata.deltaLink"])[0].keys() == {application.id}


def test_changes_during_the_first_round_are_told_in_the_second(own_world: Any, headers: dict[str, str]) -> None:
    application = own_world.new_application()
    walk = pages(own_world, headers, f"{APPS}/delta?$top=3")
    next(walk)
    own_world.web.patch(f"{APPS}/{application.id}", json={"notes": "meanwhile"}, headers=headers)
    last = list(walk)[-1]
    assert application.id in round_of(own_world, headers, last["@odata.deltaLink"])[0]


def test_many_changes_come_in_pages(own_world: Any, headers: dict[str, str]) -> None:
    body = own_world.web.get(f"{APPS}/delta?$deltatoken=latest&$top=4", headers=headers).json()
    made = {own_world.new_application().id for _ in range(9)}
    told = list(pages(own_world, headers, body["@odata.deltaLink"]))
    assert [len(page["value"]) for page in told] == [4, 4, 1]
    assert {item["id"] for page in told for item in page["value"]} == made


def test_a_token_is_good_for_seven_days(own_world: Any, headers: dict[str, str]) -> None:
    _, link = round_of(own_world, headers, f"{APPS}/delta")
    own_world.emulator.advance(timedelta(days=6, hours=23))
    assert own_world.web.get(link, headers=own_world.bearer()).status_code == 200
    own_world.emulator.advance(timedelta(hours=2))
    answer = own_world.web.get(link, headers=own_world.bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "syncStateNotFound")


def test_a_token_of_another_tenant_state_sends_the_client_to_the_start(
    world: Any, own_world: Any, headers: dict[str, str], operator: dict[str, str]
) -> None:
    _, link = round_of(own_world, headers, f"{APPS}/delta")
    answer = world.web.get(f"{APPS}/delta?{link.partition('?')[2]}", headers=operator)
    assert answer.status_code == 410
    start = answer.headers["location"]
    assert start.endswith("/v1.0/applications/delta?$deltatoken=")
    assert len(round_of(world, operator, start)[0]) == len(world.emulator.tenant.applications)


REFUSED = [
    "$deltatoken=nonsense", "$skiptoken=nonsense", "$deltatoken=W10", "$filter=displayName eq 'x'",
    "$filter=id ne '11111111-1111-4111-8111-111111111111'", "$filter=id eq 'x'", "$expand=owners", "$orderby=id",
    "$count=true", "$top=0", "$select=nonsense", "$apply=x",
]  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_what_delta_does_not_take_is_refused(world: Any, operator: dict[str, str], query: str) -> None:
    assert world.web.get(f"{APPS}/delta?{query}", headers=operator).status_code == 400


def test_a_caller_without_permission_is_refused(world: Any) -> None:
    assert world.web.get(f"{APPS}/delta", headers=world.bearer("orders-api")).status_code == 403


PARTS = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=3), max_size=2)


@settings(max_examples=share(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(PARTS, min_size=8, max_size=8) | PARTS, name=st.sampled_from(["$deltatoken", "$skiptoken"]))
def test_a_token_that_somebody_made_up_is_refused(
    world: Any, operator: dict[str, str], content: Any, name: str
) -> None:
    token = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    answer = world.web.get(f"{APPS}/delta", params={name: token}, headers=operator)
    assert answer.status_code in (400, 410)
