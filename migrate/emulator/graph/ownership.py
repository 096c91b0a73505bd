"""Who may change an application without ``Application.ReadWrite.All``.

``Application.ReadWrite.OwnedBy`` creates applications and manages those that the caller's service principal owns, their
service principals and what is deleted of them (page "Microsoft Graph permissions reference"); reference page "Create
servicePrincipal" adds that the caller must own the application behind a new one. Keys of its own an application rolls
without any permission (reference page "addKey"). Assumed: a service principal counts as owned when its application is,
deleted or not, and what the caller creates with the permission is its own at once.
"""

from collections.abc import Sequence
from typing import Final

from migrate.emulator.graph.call import Call
from migrate.emulator.graph.routing import OWNED_BY, WRITE, GraphRoute, Key
from migrate.emulator.state.records import Application, ServicePrincipal

_COLLECTIONS: Final = ("applications", "servicePrincipals")
_DELETED: Final = ("directory", "deletedItems")


def is_admitted(call: Call, route: GraphRoute, pattern: tuple[str, ...], keys: Sequence[Key]) -> bool:
    """Whether the caller needs no permission of the route's because of whose object it is."""
    owns = OWNED_BY in call.caller.roles and not set(WRITE).isdisjoint(route.permissions)
    if not owns and not route.own:
        return False
    record = _target(call, pattern, keys[0]) if keys else None
    if record is None:
        # What does not exist yet, or not any more, belongs to nobody; the handler says which it is.
        return owns
    if route.own and record.app_id == call.caller.app_id:
        return True
    return owns and _is_owned(call, record)


def _target(call: Call, pattern: tuple[str, ...], key: Key) -> Application | ServicePrincipal | None:
    name, value = key
    tenant = call.tenant
    if pattern[:2] == _DELETED:
        return tenant.deleted_applications.get(value) or tenant.deleted_service_principals.get(value)
    if pattern[0] not in _COLLECTIONS:
        return None
    if name == "uniqueName":
        return next((item for item in tenant.applications if item.others.get("uniqueName") == value), None)
    if pattern[0] == "applications":
        return tenant.applications.get(value) if name == "id" else tenant.applications.with_app_id(value)
    return tenant.service_principals.get(value) if name == "id" else tenant.service_principals.with_app_id(value)


def _is_owned(call: Call, record: Application | ServicePrincipal) -> bool:
    caller = call.tenant.service_principals.with_app_id(call.caller.app_id)
    if caller is None:
        return False
    tenant = call.tenant
    application = tenant.applications.with_app_id(record.app_id) or tenant.deleted_applications.with_app_id(
        record.app_id
    )
    return caller.id in record.owners or (application is not None and caller.id in application.owners)


def demand_owned(call: Call, record: Application | ServicePrincipal) -> None:
    """Refuse a caller that may write only what it owns and does not own this."""
    if not _is_owned(call, record):
        call.demand(*WRITE)


def creators(call: Call) -> tuple[str, ...]:
    """Give the owners of what the caller creates: its service principal, when it may manage only what it owns."""
    principal = call.tenant.service_principals.with_app_id(call.caller.app_id)
    limited = OWNED_BY in call.caller.roles and call.caller.roles.isdisjoint(WRITE)
    return (principal.id,) if principal is not None and limited else ()
