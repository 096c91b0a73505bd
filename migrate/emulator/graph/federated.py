"""Handlers for federatedIdentityCredentials of applications, and for those that managed identities show."""

from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import federated_body, federated_of
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.kinds import federated_shown
from migrate.emulator.graph.objects import find_application, find_principal
from migrate.emulator.graph.odata.options import check_names, read_options
from migrate.emulator.graph.routing import Key, Routes, read, write
from migrate.emulator.state import federation
from migrate.emulator.state.expressions import LANGUAGE_VERSION
from migrate.emulator.state.federation import FederatedChange
from migrate.emulator.state.records import Application, FederatedCredential
from migrate.emulator.state.rules import not_found

_TYPE: Final = "microsoft.graph.federatedIdentityCredential"
_FIELDS: Final = ("id", "name", "issuer", "subject", "description", "audiences")
_EXPRESSION: Final = "claimsMatchingExpression"


def _fields(call: Call) -> tuple[str, ...]:
    return (*_FIELDS, _EXPRESSION) if call.version == "beta" else _FIELDS


def _read(call: Call, name: str | None = None) -> FederatedChange:
    body = call.json()
    values.known_only(body, _fields(call), _TYPE)
    sent = values.text(body, "name")
    if name is not None and sent not in (None, name):
        raise bad_request(f"The name '{sent}' is not the one in the address.", "Request_BadRequest")
    return FederatedChange(
        name=name or sent,
        issuer=_cleared(body, "issuer"),
        subject=_cleared(body, "subject"),
        audiences=() if "audiences" in body and body["audiences"] is None else values.texts(body, "audiences"),
        description=_cleared(body, "description"),
        expression=_read_expression(body),
    )


def _cleared(body: dict[str, Any], name: str) -> str | None:
    """Read a text that null empties and that may be absent."""
    return "" if name in body and body[name] is None else values.text(body, name)


def _read_expression(body: dict[str, Any]) -> str | None:
    expression = values.record(body, _EXPRESSION)
    if expression is None:
        return "" if _EXPRESSION in body else None
    values.known_only(expression, ("value", "languageVersion"), f"{_TYPE}Expression")
    version = expression.get("languageVersion")
    if version != LANGUAGE_VERSION or isinstance(version, (bool, float)):
        raise bad_request(
            "The FederatedIdentityCredential.ClaimsMatchingExpression.LanguageVersion is invalid.",
            "InvalidFederatedIdentityCredentialValue",
        )
    value = values.text(expression, "value")
    if not value:
        raise bad_request(
            "Federated Identity Credential from HTTP body has empty properties.",
            "InvalidFederatedIdentityCredentialValue",
        )
    return value


def _one(call: Call, application: Application, credential: FederatedCredential, status: int) -> Reply:
    what = f"applications('{application.id}')/federatedIdentityCredentials/$entity"
    shown = federated_shown(call, application.id, (credential,), _select(call))[0]
    return Reply(status=status, body={"@odata.context": call.context(what), **shown})


def _select(call: Call) -> tuple[str, ...]:
    select = read_options(call.query).select
    check_names(select, _fields(call), _TYPE, clause="")
    return select


def _find(call: Call, key: Key, credential_key: Key) -> tuple[Application, FederatedCredential]:
    application = find_application(call, key)
    credential = federation.find(application, credential_key[1], by_name=credential_key[0] == "name")
    if credential is None:
        raise not_found(credential_key[1])
    return application, credential


def list_federated(call: Call, key: Key) -> Reply:
    """GET /applications/{key}/federatedIdentityCredentials."""
    application = find_application(call, key)
    return _list(call, "applications", application.id, application.federated)


def list_principal_federated(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/federatedIdentityCredentials, which managed identities alone have any of."""
    principal = find_principal(call, key)
    return _list(call, "servicePrincipals", principal.id, federated_of(call.tenant, principal))


def _list(call: Call, collection: str, holder_id: str, held: tuple[FederatedCredential, ...]) -> Reply:
    condition = read_options(call.query).filter
    if condition is not None:
        check_names(condition.properties, _fields(call), _TYPE, clause="Invalid filter clause: ")
        held = tuple(item for item in held if condition.test(federated_body(item, call.version)))
    what = f"{collection}('{holder_id}')/federatedIdentityCredentials"
    shown = federated_shown(call, holder_id, held, _select(call))
    return Reply(body={"@odata.context": call.context(what), "value": shown})


def get_federated(call: Call, key: Key, credential_key: Key) -> Reply:
    """GET /applications/{key}/federatedIdentityCredentials/{id or name}."""
    application, credential = _find(call, key, credential_key)
    return _one(call, application, credential, 200)


def create_federated(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/federatedIdentityCredentials."""
    application = find_application(call, key)
    return _one(call, application, federation.create(call.tenant, application.id, _read(call)), 201)


def update_federated(call: Call, key: Key, credential_key: Key) -> Reply:
    """PATCH .../federatedIdentityCredentials/{id or name}, or upsert by name with Prefer: create-if-missing."""
    application = find_application(call, key)
    property_name, value = credential_key
    change = _read(call, value if property_name == "name" else None)
    with call.tenant.lock:
        known = federation.find(application, value, by_name=property_name == "name")
        if known is None and property_name == "name" and call.prefers("create-if-missing"):
            return _one(call, application, federation.create(call.tenant, application.id, change), 201)
        if known is None:
            raise not_found(value)
        federation.update(call.tenant, application.id, known.id, change)
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
    ("servicePrincipals", "*", "federatedIdentityCredentials"): {"GET": read(list_principal_federated)},
}
