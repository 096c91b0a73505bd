"""Who may do what at Azure Resource Manager, and how a refusal reads."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

UNKNOWN = "1f1f1f1f-2222-4222-8222-222222222222"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize(
    "scope",
    ["https://management.azure.com/.default", "https://management.azure.com//.default",
     "https://management.core.windows.net/.default", "https://management.core.windows.net//.default"],
)  # fmt: skip
def test_every_spelling_of_the_audience_is_accepted(arm: Any, scope: str) -> None:
    assert arm.get("/subscriptions", headers=arm.token("unsecret-operator", scope)).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8443", "127.0.0.1", "localhost:65535"])
def test_az_may_name_the_audiences_by_loopback(arm: Any, host: str) -> None:
    as_arm = arm.token("unsecret-operator", f"https://{host}/arm/.default")
    as_graph = arm.token("unsecret-operator", f"https://{host}/.default")
    assert arm.get("/subscriptions", headers=as_arm).status_code == 200
    assert refusal(arm.get("/subscriptions", headers=as_graph)) == (401, "InvalidAuthenticationTokenAudience")
    assert arm.world.web.get("/v1.0/organization", headers=as_graph).status_code == 200


def test_who_does_not_say_who_they_are_gets_a_challenge(arm: Any, tampering: dict[str, str]) -> None:
    answer = arm.world.web.get("/subscriptions?api-version=2022-12-01")
    assert refusal(answer) == (401, "AuthenticationFailed")
    challenge = answer.headers["www-authenticate"]
    assert f'authorization_uri="https://login.microsoftonline.com/{arm.tenant.id}"' in challenge
    for token in tampering.values():
        answer = arm.get("/subscriptions", headers={"Authorization": f"Bearer {token}"})
        assert refusal(answer) == (401, "InvalidAuthenticationToken")


def test_a_token_for_graph_names_the_audiences_that_would_do(arm: Any) -> None:
    answer = arm.get("/subscriptions", headers=arm.world.bearer())
    assert refusal(answer) == (401, "InvalidAuthenticationTokenAudience")
    assert "'https://management.core.windows.net/','https://management.core.windows.net'" in answer.text


def test_an_expired_token_is_refused_with_both_times(own_arm: Any) -> None:
    assert own_arm.get("/subscriptions").status_code == 200
    own_arm.world.emulator.advance(timedelta(hours=2))
    answer = own_arm.get("/subscriptions")
    assert refusal(answer) == (401, "ExpiredAuthenticationToken")
    assert "is earlier than current UTC time" in answer.json()["error"]["message"]


def test_every_answer_carries_its_ids(arm: Any) -> None:
    sent = "5f5f5f5f-2222-4222-8222-222222222222"
    headers = {**arm.headers(), "x-ms-correlation-request-id": sent}
    for path in ("/subscriptions", f"/subscriptions/{UNKNOWN}"):
        answer = arm.get(path, headers=headers)
        assert len(answer.headers["x-ms-request-id"]) == 36
        assert answer.headers["x-ms-correlation-request-id"] == sent
        assert int(answer.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subscriptions/x", 400, "InvalidSubscriptionId"),
        (f"/subscriptions/{UNKNOWN}", 404, "SubscriptionNotFound"),
        (f"/subscriptions/{UNKNOWN}/resources", 404, "SubscriptionNotFound"),
        ("/subscriptions/{s}/resourceGroups/nobody", 404, "ResourceGroupNotFound"),
        ("/subscriptions/{s}/resourceGroups/nobody/resources", 404, "ResourceGroupNotFound"),
        ("/subscriptions/{s}/resourceGroups/nobody/providers/Microsoft.Web/sites", 404, "ResourceGroupNotFound"),
        ("/subscriptions/{s}/resourceGroups/rg-apps-prod/providers/Microsoft.Web/sites/x", 404, "ResourceNotFound"),
        ("/subscriptions/{s}/resourceGroups/rg-apps-prod/providers/Microsoft.Sql/servers/x", 404, "ResourceNotFound"),
        (
            "/subscriptions/{s}/resourceGroups/rg-apps-prod/providers/Microsoft.Sql/servers/x/databases/y", 404,
            "ParentResourceNotFound",
        ),
        ("/subscriptions/{s}/providers/Microsoft.ManagedIdentity/nothings", 404, "InvalidResourceType"),
        ("/subscriptions/{s}/providers/Nobody.Nothing/things", 404, "InvalidResourceNamespace"),
        ("/subscriptions/{s}/providers/Nobody.Nothing", 404, "InvalidResourceNamespace"),
        ("/subscriptions/{s}/nothing", 404, "NotFound"),
        ("/subscriptions/{s}/resourceGroups/a%00b", 400, "InvalidUriPath"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_refused_by_name(arm: Any, path: str, status: int, code: str) -> None:
    assert refusal(arm.get(path.format(s=arm.subscription))) == (status, code)


def test_types_that_are_not_served_have_empty_lists(arm: Any) -> None:
    for kind in ("Microsoft.Network/publicIPAddresses", "Microsoft.Storage/storageAccounts", "microsoft.sql/servers"):
        answer = arm.get(f"/subscriptions/{arm.subscription}/providers/{kind}")
        assert (answer.status_code, answer.json()) == (200, {"value": []})


def test_a_request_without_a_version_is_refused(arm: Any) -> None:
    answer = arm.world.web.get("/subscriptions", headers=arm.headers())
    assert refusal(answer) == (400, "MissingApiVersionParameter")


def test_paths_compare_without_case(arm: Any) -> None:
    host = arm.host(kind="vm")
    for path in (host.resource_id.upper(), host.resource_id.lower(), host.resource_id.replace("Groups", "groups")):
        assert arm.get(path).json()["id"] == host.resource_id


def test_a_reader_reads_everything_but_settings(auditor: Any) -> None:
    site = auditor.host(kind="app-service", secret=True)
    assert auditor.get(site.resource_id).status_code == 200
    answer = auditor.ask("POST", f"{site.resource_id}/config/appsettings/list")
    assert refusal(answer) == (403, "AuthorizationFailed")
    message = answer.json()["error"]["message"]
    assert "'Microsoft.Web/sites/config/list/action'" in message
    assert f"over scope '{site.resource_id}/config/appsettings'" in message
    app = auditor.host(kind="container-app", secret=True)
    assert refusal(auditor.ask("POST", f"{app.resource_id}/listSecrets")) == (403, "AuthorizationFailed")
    assert refusal(auditor.ask("PATCH", site.resource_id, json={})) == (403, "AuthorizationFailed")


def test_who_has_no_role_sees_nothing(arm: Any) -> None:
    headers = arm.token("orders-api")
    assert arm.get("/subscriptions", headers=headers).json()["value"] == []
    sub = f"/subscriptions/{arm.subscription}"
    assert refusal(arm.get(sub, headers=headers)) == (403, "AuthorizationFailed")
    assert refusal(arm.get(f"{sub}/resources", headers=headers)) == (403, "AuthorizationFailed")
    assert refusal(arm.get(f"{sub}/resourceGroups/nobody", headers=headers)) == (403, "AuthorizationFailed")
    assert arm.get(f"{sub}/resourcegroups", headers=headers).json()["value"] == []


def test_a_managed_identity_may_do_what_it_was_assigned(arm: Any) -> None:
    identity = arm.new_identity("id-assigned")
    machine = arm.new_machine("vm-assigned")
    wish = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: {}}}}
    arm.ask("PATCH", machine, json=wish)
    token = arm.world.identity_token(arm.identity(identity), "https://management.azure.com", "/hosts/vm-assigned")
    headers = {"Authorization": f"Bearer {token}"}
    assert refusal(arm.get(machine, headers=headers)) == (403, "AuthorizationFailed")
    name = "7f0f0f0f-1111-4111-8111-0000000000aa"
    principal = identity["properties"]["principalId"]
    path = f"{arm.group}/providers/Microsoft.Authorization/roleAssignments/{name}"
    body = {"properties": {"roleDefinitionId": READER, "principalId": principal, "principalType": "ServicePrincipal"}}
    assert arm.ask("PUT", path, json=body).status_code == 201
    assert arm.get(machine, headers=headers).status_code == 200
    assert len(arm.get("/subscriptions", headers=headers).json()["value"]) == 1
    sub = f"/subscriptions/{arm.subscription}"
    groups = {each["id"].split("/")[4].lower() for each in arm.get(f"{sub}/resources", headers=headers).json()["value"]}
    assert groups == {"rg-apps-prod"}
    listed = arm.get(f"{sub}/resourcegroups", headers=headers).json()["value"]
    assert [each["name"] for each in listed] == ["rg-apps-prod"]
    assert arm.ask("DELETE", path).status_code == 200
    assert refusal(arm.get(machine, headers=headers)) == (403, "AuthorizationFailed")


def assignments(arm: Any, text: str, scope: str = "") -> list[dict[str, Any]]:
    path = f"{scope or '/subscriptions/' + arm.subscription}/providers/Microsoft.Authorization/roleAssignments"
    found: list[dict[str, Any]] = arm.get(path, params={"$filter": text} if text else {}).json()["value"]
    return found


def test_role_assignments_are_found_by_principal_and_by_scope(arm: Any) -> None:
    operator = arm.tenant.service_principal_of(arm.tenant.application_named("unsecret-operator"))
    for text in (f"principalId eq '{operator.id}'", f"assignedTo('{operator.id}')",
                 f"atScope() and assignedTo('{operator.id}')"):  # fmt: skip
        found, of_data = assignments(arm, text)
        assert found["properties"]["principalId"] == of_data["properties"]["principalId"] == operator.id
        roles = [arm.get(each["properties"]["roleDefinitionId"]).json()["properties"] for each in (found, of_data)]
        assert [each["roleName"] for each in roles] == ["Owner", "Key Vault Secrets Officer"]
        assert [bool(each["permissions"][0]["dataActions"]) for each in roles] == [False, True]
    assert found in assignments(arm, "", arm.group), "what is assigned above counts below"
    assert found in assignments(arm, "atScope()", arm.group)


def test_an_assignment_can_be_made_once(arm: Any) -> None:
    base = f"{arm.group}/providers/Microsoft.Authorization/roleAssignments"
    name, other = "7f0f0f0f-1111-4111-8111-00000000000b", "7f0f0f0f-1111-4111-8111-00000000000c"
    body = {"properties": {"roleDefinitionId": f"/x/{READER}", "principalId": arm.world.identity.principal_id}}
    assert arm.ask("PUT", f"{base}/{name}", json=body).status_code == 201
    assert arm.ask("PUT", f"{base}/{name}", json=body).status_code == 201
    assert refusal(arm.ask("PUT", f"{base}/{other}", json=body)) == (409, "RoleAssignmentExists")
    assert len(assignments(arm, "", arm.group)) == len(assignments(arm, "atScope()", arm.group))
    assert arm.get(f"{base}/{name}").json()["properties"]["scope"] == arm.group
    assert arm.ask("DELETE", f"{base}/{name}").status_code == 200
    assert arm.ask("DELETE", f"{base}/{name}").status_code == 204
    assert refusal(arm.get(f"{base}/{name}")) == (404, "RoleAssignmentNotFound")


@pytest.mark.parametrize(
    ("name", "changes", "status", "code"),
    [("x", {}, 400, "InvalidRoleAssignmentId"), ("", {"principalId": UNKNOWN}, 400, "PrincipalNotFound"),
     ("", {"roleDefinitionId": UNKNOWN}, 404, "RoleDefinitionDoesNotExist"),
     ("", {"roleDefinitionId": None}, 400, "BadRequestFormat"),
     ("", {"principalType": "Cat"}, 400, "InvalidPrincipalType"),
     ("", {"principalId": 7}, 400, "InvalidRequestContent")],
)  # fmt: skip
def test_a_wrong_assignment_is_refused(arm: Any, name: str, changes: Any, status: int, code: str) -> None:
    path = f"{arm.group}/providers/Microsoft.Authorization/roleAssignments/{name or UNKNOWN}"
    principal = arm.world.identity.principal_id
    body = {"properties": {"roleDefinitionId": READER, "principalId": principal, **changes}}
    assert refusal(arm.ask("PUT", path, json=body)) == (status, code)


def test_role_definitions_are_found_by_name(arm: Any) -> None:
    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    (found,) = arm.get(path, params={"$filter": "roleName eq 'Managed Identity Operator'"}).json()["value"]
    assert found["name"] == "f1a07417-d97a-45cb-824c-7a7467783830"
    assert len(arm.get(path).json()["value"]) > 5
    assert refusal(arm.get(path, params={"$filter": "1 eq 1"})) == (400, "UnsupportedQuery")
    filtered = arm.get(
        path.replace("Definitions", "Assignments"), params={"$filter": "atScope() or principalId eq 'x'"}
    )
    assert refusal(filtered) == (400, "UnsupportedQuery")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"a":NaN}', b"\xff", b'{"a":' * 50 + b"1" + b"}" * 50])
def test_a_body_that_is_no_object_is_refused(arm: Any, body: bytes) -> None:
    path = f"{arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-bad-body"
    answer = arm.ask("PUT", path, content=body)
    assert refusal(answer) == (400, "InvalidRequestContent")
    json.dumps(answer.json())


def test_a_method_that_a_resource_does_not_have_is_refused(arm: Any) -> None:
    assert refusal(arm.ask("PUT", "/subscriptions", json={})) == (405, "HttpMethodNotAllowed")
    assert arm.ask("HEAD", "/subscriptions").status_code == 200


def test_a_body_that_is_too_large_is_refused(arm: Any) -> None:
    path = f"{arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-large"
    assert arm.ask("PUT", path, content=b" " * (4 * 1024 * 1024 + 1)).status_code == 413
