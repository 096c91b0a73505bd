"""Federated credentials of user-assigned identities.

Sources: REST reference "Managed Identity", operation group Federated Identity Credentials; page "Important
considerations and restrictions for federated identity credentials", whose table of errors gives the texts for a bad
name, for empty properties, for the number of audiences and for concurrent writes. The text for a second issuer and
subject is from public reports. Assumed: the error codes but that of concurrent writes, and text and code for the
twenty-first credential. As on applications, issuer and subject are stored unchecked.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from migrate.emulator.arm import values
from migrate.emulator.arm.bodies import IDENTITY_TYPE, federated_body
from migrate.emulator.arm.call import NO_CONTENT, ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError, resource_not_found
from migrate.emulator.arm.lookup import the_identity
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import FederatedCredential, ManagedIdentity

LIMIT: Final = 20
LONGEST: Final = 600
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}", re.ASCII)
_TYPE: Final = f"{IDENTITY_TYPE}/federatedIdentityCredentials"


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)


def _named(identity: ManagedIdentity, name: str) -> FederatedCredential | None:
    return next((each for each in identity.federated if each.name.lower() == name.lower()), None)


def list_federated(call: ArmCall, scope: Scope, identity_name: str) -> ArmReply:
    """GET the federated credentials of an identity."""
    identity = the_identity(call, scope, identity_name)
    return ArmReply(body={"value": [federated_body(identity, each) for each in identity.federated]})


def get_federated(call: ArmCall, scope: Scope, identity_name: str, name: str) -> ArmReply:
    """GET one federated credential of an identity."""
    identity = the_identity(call, scope, identity_name)
    found = _named(identity, name)
    if found is None:
        raise resource_not_found(_TYPE, f"{identity_name}/{name}", scope.group)
    return ArmReply(body=federated_body(identity, found))


def put_federated(call: ArmCall, scope: Scope, identity_name: str, name: str) -> ArmReply:
    """PUT a federated credential: 201 when it is new, 200 when it was there."""
    properties = values.record(call.json(), "properties") or {}
    with call.tenant.lock:
        identity = the_identity(call, scope, identity_name)
        known = _named(identity, name)
        wanted = FederatedCredential(
            id=fresh_guid() if known is None else known.id,
            name=name if known is None else known.name,
            issuer=values.text(properties, "issuer") or "",
            subject=values.text(properties, "subject") or "",
            audiences=values.texts(properties, "audiences") or (),
        )
        others = tuple(each for each in identity.federated if each.id != wanted.id)
        _check(wanted, others)
        kept = (*others, wanted) if known is None else _in_place(identity.federated, wanted)
        identity = replace(identity, federated=kept)
        call.tenant.identities[identity.principal_id] = identity
    return ArmReply(status=201 if known is None else 200, body=federated_body(identity, wanted))


def _in_place(held: Sequence[FederatedCredential], wanted: FederatedCredential) -> tuple[FederatedCredential, ...]:
    return tuple(wanted if each.id == wanted.id else each for each in held)


def _check(wanted: FederatedCredential, others: Sequence[FederatedCredential]) -> None:
    if not _NAME.fullmatch(wanted.name):
        raise _bad(f"Federated Identity Credential name '{wanted.name}' is invalid.")
    if not (wanted.issuer and wanted.subject):
        raise _bad("Federated Identity Credential from HTTP body has empty properties")
    if len(wanted.audiences) != 1 or not wanted.audiences[0]:
        raise _bad("Federated identity credentials must have exactly one audience.")
    if any(len(each) > LONGEST for each in (wanted.issuer, wanted.subject, wanted.audiences[0])):
        raise _bad(f"A property of the federated identity credential is longer than {LONGEST} characters.")
    if any((each.issuer, each.subject) == (wanted.issuer, wanted.subject) for each in others):
        raise _bad("Issuer and subject combination already exists for this Managed Identity.")
    if len(others) >= LIMIT:
        raise _bad(f"The maximum number of federated identity credentials, {LIMIT}, is reached on the identity.")


def delete_federated(call: ArmCall, scope: Scope, identity_name: str, name: str) -> ArmReply:
    """DELETE a federated credential: 200, or 204 when there was none."""
    with call.tenant.lock:
        identity = the_identity(call, scope, identity_name)
        known = _named(identity, name)
        if known is None:
            return NO_CONTENT
        kept = tuple(each for each in identity.federated if each.id != known.id)
        call.tenant.identities[identity.principal_id] = replace(identity, federated=kept)
    return ArmReply(status=200)


_COLLECTION: Final = ("microsoft.managedidentity", "userassignedidentities", "*", "federatedidentitycredentials")

ROUTES: Final[Routes] = {
    _COLLECTION: {"GET": route(list_federated, f"{_TYPE}/read")},
    (*_COLLECTION, "*"): {
        "GET": route(get_federated, f"{_TYPE}/read"),
        "PUT": route(put_federated, f"{_TYPE}/write"),
        "DELETE": route(delete_federated, f"{_TYPE}/delete"),
    },
}
