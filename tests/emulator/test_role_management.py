"""Directory roles: which there are, who holds them, and who may read that."""

import base64
from typing import Any

import pytest

DIRECTORY = "roleManagement/directory"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def rows(world: Any, headers: dict[str, str], path: str, version: str = "v1.0") -> list[dict[str, Any]]:
    answer = world.web.get(f"/{version}/{DIRECTORY}/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_built_in_roles_have_their_templates_id(world: Any, operator: dict[str, str], version: str) -> None:
    found = {row["id"]: row for row in rows(world, operator, "roleDefinitions", version)}
    assert found[GLOBAL_ADMINISTRATOR]["displayName"] == "Global Administrator"
    assert all(row["templateId"] == row["id"] and row["isBuiltIn"] for row in found.values())
    assert ("isPrivileged" in found[GLOBAL_ADMINISTRATOR]) is (version == "beta")
    one = world.web.get(f"/{version}/{DIRECTORY}/roleDefinitions/{GLOBAL_ADMINISTRATOR}", headers=operator).json()
    assert one | found[GLOBAL_ADMINISTRATOR] == one


def test_who_holds_roles_is_told_with_scope_and_principal(world: Any, operator: dict[str, str]) -> None:
    held = rows(world, operator, "roleAssignments?$expand=principal")
    tenant = world.emulator.tenant
    assert {(row["principalId"], row["roleDefinitionId"], row["directoryScopeId"]) for row in held} == {
        (each.id, role.template_id, role.scope) for each in tenant.service_principals for role in each.directory_roles
    }
    assert len(held) == 4
    assert sorted(row["directoryScopeId"].split("/")[1] for row in held) == ["", "", "", "administrativeUnits"]
    assert {row["principal"]["@odata.type"] for row in held} == {"#microsoft.graph.servicePrincipal"}
    assert all(row["principal"]["id"] == row["principalId"] for row in held)
    assert len({row["id"] for row in held}) == 4
    assert all("principal" not in row for row in rows(world, operator, "roleAssignments"))


def test_an_assignment_is_found_by_its_id_and_by_its_principal(world: Any, operator: dict[str, str]) -> None:
    for row in rows(world, operator, "roleAssignments"):
        query = f"roleAssignments?$filter=principalId eq '{row['principalId']}'"
        assert rows(world, operator, query) == [row]
        one = world.web.get(f"/v1.0/{DIRECTORY}/roleAssignments/{row['id']}", headers=operator).json()
        assert one | row == one
        head = row["id"].rpartition("-")[0]
        assert len(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) in (32, 48)
    assert rows(world, operator, f"roleAssignments?$filter=principalId eq '{world.identity.principal_id}'") == []


def test_what_is_selected_and_expanded_comes_together(world: Any, operator: dict[str, str]) -> None:
    for row in rows(world, operator, "roleAssignments?$select=id&$expand=principal,roleDefinition"):
        assert sorted(row) == ["id", "principal", "roleDefinition"]
        assert row["roleDefinition"]["displayName"]


@pytest.mark.parametrize(
    "path", ["roleDefinitions/00000000-0000-4000-8000-000000000000", "roleAssignments/lAPpYvVpN0KRkAEhdxReEA-1"]
)
def test_what_is_not_there_is_not_found(world: Any, operator: dict[str, str], path: str) -> None:
    assert world.web.get(f"/v1.0/{DIRECTORY}/{path}", headers=operator).status_code == 404


@pytest.mark.parametrize("query", ["$expand=owners", "$select=displayName", "$filter=nothing eq '1'"])
def test_what_an_assignment_does_not_have_is_refused(world: Any, operator: dict[str, str], query: str) -> None:
    assert world.web.get(f"/v1.0/{DIRECTORY}/roleAssignments?{query}", headers=operator).status_code == 400


def test_reading_roles_needs_a_permission_of_its_own(world: Any) -> None:
    auditor = world.bearer("read-only-auditor")
    for path in ("roleDefinitions", "roleAssignments"):
        answer = world.web.get(f"/v1.0/{DIRECTORY}/{path}", headers=auditor)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_the_older_list_of_members_tells_the_same(world: Any, operator: dict[str, str]) -> None:
    members = world.web.get(f"/v1.0/directoryRoles/{GLOBAL_ADMINISTRATOR}/members", headers=operator).json()["value"]
    query = f"roleAssignments?$filter=roleDefinitionId eq '{GLOBAL_ADMINISTRATOR}'"
    assert [row["id"] for row in members] == [row["principalId"] for row in rows(world, operator, query)]
    assert members
