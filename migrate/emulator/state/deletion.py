"""Rules for deleting, keeping, restoring and removing applications and service principals.

Sources: reference pages "Delete application", "Restore deleted item", "Permanently delete item": what is deleted is
kept for thirty days and can be restored with everything it had. Assumed: the service principal goes at the same moment
as its application and has to be restored by itself, after it; restoring one whose application is still deleted, or
whose appId another service principal took meanwhile, is refused in the words for creating it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from migrate.emulator.state.credentials import refuse_managed_identity
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.table import Table
from migrate.emulator.state.tenant import Tenant

KEPT_FOR: Final = timedelta(days=30)
H = TypeVar("H", Application, ServicePrincipal)


def principal_name_taken(app_id: str) -> RuleBreachError:
    """Word the refusal of a second service principal for an application."""
    return RuleBreachError(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, updated, or restored because the service principal name "
        f"{app_id} is already in use.",
    )


def application_missing(app_id: str | None) -> RuleBreachError:
    """Word the refusal of a service principal without an application."""
    return RuleBreachError(
        400,
        "Request_BadRequest",
        f"The appId '{app_id}' of the service principal does not reference a valid application object.",
    )


def delete_application(tenant: Tenant, object_id: str) -> None:
    """Delete an application and its service principal; both can be restored."""
    with tenant.lock:
        record = tenant.applications.remove(object_id)
        if record is None:
            raise not_found(object_id)
        tenant.deleted_applications.put(replace(record, deleted=tenant.clock.now()))
        principal = tenant.service_principals.with_app_id(record.app_id)
        if principal is not None:
            _delete_principal(tenant, principal)


def delete_principal(tenant: Tenant, object_id: str) -> None:
    """Delete a service principal; it can be restored."""
    with tenant.lock:
        record = tenant.service_principals.get(object_id)
        if record is None:
            raise not_found(object_id)
        refuse_managed_identity(record)
        _delete_principal(tenant, record)


def _delete_principal(tenant: Tenant, record: ServicePrincipal) -> None:
    tenant.service_principals.remove(record.id)
    tenant.deleted_service_principals.put(replace(record, deleted=tenant.clock.now()))


def restore(tenant: Tenant, object_id: str) -> Application | ServicePrincipal:
    """Bring a deleted object back."""
    with tenant.lock:
        forget_old(tenant)
        application = tenant.deleted_applications.get(object_id)
        if application is not None:
            tenant.deleted_applications.remove(application.id)
            restored = replace(application, deleted=None)
            tenant.save_application(restored)
            return restored
        principal = tenant.deleted_service_principals.get(object_id)
        if principal is None:
            raise not_found(object_id)
        return _restore_principal(tenant, principal)


def _restore_principal(tenant: Tenant, record: ServicePrincipal) -> ServicePrincipal:
    if tenant.service_principals.with_app_id(record.app_id) is not None:
        raise principal_name_taken(record.app_id)
    if record.owner_tenant == tenant.id and tenant.applications.with_app_id(record.app_id) is None:
        raise application_missing(record.app_id)
    tenant.deleted_service_principals.remove(record.id)
    restored = replace(record, deleted=None)
    tenant.save_service_principal(restored)
    return restored


def remove_for_good(tenant: Tenant, object_id: str) -> None:
    """Remove a deleted object, which nothing brings back."""
    with tenant.lock:
        forget_old(tenant)
        if tenant.deleted_applications.remove(object_id) is not None:
            tenant.applications.touch(object_id.lower())
        elif tenant.deleted_service_principals.remove(object_id) is not None:
            tenant.service_principals.touch(object_id.lower())
        else:
            raise not_found(object_id)


def forget_old(tenant: Tenant) -> None:
    """Remove what was deleted more than thirty days ago, by the tenant's clock."""
    limit = tenant.clock.now() - KEPT_FOR
    with tenant.lock:
        _forget(tenant.deleted_applications, tenant.applications, limit)
        _forget(tenant.deleted_service_principals, tenant.service_principals, limit)


def _forget(deleted: Table[H], living: Table[H], limit: datetime) -> None:
    for record in deleted:
        if record.deleted is None or record.deleted <= limit:
            deleted.remove(record.id)
            living.touch(record.id)


def check_unique_name(tenant: Tenant, record: Application) -> None:
    """Refuse a uniqueName that another application has, deleted ones included (code and text are assumed)."""
    wanted = record.others.get("uniqueName")
    if wanted is None:
        return
    for table in (tenant.applications, tenant.deleted_applications):
        if any(item.others.get("uniqueName") == wanted and item.id != record.id for item in table):
            raise RuleBreachError(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                "Another object with the same value for property uniqueName already exists.",
            )
