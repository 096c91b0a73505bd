"""Rules for federated identity credentials.

Sources: reference pages "federatedIdentityCredential" and "Upsert federatedIdentityCredential", page "Important
considerations and restrictions for federated identity credentials"; both duplicate errors are recorded. Issuer and
subject are stored unchecked, as the service does: a wrong one fails at the exchange only. Assumed: the code and the
text for the twenty-first credential, and the code for a bad name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import Application, FederatedCredential
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.tenant import Tenant

LIMIT: Final = 20
LONGEST: Final = 600
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_INVALID: Final = "InvalidFederatedIdentityCredentialValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedChange:
    """The writable fields of a federated credential; None leaves a field as it is."""

    name: str | None = None
    issuer: str | None = None
    subject: str | None = None
    audiences: tuple[str, ...] | None = None
    description: str | None = None


def find(application: Application, key: str) -> FederatedCredential | None:
    """Find a federated credential by id or by name, which is its alternate key."""
    for credential in application.federated:
        if key.lower() == credential.id or key == credential.name:
            return credential
    return None


def create(tenant: Tenant, application_id: str, change: FederatedChange) -> FederatedCredential:
    """Add a federated credential to an application."""
    with tenant.lock:
        application = _application(tenant, application_id)
        credential = FederatedCredential(
            id=fresh_guid(),
            name=change.name or "",
            issuer=change.issuer or "",
            subject=change.subject or "",
            audiences=change.audiences or (),
            description=change.description,
        )
        _check(credential, application.federated)
        if len(application.federated) >= LIMIT:
            raise RuleBreachError(
                400,
                "Request_BadRequest",
                f"The maximum number of federated identity credentials, {LIMIT}, is reached on the application.",
            )
        tenant.save_application(replace(application, federated=(*application.federated, credential)))
        return credential


def update(tenant: Tenant, application_id: str, credential_id: str, change: FederatedChange) -> None:
    """Change a federated credential in place; its name is immutable."""
    with tenant.lock:
        application = _application(tenant, application_id)
        known = _credential(application, credential_id)
        if change.name not in (None, known.name):
            raise RuleBreachError(400, _INVALID, "The name of a federated identity credential cannot be changed.")
        changed = FederatedCredential(
            id=known.id,
            name=known.name,
            issuer=known.issuer if change.issuer is None else change.issuer,
            subject=known.subject if change.subject is None else change.subject,
            audiences=known.audiences if change.audiences is None else change.audiences,
            description=known.description if change.description is None else change.description,
        )
        others = tuple(other for other in application.federated if other.id != known.id)
        _check(changed, others)
        federated = tuple(changed if item.id == known.id else item for item in application.federated)
        tenant.save_application(replace(application, federated=federated))


def delete(tenant: Tenant, application_id: str, credential_id: str) -> None:
    """Remove a federated credential."""
    with tenant.lock:
        application = _application(tenant, application_id)
        known = _credential(application, credential_id)
        federated = tuple(item for item in application.federated if item.id != known.id)
        tenant.save_application(replace(application, federated=federated))


def _application(tenant: Tenant, application_id: str) -> Application:
    application = tenant.applications.get(application_id)
    if application is None:
        raise not_found(application_id)
    return application


def _credential(application: Application, credential_id: str) -> FederatedCredential:
    credential = find(application, credential_id)
    if credential is None:
        raise not_found(credential_id)
    return credential


def _check(credential: FederatedCredential, others: Sequence[FederatedCredential]) -> None:
    if not (credential.name and credential.issuer and credential.subject):
        raise RuleBreachError(400, _INVALID, "Federated Identity Credential from HTTP body has empty properties.")
    if not _NAME.fullmatch(credential.name):
        raise RuleBreachError(400, _INVALID, f"Federated Identity Credential name '{credential.name}' is invalid.")
    if len(credential.audiences) != 1 or not credential.audiences[0]:
        raise RuleBreachError(400, _INVALID, "Federated identity credentials must have exactly one audience.")
    for field in ("issuer", "subject", "description"):
        if len(getattr(credential, field) or "") > LONGEST:
            raise RuleBreachError(400, _INVALID, f"The value of {field} is longer than {LONGEST} characters.")
    if len(credential.audiences[0]) > LONGEST:
        raise RuleBreachError(400, _INVALID, f"The value of audiences is longer than {LONGEST} characters.")
    _check_unique(credential, others)


def _check_unique(credential: FederatedCredential, others: Sequence[FederatedCredential]) -> None:
    if any(other.name == credential.name for other in others):
        raise RuleBreachError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"FederatedIdentityCredential with name {credential.name} already exists.",
        )
    if any((other.issuer, other.subject) == (credential.issuer, credential.subject) for other in others):
        raise RuleBreachError(
            400,
            _INVALID,
            "The combination of issuer and subject must be unique for the application. "
            f"Issuer {credential.issuer} and Subject: {credential.subject} already exist. "
            f"paramName: FederatedIdentityCredential.Subject, paramValue: {credential.subject}, "
            "objectType: Microsoft.Online.DirectoryServices.Application",
        )
