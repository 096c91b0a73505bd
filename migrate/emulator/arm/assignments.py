"""Role assignments and role definitions.

Sources: REST reference "Authorization", operation groups Role Assignments and Role Definitions; page "List Azure
role assignments using the REST API" for ``atScope()``, ``principalId eq`` and ``assignedTo()``. Groups are not served,
so the last two mean the same.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.call import NO_CONTENT, ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError, group_not_found, resource_not_found
from migrate.emulator.arm.lookup import find_resource
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.state.azure import RoleAssignment
from migrate.emulator.state.roles import ROLES, RoleDefinition

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRINCIPAL: Final = re.compile(r"principalId\s+eq\s+'(?P<a>[^']*)'|assignedTo\(\s*'(?P<b>[^']*)'\s*\)", re.IGNORECASE)
_AT_SCOPE: Final = re.compile(r"atScope\(\s*\)", re.IGNORECASE)
_ROLE_NAME: Final = re.compile(r"\s*roleName\s+eq\s+'(?P<name>(?:[^']|'')*)'\s*", re.IGNORECASE)
_ROLE_TYPE: Final = re.compile(r"\s*(type\s+eq\s+'BuiltInRole'|atScopeAndBelow\(\))\s*", re.IGNORECASE)
_TYPE: Final = "Microsoft.Authorization/roleAssignments"
_PRINCIPAL_TYPES: Final = ("ServicePrincipal", "User", "Group", "ForeignGroup", "Device")


# --- definitions -----------------------------------------------------------------------------------------------------


def _definition_id(scope: Scope, role: str) -> str:
    where = f"/subscriptions/{scope.subscription_id}" if scope.subscription_id else ""
    return f"{where}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def _definition(scope: Scope, role: RoleDefinition) -> dict[str, Any]:
    permission = {"actions": list(role.actions), "notActions": list(role.not_actions),
                  "dataActions": list(role.data_actions), "notDataActions": []}  # fmt: skip
    return {
        "id": _definition_id(scope, role.id),
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [permission],
        },
    }


def list_definitions(call: ArmCall, scope: Scope) -> ArmReply:
    """GET .../roleDefinitions, with ``$filter=roleName eq '...'``."""
    text = call.query.get("$filter", "")
    named = _ROLE_NAME.fullmatch(text)
    if text.strip() and named is None and not _ROLE_TYPE.fullmatch(text):
        raise _bad_filter()
    wanted = None if named is None else named["name"].replace("''", "'").lower()
    chosen = [role for role in ROLES.values() if wanted in (None, role.name.lower())]
    return ArmReply(body={"value": [_definition(scope, role) for role in chosen]})


def get_definition(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../roleDefinitions/{guid}."""
    del call
    role = ROLES.get(name.lower())
    if role is None:
        raise _no_role(name)
    return ArmReply(body=_definition(scope, role))


def _no_role(name: str) -> ArmError:
    known_as = name.replace("-", "")
    message = f"The specified role definition with ID '{known_as}' does not exist."
    return ArmError(404, "RoleDefinitionDoesNotExist", message)


def _bad_filter() -> ArmError:
    return ArmError(400, "UnsupportedQuery", "The filter is not supported. Supported filters are either 'atScope()' or "
                    "'principalId eq '{value}' or assignedTo('{value}')'.")  # fmt: skip


# --- assignments -----------------------------------------------------------------------------------------------------


def _body(assignment: RoleAssignment) -> dict[str, Any]:
    parts = assignment.scope.split("/")
    within = Scope(path="", subscription_id=parts[2] if len(parts) > 2 else "")  # noqa: PLR2004 - "", word, id
    moment = f"{assignment.created:%Y-%m-%dT%H:%M:%S.%f}0Z"
    return {
        "properties": {
            "roleDefinitionId": _definition_id(within, assignment.role),
            "principalId": assignment.principal_id,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": moment,
            "updatedOn": moment,
            "createdBy": assignment.created_by,
            "updatedBy": assignment.created_by,
            "delegatedManagedIdentityResourceId": None,
            "description": assignment.description,
        },
        "id": f"{assignment.scope}/providers/{_TYPE}/{assignment.name}",
        "type": _TYPE,
        "name": assignment.name,
    }


def list_assignments(call: ArmCall, scope: Scope) -> ArmReply:
    """GET .../roleAssignments: at, above and (without ``atScope()``) below a scope."""
    wanted = _reader(call, scope)
    found = [each for each in tuple(call.tenant.azure.assignments.values()) if wanted(each)]
    return ArmReply(body={"value": [_body(each) for each in found]})


def _reader(call: ArmCall, scope: Scope) -> Callable[[RoleAssignment], bool]:
    text = call.query.get("$filter", "").strip()
    named = _PRINCIPAL.search(text)
    at_scope = _AT_SCOPE.search(text) is not None
    rest = _AT_SCOPE.sub("", _PRINCIPAL.sub("", text)).strip().lower()
    if rest not in ("", "and") or (at_scope and named is not None and named["a"] is not None):
        raise _bad_filter()
    principal = None if named is None else (named["a"] or named["b"] or "").lower()
    here = scope.path.lower().rstrip("/")

    def wanted(assignment: RoleAssignment) -> bool:
        there = assignment.scope.lower().rstrip("/")
        is_above = here == there or here.startswith(f"{there}/")
        is_below = there.startswith(f"{here}/") and not at_scope
        return (is_above or is_below) and principal in (None, assignment.principal_id)

    return wanted


def _named(call: ArmCall, scope: Scope, name: str) -> RoleAssignment | None:
    found = call.tenant.azure.assignments.get(name.lower())
    return found if found is not None and found.scope.lower() == scope.path.lower() else None


def get_assignment(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../roleAssignments/{guid}."""
    found = _named(call, scope, name)
    if found is None:
        raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return ArmReply(body=_body(found))


def put_assignment(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """PUT .../roleAssignments/{guid}: create one."""
    if not _GUID.fullmatch(name):
        raise ArmError(400, "InvalidRoleAssignmentId", f"The role assignment ID '{name}' is not valid. The role "
                       "assignment ID must be a GUID.")  # fmt: skip
    properties = values.record(call.json(), "properties") or {}
    role = _role(values.text(properties, "roleDefinitionId"))
    principal = (values.text(properties, "principalId") or "").lower()
    kind = values.text(properties, "principalType")
    _check_principal(call, principal, kind)
    _check_scope(call, scope)
    wanted = RoleAssignment(
        name=name.lower(), principal_id=principal, role=role.id, scope=scope.path.rstrip("/"),
        created=call.tenant.clock.now(), created_by=call.caller.object_id, principal_type=kind or "ServicePrincipal",
        description=values.text(properties, "description"),
    )  # fmt: skip
    with call.tenant.lock:
        _check_unique(call, wanted)
        call.tenant.azure.assignments[wanted.name] = wanted
    return ArmReply(status=201, body=_body(wanted))


def _role(definition_id: str | None) -> RoleDefinition:
    name = (definition_id or "").rpartition("/")[2]
    role = ROLES.get(name.lower())
    if role is None:
        raise _no_role(name) if name else ArmError(
            400, "BadRequestFormat", "The role assignment needs a roleDefinitionId and a principalId."
        )  # fmt: skip
    return role


def _check_principal(call: ArmCall, principal: str, kind: str | None) -> None:
    tenant = call.tenant
    if kind is not None and kind not in _PRINCIPAL_TYPES:
        raise ArmError(400, "InvalidPrincipalType", f"The principal type '{kind}' is not valid.")
    known = tenant.service_principals.get(principal) is not None or principal in tenant.users
    if not known and not (kind and _GUID.fullmatch(principal)):
        raise ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory {tenant.id}. Check that you have "
            "the correct principal ID. If you are creating this principal and then immediately assigning a role, this "
            "error might be related to a replication delay. In this case, set the role assignment principalType "
            "property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
        )


def _check_scope(call: ArmCall, scope: Scope) -> None:
    azure = call.tenant.azure
    if scope.group and azure.group(scope.subscription_id, scope.group) is None:
        raise group_not_found(scope.group)
    if "/providers/" in scope.path.lower() and find_resource(call.tenant, scope.path) is None:
        kind = "/".join(scope.path.split("/")[-3:-1])
        raise resource_not_found(kind, scope.path.rpartition("/")[2], scope.group)


def _check_unique(call: ArmCall, wanted: RoleAssignment) -> None:
    known = call.tenant.azure.assignments
    if wanted.name in known and known[wanted.name].scope.lower() != wanted.scope.lower():
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise ArmError(409, "RoleAssignmentUpdateNotPermitted", message)
    for each in known.values():
        if each.name != wanted.name and _same(each, wanted):
            existing = each.name.replace("-", "")
            message = f"The role assignment already exists. The ID of the existing role assignment is {existing}."
            raise ArmError(409, "RoleAssignmentExists", message)


def _same(one: RoleAssignment, other: RoleAssignment) -> bool:
    return (one.principal_id, one.role, one.scope.lower()) == (other.principal_id, other.role, other.scope.lower())


def delete_assignment(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """DELETE .../roleAssignments/{guid}: 200 with what was there, or 204."""
    with call.tenant.lock:
        found = _named(call, scope, name)
        if found is None:
            return NO_CONTENT
        del call.tenant.azure.assignments[found.name]
    return ArmReply(body=_body(found))


_ASSIGNMENTS: Final = ("microsoft.authorization", "roleassignments")
_DEFINITIONS: Final = ("microsoft.authorization", "roledefinitions")

ROUTES: Final[Routes] = {
    _ASSIGNMENTS: {"GET": route(list_assignments, f"{_TYPE}/read")},
    (*_ASSIGNMENTS, "*"): {
        "GET": route(get_assignment, f"{_TYPE}/read"),
        "PUT": route(put_assignment, f"{_TYPE}/write"),
        "DELETE": route(delete_assignment, f"{_TYPE}/delete"),
    },
    _DEFINITIONS: {"GET": route(list_definitions, "Microsoft.Authorization/roleDefinitions/read")},
    (*_DEFINITIONS, "*"): {"GET": route(get_definition)},
}
