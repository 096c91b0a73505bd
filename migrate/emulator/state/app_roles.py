"""App roles: which ones Microsoft Graph defines, who holds which, granting and revoking.

Ids, values and texts of Microsoft Graph's roles follow page "Microsoft Graph permissions reference"; the ones that
matter to applications and their credentials are listed. Sources of the rules: reference pages "Grant an
appRoleAssignment to a service principal" and "appRoleAssignment". The texts for a role that is granted already and for
a role that the resource does not define are recorded, the code of the second is assumed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from migrate.emulator.clouds import GRAPH_APP_ID
from migrate.emulator.state.records import Grant, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.tenant import Tenant

NO_ROLE: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for "assigned, without a role of its own"."""

_ROLES: Final = (
    ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All", "Read all applications"),
    ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All", "Read and write all applications"),
    ("18a4783c-866b-4cc7-a460-3d5e5662c884", "Application.ReadWrite.OwnedBy",
     "Manage apps that this app creates or owns"),
    ("06b708a9-e830-4db3-a914-8e69da51d44f", "AppRoleAssignment.ReadWrite.All",
     "Manage app permission grants and app role assignments"),
    ("b0afded3-3588-46d8-8b3d-9842eff778da", "AuditLog.Read.All", "Read all audit log data"),
    ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All", "Read directory data"),
    ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All", "Read and write directory data"),
    ("ae73097b-cb2a-4447-b064-5d80f6093921", "DirectoryRecommendations.Read.All", "Read all Azure AD recommendations"),
    ("5b567255-7703-4780-807c-7be8301ae99b", "Group.Read.All", "Read all groups"),
    ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "Organization.Read.All", "Read organization information"),
    ("246dd0d5-5bd0-4def-940b-0421030a5b68", "Policy.Read.All", "Read your organization's policies"),
    ("be74164b-cff1-491c-8741-e671cb536e13", "Policy.ReadWrite.ApplicationConfiguration",
     "Read and write your organization's application configuration policies"),
    ("230c1aed-a721-4c5d-9cb4-a90514e508ef", "Reports.Read.All", "Read all usage reports"),
    ("483bed4a-2ad3-4361-a73b-c83ccdbdc53c", "RoleManagement.Read.Directory", "Read all directory RBAC settings"),
    ("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "RoleManagement.ReadWrite.Directory",
     "Read and write all directory RBAC settings"),
    ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All", "Read all users' full profiles"),
)  # fmt: skip

GRAPH_ROLES: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {
        "allowedMemberTypes": ["Application"],
        "description": f"{text}, without a signed-in user.",
        "displayName": text,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": value,
    }
    for role_id, value, text in _ROLES
)
"""The appRoles of Microsoft Graph's service principal; the descriptions are shortened."""

_GRAPH_ID_OF: Final = {value: role_id for role_id, value, _ in _ROLES}
_GRAPH_VALUE_OF: Final = {role_id: value for role_id, value, _ in _ROLES}


def roles_of(tenant: Tenant, resource: ServicePrincipal) -> list[dict[str, Any]]:
    """List the app roles that a resource defines; an application of this tenant defines its own."""
    application = tenant.applications.with_app_id(resource.app_id)
    own = application.others.get("appRoles") if application else None
    found = own or resource.others.get("appRoles") or ()
    return [role for role in found if isinstance(role, dict)]


def grants_of(tenant: Tenant, principal: ServicePrincipal) -> Iterator[Grant]:
    """Walk everything that was granted to a principal; what the seed granted is as old as the principal."""
    graph = tenant.service_principals.with_app_id(GRAPH_APP_ID)
    if graph is not None and principal.roles:
        later = {grant.role_id: grant for grant in principal.grants if grant.resource_id == graph.id}
        created = principal.created or tenant.clock.start
        for role_id in (_GRAPH_ID_OF[value] for value in principal.roles if value in _GRAPH_ID_OF):
            yield later.get(role_id) or Grant(resource_id=graph.id, role_id=role_id, created=created)
    for grant in principal.grants:
        if graph is None or grant.resource_id != graph.id:
            yield grant


def role_values(tenant: Tenant, principal: ServicePrincipal, resource_app_id: str) -> list[str]:
    """Give the ``roles`` claim of a principal's token for a resource."""
    if resource_app_id == GRAPH_APP_ID:
        return list(principal.roles)
    resource = tenant.service_principals.with_app_id(resource_app_id) if principal.grants else None
    if resource is None:
        return []
    held = {grant.role_id for grant in principal.grants if grant.resource_id == resource.id}
    found = [role for role in roles_of(tenant, resource) if str(role.get("id")).lower() in held]
    return [str(role["value"]) for role in found if role.get("value")]


def _refused(message: str) -> RuleBreachError:
    return RuleBreachError(400, "Request_BadRequest", message)


def grant_role(tenant: Tenant, principal_id: str, resource_id: str, role_id: str, now: datetime) -> Grant:
    """Grant an app role to a service principal."""
    with tenant.lock:
        principal = tenant.service_principals.get(principal_id)
        resource = tenant.service_principals.get(resource_id)
        if principal is None or resource is None:
            raise not_found(principal_id if principal is None else resource_id)
        defined = roles_of(tenant, resource)
        known = {str(role.get("id")).lower() for role in defined} or {NO_ROLE}
        if role_id not in known:
            raise _refused(f"Permission being assigned was not found on application '{resource.app_id}'.")
        if any((item.resource_id, item.role_id) == (resource.id, role_id) for item in grants_of(tenant, principal)):
            raise _refused("Permission being assigned already exists on the object")
        grant = Grant(resource_id=resource.id, role_id=role_id, created=now)
        roles = principal.roles
        if resource.app_id == GRAPH_APP_ID and role_id in _GRAPH_VALUE_OF:
            roles = (*roles, _GRAPH_VALUE_OF[role_id])
        tenant.save_service_principal(replace(principal, roles=roles, grants=(*principal.grants, grant)))
        return grant


def revoke_role(tenant: Tenant, principal_id: str, grant: Grant) -> None:
    """Take a granted app role away; tokens that carry it stay valid to their end."""
    with tenant.lock:
        principal = tenant.service_principals.get(principal_id)
        if principal is None:
            raise not_found(principal_id)
        rest = tuple(
            item for item in principal.grants if (item.resource_id, item.role_id) != (grant.resource_id, grant.role_id)
        )
        resource = tenant.service_principals.get(grant.resource_id)
        gone = _GRAPH_VALUE_OF.get(grant.role_id) if resource and resource.app_id == GRAPH_APP_ID else None
        roles = tuple(value for value in principal.roles if value != gone)
        tenant.save_service_principal(replace(principal, roles=roles, grants=rest))
