"""Handlers for app role assignments: what a service principal holds, and who holds the roles of a resource.

Reference pages "appRoleAssignment", "List appRoleAssignments granted to a service principal", "Grant an
appRoleAssignment to a service principal", "List appRoleAssignments granted for a service principal". Users and groups,
to which roles can be assigned as well, hold none here.
"""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import stamp
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.objects import find_principal
from migrate.emulator.graph.odata.options import pick, read_options
from migrate.emulator.graph.routing import GraphRoute, Key, Routes, read
from migrate.emulator.graph.rows import RowType, answer_rows
from migrate.emulator.state import app_roles
from migrate.emulator.state.records import Grant, ServicePrincipal
from migrate.emulator.state.rules import not_found

_FIELDS: Final = (
    "id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId", "principalType",
    "resourceDisplayName", "resourceId",
)  # fmt: skip
_GRANTING: Final = ("AppRoleAssignment.ReadWrite.All",)

Held = tuple[ServicePrincipal, Grant]


def assignment_id(principal_id: str, grant: Grant) -> str:
    """Give an assignment's id in the service's form: 32 bytes that begin with the principal's id, base64url."""
    digest = hashlib.sha256(f"{grant.resource_id}/{grant.role_id}".encode()).digest()[:16]
    return base64.urlsafe_b64encode(uuid.UUID(principal_id).bytes_le + digest).decode().rstrip("=")


def _body(call: Call, principal: ServicePrincipal, grant: Grant) -> dict[str, Any]:
    resource = call.tenant.service_principals.get(grant.resource_id)
    return {
        "id": assignment_id(principal.id, grant),
        "deletedDateTime": None,
        "appRoleId": grant.role_id,
        "createdDateTime": stamp(grant.created),
        "principalDisplayName": principal.display_name,
        "principalId": principal.id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.display_name if resource else None,
        "resourceId": grant.resource_id,
    }


def _held_by(call: Call, principal: ServicePrincipal) -> Iterator[Held]:
    """Walk what a principal holds; roles of resources that are gone are gone with them."""
    for grant in app_roles.grants_of(call.tenant, principal):
        if call.tenant.service_principals.get(grant.resource_id) is not None:
            yield principal, grant


def _held_on(call: Call, resource: ServicePrincipal) -> Iterator[Held]:
    for principal in call.tenant.service_principals:
        if principal.roles or principal.grants:
            for held in _held_by(call, principal):
                if held[1].resource_id == resource.id:
                    yield held


def _list(call: Call, holder: ServicePrincipal, relation: str, held: Iterator[Held]) -> Reply:
    kind = RowType(
        context=f"servicePrincipals('{holder.id}')/{relation}",
        type_name="microsoft.graph.appRoleAssignment",
        properties=frozenset(_FIELDS),
    )
    return answer_rows(call, kind, (_body(call, *item) for item in held))


def list_assignments(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/appRoleAssignments."""
    principal = find_principal(call, key)
    return _list(call, principal, "appRoleAssignments", _held_by(call, principal))


def list_assigned(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/appRoleAssignedTo."""
    resource = find_principal(call, key)
    return _list(call, resource, "appRoleAssignedTo", _held_on(call, resource))


def create_assignment(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/appRoleAssignments."""
    return _create(call, find_principal(call, key), "principalId", "appRoleAssignments")


def create_assigned(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/appRoleAssignedTo."""
    return _create(call, find_principal(call, key), "resourceId", "appRoleAssignedTo")


def _create(call: Call, holder: ServicePrincipal, own: str, relation: str) -> Reply:
    body = call.json()
    values.known_only(body, _FIELDS, "microsoft.graph.appRoleAssignment")
    ids = {name: values.guid(body, name) for name in ("principalId", "resourceId", "appRoleId")}
    missing = [name for name, value in ids.items() if value is None]
    if missing:
        raise bad_request(
            f"A value is required for property '{missing[0]}' of resource 'AppRoleAssignment'.", "Request_BadRequest"
        )
    if ids[own] != holder.id:
        raise bad_request(f"The value of '{own}' is not the id in the address.", "Request_BadRequest")
    principal_id, resource_id, role_id = (str(value) for value in ids.values())
    grant = app_roles.grant_role(call.tenant, principal_id, resource_id, role_id, call.tenant.clock.now())
    principal = call.tenant.service_principals.get(principal_id)
    if principal is None:
        raise not_found(principal_id)
    what = f"servicePrincipals('{holder.id}')/{relation}/$entity"
    return Reply(status=201, body={"@odata.context": call.context(what), **_body(call, principal, grant)})


def _named(held: Iterator[Held], key: Key) -> Held:
    for principal, grant in held:
        if assignment_id(principal.id, grant) == key[1]:
            return principal, grant
    raise not_found(key[1])


def _get(call: Call, holder: ServicePrincipal, relation: str, held: Held) -> Reply:
    what = f"servicePrincipals('{holder.id}')/{relation}/$entity"
    shown = pick(_body(call, *held), read_options(call.query).select)
    return Reply(body={"@odata.context": call.context(what), **shown})


def get_assignment(call: Call, key: Key, assignment: Key) -> Reply:
    """GET /servicePrincipals/{key}/appRoleAssignments/{id}."""
    principal = find_principal(call, key)
    return _get(call, principal, "appRoleAssignments", _named(_held_by(call, principal), assignment))


def get_assigned(call: Call, key: Key, assignment: Key) -> Reply:
    """GET /servicePrincipals/{key}/appRoleAssignedTo/{id}."""
    resource = find_principal(call, key)
    return _get(call, resource, "appRoleAssignedTo", _named(_held_on(call, resource), assignment))


def delete_assignment(call: Call, key: Key, assignment: Key) -> Reply:
    """DELETE /servicePrincipals/{key}/appRoleAssignments/{id}."""
    principal, grant = _named(_held_by(call, find_principal(call, key)), assignment)
    app_roles.revoke_role(call.tenant, principal.id, grant)
    return NO_CONTENT


def delete_assigned(call: Call, key: Key, assignment: Key) -> Reply:
    """DELETE /servicePrincipals/{key}/appRoleAssignedTo/{id}."""
    principal, grant = _named(_held_on(call, find_principal(call, key)), assignment)
    app_roles.revoke_role(call.tenant, principal.id, grant)
    return NO_CONTENT


_PRINCIPAL: Final = ("servicePrincipals", "*")

ROUTES: Final[Routes] = {
    (*_PRINCIPAL, "appRoleAssignments"): {
        "GET": read(list_assignments),
        "POST": GraphRoute(handler=create_assignment, permissions=_GRANTING),
    },
    (*_PRINCIPAL, "appRoleAssignments", "*"): {
        "GET": read(get_assignment),
        "DELETE": GraphRoute(handler=delete_assignment, permissions=_GRANTING),
    },
    (*_PRINCIPAL, "appRoleAssignedTo"): {
        "GET": read(list_assigned),
        "POST": GraphRoute(handler=create_assigned, permissions=_GRANTING),
    },
    (*_PRINCIPAL, "appRoleAssignedTo", "*"): {
        "GET": read(get_assigned),
        "DELETE": GraphRoute(handler=delete_assigned, permissions=_GRANTING),
    },
}
