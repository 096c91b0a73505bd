"""Handlers for the owners of applications and service principals, and for what somebody owns.

Reference pages "application: Add owner" and "Remove owner": with an application permission, adding one also needs a
permission to read the directory. The text for an owner that is one already is recorded.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from migrate.emulator.graph import values
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.kinds import owners_shown
from migrate.emulator.graph.objects import find_application, find_principal
from migrate.emulator.graph.odata.options import read_options
from migrate.emulator.graph.routing import Key, Routes, read, write
from migrate.emulator.graph.rows import RowType, answer_rows
from migrate.emulator.graph.shapes import application_body, service_principal_body
from migrate.emulator.state import credentials
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError, not_found

_READ_DIRECTORY: Final = ("Directory.Read.All", "Directory.ReadWrite.All")
_ADDRESS: Final = re.compile(
    r"(?:/(?:v1\.0|beta))?/*(?:directoryObjects|users|servicePrincipals)(?:/([^/()]+)|\('([^/']+)'\))/*"
)
_OWNED: Final = RowType(context="directoryObjects", type_name="microsoft.graph.directoryObject")


def application_owners(call: Call, key: Key) -> Reply:
    """GET /applications/{key}/owners."""
    return _owners(call, find_application(call, key))


def principal_owners(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/owners."""
    return _owners(call, find_principal(call, key))


def _owners(call: Call, record: Application | ServicePrincipal) -> Reply:
    shown = owners_shown(call, record.owners, read_options(call.query).select)
    return Reply(body={"@odata.context": call.context("directoryObjects"), "value": shown})


def add_application_owner(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/owners/$ref."""
    return _add(call, find_application(call, key))


def add_principal_owner(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/owners/$ref."""
    return _add(call, find_principal(call, key))


def _add(call: Call, record: Application | ServicePrincipal) -> Reply:
    call.demand(*_READ_DIRECTORY)
    owner_id = _named(call)
    with call.tenant.lock:
        current = credentials.current(call.tenant, record)
        credentials.refuse_managed_identity(current)
        if call.tenant.users.get(owner_id) is None and call.tenant.service_principals.get(owner_id) is None:
            raise not_found(owner_id)
        if owner_id in current.owners:
            raise RuleBreachError(
                400,
                "Request_BadRequest",
                "One or more added object references already exist for the following modified properties: 'owners'.",
            )
        credentials.save(call.tenant, replace(current, owners=(*current.owners, owner_id)))
    return NO_CONTENT


def _named(call: Call) -> str:
    address = values.text(call.json(), "@odata.id")
    try:
        match = _ADDRESS.fullmatch(urlsplit(address or "").path)
    except ValueError:
        match = None
    owner_id = (match[1] or match[2] or "") if match else ""
    if not values.GUID.fullmatch(owner_id):
        raise bad_request(f"Invalid object reference '{address}' in '@odata.id'.", "Request_BadRequest")
    return owner_id.lower()


def remove_application_owner(call: Call, key: Key, owner: Key) -> Reply:
    """DELETE /applications/{key}/owners/{owner}/$ref."""
    return _remove(call, find_application(call, key), owner)


def remove_principal_owner(call: Call, key: Key, owner: Key) -> Reply:
    """DELETE /servicePrincipals/{key}/owners/{owner}/$ref."""
    return _remove(call, find_principal(call, key), owner)


def _remove(call: Call, record: Application | ServicePrincipal, owner: Key) -> Reply:
    owner_id = owner[1].lower()
    with call.tenant.lock:
        current = credentials.current(call.tenant, record)
        credentials.refuse_managed_identity(current)
        if owner_id not in current.owners:
            raise not_found(owner[1])
        rest = tuple(item for item in current.owners if item != owner_id)
        credentials.save(call.tenant, replace(current, owners=rest))
    return NO_CONTENT


def principal_owned(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/ownedObjects."""
    return answer_rows(call, _OWNED, owned_bodies(call, find_principal(call, key).id))


def owned_bodies(call: Call, owner_id: str) -> Iterator[dict[str, Any]]:
    """Give what somebody owns: applications and service principals."""
    tenant = call.tenant
    for application in tenant.applications:
        if owner_id in application.owners:
            body = application_body(tenant, application, call.version)
            yield {"@odata.type": "#microsoft.graph.application", **body}
    for principal in tenant.service_principals:
        if owner_id in principal.owners:
            body = service_principal_body(tenant, principal, call.version)
            yield {"@odata.type": "#microsoft.graph.servicePrincipal", **body}


_APPLICATION: Final = ("applications", "*", "owners")
_PRINCIPAL: Final = ("servicePrincipals", "*", "owners")

ROUTES: Final[Routes] = {
    _APPLICATION: {"GET": read(application_owners)},
    (*_APPLICATION, "$ref"): {"POST": write(add_application_owner)},
    (*_APPLICATION, "*", "$ref"): {"DELETE": write(remove_application_owner)},
    _PRINCIPAL: {"GET": read(principal_owners)},
    (*_PRINCIPAL, "$ref"): {"POST": write(add_principal_owner)},
    (*_PRINCIPAL, "*", "$ref"): {"DELETE": write(remove_principal_owner)},
    ("servicePrincipals", "*", "ownedObjects"): {"GET": read(principal_owned)},
}
