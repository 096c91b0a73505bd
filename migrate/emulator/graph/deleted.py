"""Handlers for deleted applications and service principals: list, show, restore, remove for good.

Reference pages "List deletedItems", "Get deleted item", "Restore deleted item", "Permanently delete item". Other types
can be deleted in the service too; here their lists are empty.
"""

from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.kinds import APPLICATIONS, SERVICE_PRINCIPALS
from migrate.emulator.graph.lists import list_records
from migrate.emulator.graph.odata.options import pick, read_options
from migrate.emulator.graph.routing import Key, Routes, read, write
from migrate.emulator.graph.rows import RowType, answer_rows
from migrate.emulator.graph.shapes import application_body, service_principal_body
from migrate.emulator.state import deletion
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import not_found

_OTHERS: Final = ("user", "group", "device", "administrativeUnit")
"""Types that this tenant never deletes."""


def list_applications(call: Call) -> Reply:
    """GET /directory/deletedItems/microsoft.graph.application."""
    deletion.forget_old(call.tenant)
    return list_records(APPLICATIONS, call, call.tenant.deleted_applications)


def list_principals(call: Call) -> Reply:
    """GET /directory/deletedItems/microsoft.graph.servicePrincipal."""
    deletion.forget_old(call.tenant)
    return list_records(SERVICE_PRINCIPALS, call, call.tenant.deleted_service_principals)


def list_others(call: Call) -> Reply:
    """GET /directory/deletedItems/microsoft.graph.{another type}."""
    return answer_rows(call, RowType(context="directoryObjects", type_name="microsoft.graph.directoryObject"), ())


def get_deleted(call: Call, key: Key) -> Reply:
    """GET /directory/deletedItems/{id}."""
    deletion.forget_old(call.tenant)
    record = call.tenant.deleted_applications.get(_id(key)) or call.tenant.deleted_service_principals.get(key[1])
    if record is None:
        raise not_found(key[1])
    return _shown(call, record)


def restore_deleted(call: Call, key: Key) -> Reply:
    """POST /directory/deletedItems/{id}/restore: answers with the object as it is from now on."""
    return _shown(call, deletion.restore(call.tenant, _id(key)))


def remove_deleted(call: Call, key: Key) -> Reply:
    """DELETE /directory/deletedItems/{id}."""
    deletion.remove_for_good(call.tenant, _id(key))
    return NO_CONTENT


def _id(key: Key) -> str:
    if not values.GUID.fullmatch(key[1]):
        raise bad_request(f"Invalid object identifier '{key[1]}'.", "Request_BadRequest")
    return key[1]


def _shown(call: Call, record: Application | ServicePrincipal) -> Reply:
    if isinstance(record, Application):
        kind, body = "application", application_body(call.tenant, record, call.version)
    else:
        kind, body = "servicePrincipal", service_principal_body(call.tenant, record, call.version)
    shown: dict[str, Any] = {"@odata.context": call.context("directoryObjects/$entity")}
    shown["@odata.type"] = f"#microsoft.graph.{kind}"
    return Reply(body={**shown, **pick(body, read_options(call.query).select)})


_ITEMS: Final = ("directory", "deletedItems")

ROUTES: Final[Routes] = {
    (*_ITEMS, "microsoft.graph.application"): {"GET": read(list_applications)},
    (*_ITEMS, "microsoft.graph.servicePrincipal"): {"GET": read(list_principals)},
    **{(*_ITEMS, f"microsoft.graph.{name}"): {"GET": read(list_others)} for name in _OTHERS},
    (*_ITEMS, "*"): {"GET": read(get_deleted), "DELETE": write(remove_deleted)},
    (*_ITEMS, "*", "restore"): {"POST": write(restore_deleted)},
}
