"""Graph that shows what was."""

from typing import Any

import pytest

from migrate.emulator.state.records import Application
from tests.emulator.faults.conftest import Trouble

LISTS = {"kind": "lagging-reads", "unseen": 60}


def listed(trouble: Trouble, name: str) -> list[str]:
    """Page through all applications and give the ids of those with a name."""
    found: list[str] = []
    path = "applications?$top=7&$select=id,displayName"
    while path:
        page = trouble.graph("GET", path).json()
        found += [each["id"] for each in page["value"] if each["displayName"] == name]
        path = page.get("@odata.nextLink", "").partition("/v1.0/")[2]
    return found


def create(trouble: Trouble, name: str) -> str:
    made = trouble.graph("POST", "applications", json={"displayName": name})
    assert made.status_code == 201
    return str(made.json()["id"])


def test_a_created_application_is_missing_from_lists_for_a_while_and_found_by_id(trouble: Trouble) -> None:
    trouble.begin(LISTS)
    object_id = create(trouble, "late")
    counted = trouble.graph("GET", "applications/$count", headers={"ConsistencyLevel": "eventual"}).text
    assert listed(trouble, "late") == []
    assert trouble.graph("GET", "applications?$filter=displayName eq 'late'").json()["value"] == []
    assert trouble.graph("GET", f"applications/{object_id}").status_code == 200
    assert trouble.graph("POST", f"applications/{object_id}/addPassword", json={}).status_code == 200
    trouble.advance(61)
    assert listed(trouble, "late") == [object_id]
    now = trouble.graph("GET", "applications/$count", headers={"ConsistencyLevel": "eventual"}).text
    assert int(now) == int(counted) + 1
    assert trouble.counts()[0][1] > 0


def test_objects_can_lag_too(trouble: Trouble) -> None:
    trouble.begin({**LISTS, "of": ["objects"]})
    object_id = create(trouble, "late object")
    assert listed(trouble, "late object") == [object_id]
    answer = trouble.graph("GET", f"applications/{object_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    trouble.advance(61)
    assert trouble.graph("GET", f"applications/{object_id}").status_code == 200


@pytest.mark.parametrize("key", ["{id}", "(appId='{app}')", "(uniqueName='{unique}')"])
def test_writes_can_find_nothing_yet(trouble: Trouble, key: str) -> None:
    trouble.begin({**LISTS, "of": ["writes"]})
    unique = f"unique{key[:7]}".replace("(", "-")
    made = trouble.graph("POST", "applications", json={"displayName": "late", "uniqueName": unique}).json()
    spelled = key.format(id=made["id"], app=made["appId"], unique=unique)
    path = f"applications{spelled}" if spelled.startswith("(") else f"applications/{spelled}"
    assert trouble.graph("POST", f"{path}/addPassword", json={}).status_code == 404
    trouble.advance(61)
    assert trouble.graph("POST", f"{path}/addPassword", json={}).status_code == 200


def test_a_removed_application_stays_in_its_place_for_a_while(trouble: Trouble) -> None:
    ids = [create(trouble, "goes") for _ in range(3)]
    trouble.begin(LISTS)
    assert trouble.graph("DELETE", f"applications/{ids[1]}").status_code == 204
    assert listed(trouble, "goes") == ids
    assert trouble.graph("GET", f"applications/{ids[1]}").status_code == 404
    trouble.advance(61)
    assert listed(trouble, "goes") == [ids[0], ids[2]]


def test_old_values_and_old_federated_credentials_show(trouble: Trouble, application: Application) -> None:
    trouble.begin(LISTS)
    path = f"applications/{application.id}"
    trouble.graph("PATCH", path, json={"displayName": "renamed"})
    trouble.world.federate(application)

    def seen() -> tuple[Any, int, Any]:
        found = trouble.graph("GET", f"applications?$filter=id eq '{application.id}'").json()["value"]
        federated = trouble.graph("GET", f"{path}/federatedIdentityCredentials").json()["value"]
        return found[0]["displayName"], len(federated), trouble.graph("GET", path).json()["displayName"]

    assert seen() == ("test app", 0, "renamed")
    trouble.advance(61)
    assert seen() == ("renamed", 1, "renamed")


def test_lists_flap_and_the_last_reads_are_right(trouble: Trouble) -> None:
    trouble.begin({**LISTS, "flapping": 60})
    object_id = create(trouble, "flaps")
    trouble.advance(61)
    query = "applications?$filter=displayName eq 'flaps'"
    seen = [len(trouble.graph("GET", query).json()["value"]) for _ in range(30)]
    assert set(seen) == {0, 1}
    trouble.advance(60)
    assert [each["id"] for each in trouble.graph("GET", query).json()["value"]] == [object_id]


def test_a_delta_query_passes_over_nothing_that_was_late(trouble: Trouble) -> None:
    def follow(path: str) -> tuple[set[str], str]:
        ids: set[str] = set()
        while True:
            page = trouble.graph("GET", path).json()
            ids |= {each["id"] for each in page["value"]}
            if "@odata.deltaLink" in page:
                return ids, page["@odata.deltaLink"].partition("/v1.0/")[2]
            path = page["@odata.nextLink"].partition("/v1.0/")[2]

    _, following = follow("applications/delta?$select=id")
    trouble.begin(LISTS)
    object_id = create(trouble, "delta")
    before, following = follow(following)
    trouble.advance(61)
    after, _ = follow(following)
    assert (object_id in before, object_id in after) == (False, True)


def test_only_named_applications_are_late_and_their_service_principals_with_them(trouble: Trouble) -> None:
    trouble.begin({**LISTS, "applications": ["late twin"]})
    for name in ("late twin", "other twin"):
        made = trouble.graph("POST", "applications", json={"displayName": name}).json()
        assert trouble.graph("POST", "servicePrincipals", json={"appId": made["appId"]}).status_code == 201
    names = ("late twin", "other twin")
    query = "servicePrincipals?$filter=displayName eq '{}'"
    assert [len(listed(trouble, name)) for name in names] == [0, 1]
    assert [len(trouble.graph("GET", query.format(name)).json()["value"]) for name in names] == [0, 1]
