"""Handlers for federatedIdentityCredentials of applications."""

from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import federated_body
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.kinds import federated_shown
from migrate.emulator.graph.objects import find_application
from migrate.emulator.graph.odata.options import check_names, read_options
from migrate.emulator.graph.routing import Key, Routes, read, write
from migrate.emulator.state import federation
from migrate.emulator.state.federation import FederatedChange
from migrate.emulator.state.records import Application, FederatedCredential
from migrate.emulator.state.rules import not_found

_FIELDS: Final = ("name", "issuer", "subject", "audiences", "description", "id", "claimsMatchingExpression")


def _read(body: dict[str, Any], name: str | None = None) -> FederatedChange:
    values.known_only(body, _FIELDS, "microsoft.graph.federatedIdentityCredential")
    sent = values.text(body, "name")
    if name is not None and sent not in (None, name):
        raise bad_request(f"The name '{sent}' is not the one in the address.", "Request_BadRequest")
    return FederatedChange(
        name=name or sent,
        issuer=values.text(body, "issuer"),
        subject=values.text(body, "subject"),
        audiences=values.texts(body, "audiences"),
        description=values.text(body, "description"),
    )


def _one(call: Call, application: Application, credential: FederatedCredential, status: int) -> Reply:
    what = f"applications('{application.id}')/federatedIdentityCredentials/$entity"
    shown = federated_shown(call, application.id, (credential,), read_options(call.query).select)[0]
    return Reply(status=status, body={"@odata.context": call.context(what), **shown})


def _find(call: Call, key: Key, credential_key: Key) -> tuple[Application, FederatedCredential]:
    application = find_application(call, key)
    credential = federation.find(application, credential_key[1])
    if credential is None:
        raise not_found(credential_key[1])
    return application, credential


def list_federated(call: Call, key: Key) -> Reply:
    """GET /applications/{key}/federatedIdentityCredentials."""
    application = find_application(call, key)
    options = read_options(call.query)
    found = application.federated
    if options.filter is not None:
        check_names(options.filter.properties, _FIELDS, "microsoft.graph.federatedIdentityCredential",
                    clause="Invalid filter clause: ")  # fmt: skip
        test = options.filter.test
        found = tuple(item for item in found if test(federated_body(item, call.version)))
    what = f"applications('{application.id}')/federatedIdentityCredentials"
    shown = federated_shown(call, application.id, found, options.select)
    return Reply(body={"@odata.context": call.context(what), "value": shown})


def get_federated(call: Call, key: Key, credential_key: Key) -> Reply:
    """GET /applications/{key}/federatedIdentityCredentials/{id or name}."""
    application, credential = _find(call, key, credential_key)
    return _one(call, application, credential, 200)


def create_federated(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/federatedIdentityCredentials."""
    application = find_application(call, key)
    return _one(call, application, federation.create(call.tenant, application.id, _read(call.json())), 201)


def update_federated(call: Call, key: Key, credential_key: Key) -> Reply:
    """PATCH .../federatedIdentityCredentials/{id or name}, or upsert by name with Prefer: create-if-missing."""
    application = find_application(call, key)
    property_name, value = credential_key
    change = _read(call.json(), value if property_name == "name" else None)
    with call.tenant.lock:
        known = federation.find(application, value)
        if known is None and property_name == "name" and call.prefers("create-if-missing"):
            return _one(call, application, federation.create(call.tenant, application.id, change), 201)
        federation.update(call.tenant, application.id, value, change)
    return NO_CONTENT


def delete_federated(call: Call, key: Key, credential_key: Key) -> Reply:
    """DELETE .../federatedIdentityCredentials/{id or name}."""
    application, credential = _find(call, key, credential_key)
    federation.delete(call.tenant, application.id, credential.id)
    return NO_CONTENT


_COLLECTION: Final = ("applications", "*", "federatedIdentityCredentials")

ROUTES: Final[Routes] = {
    _COLLECTION: {"GET": read(list_federated), "POST": write(create_federated)},
    (*_COLLECTION, "*"): {
        "GET": read(get_federated),
        "PATCH": write(update_federated),
        "DELETE": write(delete_federated),
    },
}
