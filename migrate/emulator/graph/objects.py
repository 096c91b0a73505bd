"""Handlers for applications and service principals themselves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from migrate.emulator.graph import values
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.changes import changed
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.kinds import APPLICATIONS, SERVICE_PRINCIPALS
from migrate.emulator.graph.lists import Kind, check_options, count_records, list_records, show_record
from migrate.emulator.graph.odata.options import read_options
from migrate.emulator.graph.ownership import creators, demand_owned
from migrate.emulator.graph.routing import Key, Routes, read, write
from migrate.emulator.graph.shapes import application_body, service_principal_body
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state import credentials, deletion
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.table import Table

H = TypeVar("H", Application, ServicePrincipal)


def find_application(call: Call, key: Key) -> Application:
    """Find the application that a URL addresses."""
    if key[0] == "uniqueName":
        found = [item for item in call.tenant.applications if item.others.get("uniqueName") == key[1]]
        if found:
            return found[0]
        raise not_found(key[1])
    return _find(call.tenant.applications, key)


def find_principal(call: Call, key: Key) -> ServicePrincipal:
    """Find the service principal that a URL addresses."""
    return _find(call.tenant.service_principals, key)


def _find(table: Table[H], key: Key) -> H:
    name, value = key
    if name == "id" and not values.GUID.fullmatch(value):
        raise bad_request(f"Invalid object identifier '{value}'.", "Request_BadRequest")
    record = table.get(value) if name == "id" else table.with_app_id(value)
    if record is None:
        raise not_found(key[1])
    return record


def list_applications(call: Call) -> Reply:
    """GET /applications."""
    return list_records(APPLICATIONS, call, call.tenant.applications)


def count_applications(call: Call) -> Reply:
    """GET /applications/$count, an advanced query."""
    _demand_advanced(call)
    return count_records(APPLICATIONS, call, call.tenant.applications)


def list_principals(call: Call) -> Reply:
    """GET /servicePrincipals."""
    return list_records(SERVICE_PRINCIPALS, call, call.tenant.service_principals)


def count_principals(call: Call) -> Reply:
    """GET /servicePrincipals/$count, an advanced query."""
    _demand_advanced(call)
    return count_records(SERVICE_PRINCIPALS, call, call.tenant.service_principals)


def _demand_advanced(call: Call) -> None:
    if not call.is_advanced:
        raise bad_request("$count is not currently supported.", "Request_BadRequest")


def get_application(call: Call, key: Key) -> Reply:
    """GET /applications/{key}."""
    return _get(APPLICATIONS, call, find_application(call, key))


def get_principal(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}."""
    return _get(SERVICE_PRINCIPALS, call, find_principal(call, key))


def _get(kind: Kind[H], call: Call, record: H) -> Reply:
    options = read_options(call.query)
    check_options(kind, call, options)
    body = show_record(kind, call, record, options, with_key="keyCredentials" in options.select)
    return Reply(body={"@odata.context": call.context(f"{kind.name}/$entity"), **body})


def create_application(call: Call) -> Reply:
    """POST /applications; the service principal is a separate step, as ``az ad app create`` leaves it."""
    return _create_application(call, call.json())


def _create_application(call: Call, body: dict[str, Any]) -> Reply:
    if not isinstance(body.get("displayName"), str):
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.",
                          "Request_BadRequest")  # fmt: skip
    tenant = call.tenant
    with tenant.lock:
        empty = Application(id=fresh_guid(), app_id=fresh_guid(), display_name="-", created=tenant.clock.now())
        record = replace(changed(tenant, empty, body, call.version), owners=creators(call))
        deletion.check_unique_name(tenant, record)
        tenant.save_application(record)
    shown = application_body(tenant, record, call.version)
    return Reply(status=201, body={"@odata.context": call.context("applications/$entity"), **shown})


def create_principal(call: Call) -> Reply:
    """POST /servicePrincipals for an application of this tenant."""
    return _create_principal(call, call.json())


def _create_principal(call: Call, body: dict[str, Any]) -> Reply:
    app_id = values.guid(body, "appId")
    tenant = call.tenant
    with tenant.lock:
        application = None if app_id is None else tenant.applications.with_app_id(app_id)
        if application is None:
            raise deletion.application_missing(app_id)
        demand_owned(call, application)
        if tenant.service_principals.with_app_id(application.app_id) is not None:
            raise deletion.principal_name_taken(application.app_id)
        empty = ServicePrincipal(
            id=fresh_guid(),
            app_id=application.app_id,
            display_name=application.display_name,
            created=tenant.clock.now(),
            owner_tenant=tenant.id,
        )
        rest = {name: value for name, value in body.items() if name != "appId"}
        record = changed(tenant, empty, rest, call.version)
        tenant.save_service_principal(record)
    shown = service_principal_body(tenant, record, call.version)
    return Reply(status=201, body={"@odata.context": call.context("servicePrincipals/$entity"), **shown})


def update_application(call: Call, key: Key) -> Reply:
    """PATCH /applications/{key}; by uniqueName it may create one (reference page "Upsert application")."""
    with call.tenant.lock:
        if _is_missing(call, key, "uniqueName", find_application):
            return _create_application(call, {**call.json(), "uniqueName": key[1]})
        known = find_application(call, key)
        record = changed(call.tenant, known, call.json(), call.version)
        if record.others.get("uniqueName") != known.others.get("uniqueName"):
            deletion.check_unique_name(call.tenant, record)
        call.tenant.save_application(record)
    return NO_CONTENT


def update_principal(call: Call, key: Key) -> Reply:
    """PATCH /servicePrincipals/{key}; by appId it may create one (reference page "Upsert servicePrincipal")."""
    with call.tenant.lock:
        if _is_missing(call, key, "appId", find_principal):
            return _create_principal(call, {**call.json(), "appId": key[1]})
        record = find_principal(call, key)
        credentials.refuse_managed_identity(record)
        call.tenant.save_service_principal(changed(call.tenant, record, call.json(), call.version))
    return NO_CONTENT


def _is_missing(call: Call, key: Key, property_name: str, find: Callable[[Call, Key], object]) -> bool:
    """Whether the client asks to create what it addresses and what does not exist."""
    if key[0] != property_name or not call.prefers("create-if-missing"):
        return False
    try:
        find(call, key)
    except RuleBreachError:
        return True
    return False


def delete_application(call: Call, key: Key) -> Reply:
    """DELETE /applications/{key}: soft, and its service principal goes with it."""
    deletion.delete_application(call.tenant, find_application(call, key).id)
    return NO_CONTENT


def delete_principal(call: Call, key: Key) -> Reply:
    """DELETE /servicePrincipals/{key}: soft, and its application stays."""
    deletion.delete_principal(call.tenant, find_principal(call, key).id)
    return NO_CONTENT


_APPLICATION: Final = ("applications", "*")
_PRINCIPAL: Final = ("servicePrincipals", "*")

ROUTES: Final[Routes] = {
    ("applications",): {"GET": read(list_applications), "POST": write(create_application)},
    ("applications", "$count"): {"GET": read(count_applications)},
    _APPLICATION: {
        "GET": read(get_application),
        "PATCH": write(update_application),
        "DELETE": write(delete_application),
    },
    ("servicePrincipals",): {"GET": read(list_principals), "POST": write(create_principal)},
    ("servicePrincipals", "$count"): {"GET": read(count_principals)},
    _PRINCIPAL: {"GET": read(get_principal), "PATCH": write(update_principal), "DELETE": write(delete_principal)},
}
