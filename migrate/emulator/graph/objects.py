"""Handlers for applications and service principals themselves."""

from dataclasses import replace
from typing import Any, Final, TypeVar

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import application_body, password_body, service_principal_body
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.changes import changed
from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.graph.kinds import APPLICATIONS, SERVICE_PRINCIPALS, federated_shown, owners_shown
from migrate.emulator.graph.lists import Kind, check_options, count_records, list_records, show_record
from migrate.emulator.graph.odata.options import read_options
from migrate.emulator.graph.routing import Key, Routes, read, write
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state import credentials
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import not_found
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
    body = call.json()
    if not isinstance(body.get("displayName"), str):
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.",
                          "Request_BadRequest")  # fmt: skip
    tenant = call.tenant
    with tenant.lock:
        empty = Application(id=fresh_guid(), app_id=fresh_guid(), display_name="-", created=tenant.clock.now())
        record = changed(tenant, empty, body)
        tenant.save_application(record)
    shown = application_body(tenant, record, call.version)
    return Reply(status=201, body={"@odata.context": call.context("applications/$entity"), **shown})


def create_principal(call: Call) -> Reply:
    """POST /servicePrincipals for an application of this tenant."""
    body = call.json()
    app_id = values.guid(body, "appId")
    tenant = call.tenant
    with tenant.lock:
        application = None if app_id is None else tenant.applications.with_app_id(app_id)
        if application is None:
            raise bad_request(f"The appId '{app_id}' of the service principal does not reference a valid application "
                              "object.", "Request_BadRequest")  # fmt: skip
        if tenant.service_principals.with_app_id(application.app_id) is not None:
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue",
                             "The service principal cannot be created, updated, or restored because the service "
                             f"principal name {application.app_id} is already in use.")  # fmt: skip
        empty = ServicePrincipal(
            id=fresh_guid(),
            app_id=application.app_id,
            display_name=application.display_name,
            created=tenant.clock.now(),
            owner_tenant=tenant.id,
        )
        rest = {name: value for name, value in body.items() if name != "appId"}
        record = changed(tenant, empty, rest)
        tenant.save_service_principal(record)
    shown = service_principal_body(tenant, record, call.version)
    return Reply(status=201, body={"@odata.context": call.context("servicePrincipals/$entity"), **shown})


def update_application(call: Call, key: Key) -> Reply:
    """PATCH /applications/{key}."""
    with call.tenant.lock:
        call.tenant.save_application(changed(call.tenant, find_application(call, key), call.json()))
    return NO_CONTENT


def update_principal(call: Call, key: Key) -> Reply:
    """PATCH /servicePrincipals/{key}."""
    with call.tenant.lock:
        record = find_principal(call, key)
        credentials.refuse_managed_identity(record)
        call.tenant.save_service_principal(changed(call.tenant, record, call.json()))
    return NO_CONTENT


def delete_application(call: Call, key: Key) -> Reply:
    """DELETE /applications/{key}: soft, and its service principal goes with it (assumed to be at once)."""
    tenant = call.tenant
    with tenant.lock:
        record = find_application(call, key)
        now = tenant.clock.now()
        principal = tenant.service_principals.with_app_id(record.app_id)
        tenant.applications.remove(record.id)
        tenant.deleted_applications.put(replace(record, deleted=now))
        if principal is not None:
            tenant.service_principals.remove(principal.id)
            tenant.deleted_service_principals.put(replace(principal, deleted=now))
    return NO_CONTENT


def application_owners(call: Call, key: Key) -> Reply:
    """GET /applications/{key}/owners."""
    return _owners(call, find_application(call, key))


def principal_owners(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/owners."""
    return _owners(call, find_principal(call, key))


def _owners(call: Call, record: Application | ServicePrincipal) -> Reply:
    shown = owners_shown(call, record.owners, read_options(call.query).select)
    return Reply(body={"@odata.context": call.context("directoryObjects"), "value": shown})


def principal_federated(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/federatedIdentityCredentials, which managed identities have (none here)."""
    record = find_principal(call, key)
    what = f"servicePrincipals('{record.id}')/federatedIdentityCredentials"
    return Reply(body={"@odata.context": call.context(what), "value": federated_shown(call, record.id, (), ())})


def add_application_password(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/addPassword."""
    return _add_password(call, find_application(call, key))


def add_principal_password(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/addPassword."""
    return _add_password(call, find_principal(call, key))


def _add_password(call: Call, record: Application | ServicePrincipal) -> Reply:
    body: Any = (call.json() if call.body.strip() else {}).get("passwordCredential") or {}
    if not isinstance(body, dict):
        raise bad_request("Invalid value specified for property 'passwordCredential' of resource.")
    password = credentials.add_password(
        call.tenant,
        record,
        values.text(body, "displayName"),
        values.moment(body, "startDateTime"),
        values.moment(body, "endDateTime"),
    )
    shown = {**password_body(password), "secretText": password.secret}
    return Reply(body={"@odata.context": call.context("microsoft.graph.passwordCredential"), **shown})


def remove_application_password(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/removePassword."""
    return _remove_password(call, find_application(call, key))


def remove_principal_password(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/removePassword."""
    return _remove_password(call, find_principal(call, key))


def _remove_password(call: Call, record: Application | ServicePrincipal) -> Reply:
    key_id = values.guid(call.json(), "keyId")
    if key_id is None:
        raise bad_request("A value is required for parameter 'keyId'.", "Request_BadRequest")
    credentials.remove_password(call.tenant, record, key_id)
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
    (*_APPLICATION, "owners"): {"GET": read(application_owners)},
    (*_APPLICATION, "addPassword"): {"POST": write(add_application_password)},
    (*_APPLICATION, "removePassword"): {"POST": write(remove_application_password)},
    ("servicePrincipals",): {"GET": read(list_principals), "POST": write(create_principal)},
    ("servicePrincipals", "$count"): {"GET": read(count_principals)},
    _PRINCIPAL: {"GET": read(get_principal), "PATCH": write(update_principal)},
    (*_PRINCIPAL, "owners"): {"GET": read(principal_owners)},
    (*_PRINCIPAL, "addPassword"): {"POST": write(add_principal_password)},
    (*_PRINCIPAL, "removePassword"): {"POST": write(remove_principal_password)},
    (*_PRINCIPAL, "federatedIdentityCredentials"): {"GET": read(principal_federated)},
}
