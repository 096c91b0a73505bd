"""Handlers for directory roles and who holds them.

Reference pages "List roleDefinitions", "List unifiedRoleAssignments", "unifiedRoleAssignment". Only service principals
hold roles here. Assumed: the form of an assignment's id where its scope is not the tenant.
"""

import base64
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.odata.options import read_options
from migrate.emulator.graph.routing import GraphRoute, Key, Routes
from migrate.emulator.graph.rows import RowType, answer_rows, check_row_options, show_row
from migrate.emulator.graph.shapes import service_principal_body
from migrate.emulator.state.directory_roles import DIRECTORY_ROLES
from migrate.emulator.state.records import HeldRole, ServicePrincipal
from migrate.emulator.state.rules import not_found

_PERMISSIONS: Final = (
    "RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory", "Directory.Read.All",
    "Directory.ReadWrite.All",
)  # fmt: skip
_DEFINITIONS: Final = RowType(
    context="roleManagement/directory/roleDefinitions",
    type_name="microsoft.graph.unifiedRoleDefinition",
    properties=frozenset({
        "id", "description", "displayName", "isBuiltIn", "isEnabled", "isPrivileged", "resourceScopes",
        "rolePermissions", "templateId", "version",
    }),
)  # fmt: skip
_ASSIGNMENTS: Final = RowType(
    context="roleManagement/directory/roleAssignments",
    type_name="microsoft.graph.unifiedRoleAssignment",
    properties=frozenset({"id", "directoryScopeId", "principalId", "roleDefinitionId"}),
)
_EXPANDABLE: Final = ("principal", "roleDefinition")


def _definition(call: Call, template_id: str) -> dict[str, Any]:
    role = DIRECTORY_ROLES[template_id]
    return {
        "id": template_id,
        "description": role.description,
        "displayName": role.name,
        "isBuiltIn": True,
        "isEnabled": True,
        "resourceScopes": ["/"],
        "templateId": template_id,
        "version": "1",
        "rolePermissions": [{"allowedResourceActions": list(role.actions), "condition": None}],
        **({"isPrivileged": role.privileged} if call.version == "beta" else {}),
    }


def assignment_id(principal_id: str, held: HeldRole) -> str:
    """Give an assignment's id in the service's form: template and principal, base64url, and a number."""
    _, _, scope = held.scope.rpartition("/")
    parts = [held.template_id, principal_id, *([scope] if scope else [])]
    text = base64.urlsafe_b64encode(b"".join(uuid.UUID(part).bytes_le for part in parts)).decode().rstrip("=")
    return f"{text}-{2 if scope else 1}"


def _assignments(call: Call) -> Iterator[dict[str, Any]]:
    wanted = {item.name for item in read_options(call.query).expand}
    if not wanted <= set(_EXPANDABLE):
        raise bad_request(f"Could not find a property named '{min(wanted - set(_EXPANDABLE))}' on type "
                          "'microsoft.graph.unifiedRoleAssignment'.")  # fmt: skip
    for principal in call.tenant.service_principals:
        for held in principal.directory_roles:
            yield _assignment(call, principal, held, wanted)


def _assignment(call: Call, principal: ServicePrincipal, held: HeldRole, wanted: set[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": assignment_id(principal.id, held),
        "directoryScopeId": held.scope,
        "principalId": principal.id,
        "roleDefinitionId": held.template_id,
    }
    if "principal" in wanted:
        body = service_principal_body(call.tenant, principal, call.version)
        row["principal"] = {"@odata.type": "#microsoft.graph.servicePrincipal", **body}
    if "roleDefinition" in wanted:
        row["roleDefinition"] = _definition(call, held.template_id)
    return row


def list_definitions(call: Call) -> Reply:
    """GET /roleManagement/directory/roleDefinitions."""
    return answer_rows(call, _DEFINITIONS, [_definition(call, each) for each in DIRECTORY_ROLES])


def get_definition(call: Call, key: Key) -> Reply:
    """GET /roleManagement/directory/roleDefinitions/{id}."""
    if key[1].lower() not in DIRECTORY_ROLES:
        raise not_found(key[1])
    return _one(call, _DEFINITIONS, _definition(call, key[1].lower()))


def list_assignments(call: Call) -> Reply:
    """GET /roleManagement/directory/roleAssignments."""
    return answer_rows(call, _ASSIGNMENTS, list(_assignments(call)))


def get_assignment(call: Call, key: Key) -> Reply:
    """GET /roleManagement/directory/roleAssignments/{id}."""
    found = next((row for row in _assignments(call) if row["id"] == key[1]), None)
    if found is None:
        raise not_found(key[1])
    return _one(call, _ASSIGNMENTS, found)


def _one(call: Call, kind: RowType, row: dict[str, Any]) -> Reply:
    options = read_options(call.query)
    check_row_options(kind, options)
    return Reply(body={"@odata.context": call.context(f"{kind.context}/$entity"), **show_row(kind, row, options)})


def _get(handler: Callable[..., Reply]) -> dict[str, GraphRoute]:
    return {"GET": GraphRoute(handler=handler, permissions=_PERMISSIONS)}


_DIRECTORY: Final = ("roleManagement", "directory")

ROUTES: Final[Routes] = {
    (*_DIRECTORY, "roleDefinitions"): _get(list_definitions),
    (*_DIRECTORY, "roleDefinitions", "*"): _get(get_definition),
    (*_DIRECTORY, "roleAssignments"): _get(list_assignments),
    (*_DIRECTORY, "roleAssignments", "*"): _get(get_assignment),
}
