"""App role assignments: what Microsoft Graph defines, who holds it, and that the next token shows it."""

from typing import Any

import jwt
import pytest

PRINCIPALS = "/v1.0/servicePrincipals"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
READ_APPLICATIONS = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"


@pytest.fixture
def graph(world: Any) -> Any:
    return world.emulator.tenant.service_principals.with_app_id(GRAPH_APP)


def roles_in_token(world: Any, application: Any, **changes: str) -> list[str]:
    answer = world.token_request(world.secret_form(application, **changes))
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    return list(claims.get("roles", []))


def assignment(principal: Any, resource: Any, role: str = READ_APPLICATIONS) -> dict[str, str]:
    return {"principalId": principal.id, "resourceId": resource.id, "appRoleId": role}


def test_microsoft_graph_defines_its_roles(world: Any, operator: dict[str, str]) -> None:
    shown = world.web.get(f"{PRINCIPALS}(appId='{GRAPH_APP}')?$select=appRoles", headers=operator).json()
    roles = {role["value"]: role for role in shown["appRoles"]}
    assert roles["Application.Read.All"]["id"] == READ_APPLICATIONS
    assert roles["Application.ReadWrite.All"]["id"] == "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"
    assert roles["Application.ReadWrite.OwnedBy"]["id"] == "18a4783c-866b-4cc7-a460-3d5e5662c884"
    assert roles["Application.Read.All"]["allowedMemberTypes"] == ["Application"]


def test_assignments_and_the_roles_claim_tell_the_same(world: Any, operator: dict[str, str], graph: Any) -> None:
    defined = {role["id"]: role["value"] for role in graph.others["appRoles"]}
    for name in ("unsecret-operator", "read-only-auditor", "orders-api"):
        application = world.emulator.tenant.application_named(name)
        principal = world.emulator.tenant.service_principal_of(application)
        rows = world.web.get(f"{PRINCIPALS}/{principal.id}/appRoleAssignments", headers=operator).json()["value"]
        held = {defined[row["appRoleId"]] for row in rows}
        assert held == set(roles_in_token(world, application))
        assert held
        assert {row["resourceId"] for row in rows} == {graph.id}
        assert {row["principalDisplayName"] for row in rows} == {name}


@pytest.mark.parametrize("by_resource", [False, True])
def test_a_granted_role_is_in_the_next_token_and_a_revoked_one_is_not(
    world: Any, operator: dict[str, str], graph: Any, *, by_resource: bool
) -> None:
    application = world.new_application(displayName="granted")
    principal = world.emulator.tenant.service_principal_of(application)
    where = f"{graph.id}/appRoleAssignedTo" if by_resource else f"{principal.id}/appRoleAssignments"
    address = f"{PRINCIPALS}/{where}"
    assert roles_in_token(world, application) == []
    made = world.web.post(address, json=assignment(principal, graph), headers=operator)
    assert made.status_code == 201
    body = made.json()
    assert (body["principalType"], body["resourceDisplayName"]) == ("ServicePrincipal", "Microsoft Graph")
    assert body["principalId"] == principal.id
    assert roles_in_token(world, application) == ["Application.Read.All"]
    token = world.token_request(world.secret_form(application)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert world.web.get("/v1.0/applications?$top=1", headers=bearer).status_code == 200
    listed = world.web.get(address, headers=operator).json()["value"]
    assert [row for row in listed if row["id"] == body["id"]] == [
        {name: value for name, value in body.items() if name != "@odata.context"}
    ]
    assert (
        world.web.get(f"{address}/{body['id']}", headers=operator).json()["createdDateTime"] == body["createdDateTime"]
    )
    assert world.web.delete(f"{address}/{body['id']}", headers=operator).status_code == 204
    assert world.web.delete(f"{address}/{body['id']}", headers=operator).status_code == 404
    assert roles_in_token(world, application) == []
    assert world.web.get("/v1.0/applications?$top=1", headers=bearer).status_code == 200, "issued tokens run out"


def test_a_role_of_an_application_of_this_tenant_is_granted(world: Any, operator: dict[str, str]) -> None:
    role: dict[str, Any] = {
        "id": "0a0a0a0a-1111-4222-8333-444444444444",
        "value": "Orders.Read",
        "displayName": "Read orders",
        "description": "Read orders.",
        "isEnabled": True,
        "allowedMemberTypes": ["Application"],
    }
    api = world.new_application(displayName="an api")
    world.web.patch(f"/v1.0/applications/{api.id}", json={"appRoles": [role]}, headers=operator)
    client = world.new_application(displayName="its client")
    resource = world.emulator.tenant.service_principal_of(api)
    principal = world.emulator.tenant.service_principal_of(client)
    body = assignment(principal, resource, role["id"].upper())
    made = world.web.post(f"{PRINCIPALS}/{principal.id}/appRoleAssignments", json=body, headers=operator)
    assert made.status_code == 201, made.text
    assert roles_in_token(world, client, scope=f"{api.app_id}/.default") == ["Orders.Read"]
    assert roles_in_token(world, client) == []
    address = f"{PRINCIPALS}/{principal.id}/appRoleAssignments"
    rows = world.web.get(f"{address}?$filter=resourceId eq {resource.id}", headers=operator).json()["value"]
    assert [row["resourceDisplayName"] for row in rows] == ["an api"]


def test_what_cannot_be_granted_is_refused(world: Any, operator: dict[str, str], graph: Any) -> None:
    principal = world.emulator.tenant.service_principal_of(world.new_application())
    other = world.emulator.tenant.service_principal_of(world.new_application())
    address = f"{PRINCIPALS}/{principal.id}/appRoleAssignments"
    good = assignment(principal, graph)
    assert world.web.post(address, json=good, headers=operator).status_code == 201
    unknown = "11111111-1111-4111-8111-111111111111"
    cases: list[tuple[dict[str, Any], int, str]] = [
        (good, 400, "Permission being assigned already exists on the object"),
        ({**good, "appRoleId": unknown}, 400, "Permission being assigned was not found on application"),
        ({**good, "principalId": other.id}, 400, "not the id in the address"),
        ({**good, "resourceId": unknown}, 404, "does not exist"),
        ({**good, "resourceId": "x"}, 400, "resourceId"),
        ({**good, "appRoleId": None}, 400, "appRoleId"),
        ({**good, "colour": "red"}, 400, "colour"),
        ({}, 400, "principalId"),
    ]
    for body, status, text in cases:
        answer = world.web.post(address, json=body, headers=operator)
        assert (answer.status_code, text in answer.json()["error"]["message"]) == (status, True), answer.text


def test_microsofts_own_roles_are_nobodys_to_change(world: Any, operator: dict[str, str], graph: Any) -> None:
    principal = world.emulator.tenant.service_principal_of(world.new_application())
    made_up = {"id": "0b0b0b0b-1111-4222-8333-444444444444", "value": "Application.ReadWrite.All"}
    bodies: list[dict[str, Any]] = [{"appRoles": [made_up]}, {"appRoles": []}, {"displayName": "x"}]
    for body in bodies:
        answer = world.web.patch(f"{PRINCIPALS}/{graph.id}", json=body, headers=operator)
        assert (answer.status_code, "read-only" in answer.json()["error"]["message"]) == (400, True)
    address = f"{PRINCIPALS}/{principal.id}/appRoleAssignments"
    for role in (made_up["id"], "00000000-0000-0000-0000-000000000000"):
        answer = world.web.post(address, json=assignment(principal, graph, role), headers=operator)
        assert answer.status_code == 400
    foreign = next(
        item for item in world.emulator.tenant.service_principals
        if item.owner_tenant not in (None, world.emulator.tenant_id, graph.owner_tenant)
    )  # fmt: skip
    rename = world.web.patch(f"{PRINCIPALS}/{foreign.id}", json={"displayName": "x"}, headers=operator)
    assert rename.status_code == 400
    tagged = world.web.patch(f"{PRINCIPALS}/{foreign.id}", json={"tags": list(foreign.tags)}, headers=operator)
    assert tagged.status_code == 204


def test_granting_needs_its_own_permission(world: Any, graph: Any) -> None:
    principal = world.emulator.tenant.service_principal_of(world.emulator.tenant.application_named("read-only-auditor"))
    auditor = world.bearer("read-only-auditor")
    address = f"{PRINCIPALS}/{principal.id}/appRoleAssignments"
    role = "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"
    answer = world.web.post(address, json=assignment(principal, graph, role), headers=auditor)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    row = world.web.get(address, headers=auditor).json()["value"][0]
    assert world.web.delete(f"{address}/{row['id']}", headers=auditor).status_code == 403


def test_everybody_who_holds_a_role_is_listed_page_by_page(world: Any, operator: dict[str, str], graph: Any) -> None:
    found: list[str] = []
    following = f"{PRINCIPALS}/{graph.id}/appRoleAssignedTo?$top=5&$select=id"
    while following:
        body = world.web.get(following, headers=operator).json()
        found += [row["id"] for row in body["value"]]
        following = body.get("@odata.nextLink")
    assert len(found) == len(set(found)) == sum(len(item.roles) for item in world.emulator.tenant.service_principals)
