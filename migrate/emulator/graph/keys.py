"""Handlers for addKey and removeKey, by which an application rolls its own certificates."""

from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import key_body
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.changes import PASSWORD_FIELDS, PASSWORD_TYPE, read_key, read_opening_secret
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.objects import find_application, find_principal
from migrate.emulator.graph.proofs import check_proof
from migrate.emulator.graph.routing import Key, Routes, write_own
from migrate.emulator.state import keys
from migrate.emulator.state.credentials import refuse_managed_identity
from migrate.emulator.state.purposes import Holder


def add_application_key(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/addKey."""
    return _add(call, find_application(call, key))


def add_principal_key(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/addKey."""
    return _add(call, find_principal(call, key))


def _add(call: Call, holder: Holder) -> Reply:
    body = call.json()
    values.parameters(body, ("keyCredential", "passwordCredential", "proof"), "addKey")
    change = read_key(_required(body, "keyCredential"), _read_secret(body))
    proof = values.text(body, "proof")
    with call.tenant.lock:
        refuse_managed_identity(holder)
        check_proof(call, holder, proof)
        added = keys.add_key(call.tenant, holder, change)
    shown = key_body(added, with_key=False)
    return Reply(body={"@odata.context": call.context("microsoft.graph.keyCredential"), **shown})


def _required(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = values.record(body, name)
    if value is None:
        raise bad_request(f"A value is required for parameter '{name}'.", "Request_BadRequest")
    return value


def _read_secret(body: dict[str, Any]) -> str | None:
    password = values.record(body, "passwordCredential")
    if password is None:
        return None
    values.known_only(password, PASSWORD_FIELDS, PASSWORD_TYPE)
    return read_opening_secret(password)


def remove_application_key(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/removeKey."""
    return _remove(call, find_application(call, key))


def remove_principal_key(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/removeKey."""
    return _remove(call, find_principal(call, key))


def _remove(call: Call, holder: Holder) -> Reply:
    body = call.json()
    values.parameters(body, ("keyId", "proof"), "removeKey")
    key_id, proof = values.guid(body, "keyId"), values.text(body, "proof")
    if key_id is None:
        raise bad_request("A value is required for parameter 'keyId'.", "Request_BadRequest")
    with call.tenant.lock:
        refuse_managed_identity(holder)
        check_proof(call, holder, proof)
        keys.remove_key(call.tenant, holder, key_id)
    return NO_CONTENT


_APPLICATION: Final = ("applications", "*")
_PRINCIPAL: Final = ("servicePrincipals", "*")

ROUTES: Final[Routes] = {
    (*_APPLICATION, "addKey"): {"POST": write_own(add_application_key)},
    (*_APPLICATION, "removeKey"): {"POST": write_own(remove_application_key)},
    (*_PRINCIPAL, "addKey"): {"POST": write_own(add_principal_key)},
    (*_PRINCIPAL, "removeKey"): {"POST": write_own(remove_principal_key)},
}
