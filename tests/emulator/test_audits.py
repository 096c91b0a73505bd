"""The audit log: what a change of credentials leaves behind, who finds it, and for how long."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.emulator.test_graph_writing import certificate

AUDITS = "auditLogs/directoryAudits"
UPDATE = "Update application \N{EN DASH} Certificates and secrets management "
KEY = re.compile(r"\[KeyIdentifier=([0-9a-f-]{36}),KeyType=(\w+),KeyUsage=(\w+),DisplayName=(.*)\]", re.DOTALL)


def audits(world: Any, object_id: str, version: str = "v1.0", **options: str) -> list[dict[str, Any]]:
    query = {"$filter": f"targetResources/any(t: t/id eq '{object_id}')", **options}
    answer = world.web.get(f"/{version}/{AUDITS}", params=query, headers=world.bearer())
    found: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["value"]
        if "@odata.nextLink" not in answer.json():
            return found
        answer = world.web.get(answer.json()["@odata.nextLink"], headers=world.bearer())


def changed(entry: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the key ids before and after."""
    (target,) = entry["targetResources"]
    (told,) = [each for each in target["modifiedProperties"] if each["displayName"] == "KeyDescription"]
    before, after = (
        [match[1] for match in map(KEY.fullmatch, json.loads(told[name])) if match] for name in ("oldValue", "newValue")
    )
    return before, after


def add(world: Any, path: str, name: str = "later") -> dict[str, Any]:
    body = {"passwordCredential": {"displayName": name}}
    answer = world.web.post(f"/v1.0/{path}/addPassword", json=body, headers=world.bearer())
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_secret_that_is_added_and_removed_is_told_with_who_did_it_and_never_its_text(world: Any) -> None:
    application = world.new_application()
    path, had = f"applications/{application.id}", [each.key_id for each in application.passwords]
    (first,) = audits(world, application.id)
    assert changed(first) == ([], had)
    made = add(world, path, "a],[KeyIdentifier=x\n")
    world.web.post(f"/v1.0/{path}/removePassword", json={"keyId": made["keyId"]}, headers=world.bearer())
    removed, added, _ = audits(world, application.id)
    assert changed(added) == (had, [*had, made["keyId"]])
    assert changed(removed) == ([*had, made["keyId"]], had)
    assert {added["activityDisplayName"], removed["activityDisplayName"]} == {UPDATE}
    assert (added["category"], added["result"], added["loggedByService"]) == (
        "ApplicationManagement", "success", "Core Directory"
    )  # fmt: skip
    operator = world.emulator.tenant.service_principals.with_app_id(world.emulator.environment()["AZURE_CLIENT_ID"])
    assert added["initiatedBy"]["user"] is None
    assert added["initiatedBy"]["app"]["servicePrincipalId"] == operator.id
    assert added["targetResources"][0]["type"] == "Application"
    assert made["secretText"] not in json.dumps([removed, added])


def test_credentials_of_a_service_principal_have_activities_of_their_own(world: Any) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    made = add(world, f"servicePrincipals/{principal.id}")
    world.web.post(f"/v1.0/servicePrincipals/{principal.id}/removePassword", json={"keyId": made["keyId"]},
                   headers=world.bearer())  # fmt: skip
    removed, added = audits(world, principal.id)
    assert added["activityDisplayName"] == "Add service principal credentials"
    assert removed["activityDisplayName"] == "Remove service principal credentials"
    assert added["targetResources"][0]["type"] == "ServicePrincipal"


def test_an_application_that_is_created_with_a_secret_is_told_and_a_mere_renaming_is_not(world: Any) -> None:
    key = certificate(1)
    answer = world.web.post("/v1.0/applications", json={"displayName": "new", "keyCredentials": [key]},
                            headers=world.bearer())  # fmt: skip
    assert answer.status_code == 201, answer.text
    made = answer.json()
    world.web.patch(f"/v1.0/applications/{made['id']}", json={"displayName": "newer"}, headers=world.bearer())
    (entry,) = audits(world, made["id"])
    assert entry["activityDisplayName"].startswith("Create application")
    assert changed(entry) == ([], [made["keyCredentials"][0]["keyId"]])
    world.web.patch(f"/v1.0/applications/{made['id']}", json={"keyCredentials": []}, headers=world.bearer())
    newest, _ = audits(world, made["id"])
    assert (newest["activityDisplayName"], changed(newest)[1]) == (UPDATE, [])


def test_a_part_of_a_batch_and_a_refused_change_are_what_they_are(world: Any) -> None:
    application = world.new_application()
    part = {"id": "1", "method": "POST", "url": f"/applications/{application.id}/addPassword", "body": {},
            "headers": {"Content-Type": "application/json"}}  # fmt: skip
    world.web.post("/v1.0/$batch", json={"requests": [part]}, headers=world.bearer())
    path, nobodys = f"/v1.0/applications/{application.id}", {"keyId": "11111111-1111-4111-8111-111111111111"}
    refused = world.web.post(f"{path}/removePassword", json=nobodys, headers=world.bearer())
    assert refused.status_code == 400
    assert len(audits(world, application.id)) == 2


def test_the_log_is_paged_newest_first(world: Any) -> None:
    application = world.new_application()
    keys = [add(world, f"applications/{application.id}")["keyId"] for _ in range(3)]
    found = audits(world, application.id, "beta", **{"$top": "1"})
    assert [changed(each)[1][-1] for each in found[:3]] == keys[::-1]
    since = world.emulator.tenant.clock.now() + timedelta(minutes=1)
    query = {"$filter": f"activityDateTime ge {since:%Y-%m-%dT%H:%M:%SZ}"}
    assert world.web.get(f"/v1.0/{AUDITS}", params=query, headers=world.bearer()).json()["value"] == []


@pytest.mark.parametrize("query", [{"$filter": "nonsense eq 1"}, {"$top": "1001"}])
def test_bad_questions_are_refused(world: Any, query: dict[str, str]) -> None:
    assert world.web.get(f"/v1.0/{AUDITS}", params=query, headers=world.bearer()).status_code == 400


def test_who_may_not_read_logs_may_not_read_this_one(world: Any) -> None:
    assert world.web.get(f"/v1.0/{AUDITS}", headers=world.bearer("read-only-auditor")).status_code == 403
