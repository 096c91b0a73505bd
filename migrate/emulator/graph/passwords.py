"""Handlers for client secrets: addPassword and removePassword.

Reference pages "application: addPassword" and "removePassword". Assumed: a client's own secretText, hint and keyId are
ignored, as the service makes all three.
"""

from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import password_body
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.changes import PASSWORD_FIELDS, PASSWORD_TYPE
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.objects import find_application, find_principal
from migrate.emulator.graph.routing import Key, Routes, write
from migrate.emulator.state import credentials
from migrate.emulator.state.purposes import Holder


def add_application_password(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/addPassword."""
    return _add(call, find_application(call, key))


def add_principal_password(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/addPassword."""
    return _add(call, find_principal(call, key))


def _add(call: Call, holder: Holder) -> Reply:
    body: dict[str, Any] = call.json() if call.body.strip() else {}
    values.parameters(body, ("passwordCredential",), "addPassword")
    asked = values.record(body, "passwordCredential") or {}
    values.known_only(asked, PASSWORD_FIELDS, PASSWORD_TYPE)
    password = credentials.add_password(
        call.tenant,
        holder,
        values.text(asked, "displayName"),
        values.moment(asked, "startDateTime"),
        values.moment(asked, "endDateTime"),
    )
    shown = {**password_body(password), "secretText": password.secret}
    return Reply(body={"@odata.context": call.context(PASSWORD_TYPE), **shown})


def remove_application_password(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/removePassword."""
    return _remove(call, find_application(call, key))


def remove_principal_password(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/removePassword."""
    return _remove(call, find_principal(call, key))


def _remove(call: Call, holder: Holder) -> Reply:
    body = call.json()
    values.parameters(body, ("keyId",), "removePassword")
    key_id = values.guid(body, "keyId")
    if key_id is None:
        raise bad_request("A value is required for parameter 'keyId'.", "Request_BadRequest")
    credentials.remove_password(call.tenant, holder, key_id)
    return NO_CONTENT


_APPLICATION: Final = ("applications", "*")
_PRINCIPAL: Final = ("servicePrincipals", "*")

ROUTES: Final[Routes] = {
    (*_APPLICATION, "addPassword"): {"POST": write(add_application_password)},
    (*_APPLICATION, "removePassword"): {"POST": write(remove_application_password)},
    (*_PRINCIPAL, "addPassword"): {"POST": write(add_principal_password)},
    (*_PRINCIPAL, "removePassword"): {"POST": write(remove_principal_password)},
}
