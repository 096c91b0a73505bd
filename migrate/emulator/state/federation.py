"""Rules for federated identity credentials.

Sources: reference pages "federatedIdentityCredential" and "Upsert federatedIdentityCredential", page "Important
considerations and restrictions for federated identity credentials"; both duplicate errors are recorded. Issuer and
subject are stored unchecked, as the service does: a wrong one fails at the exchange only. Assumed: the code and the
text for the twenty-first credential, the code for a bad name, the text for a credential that has both a subject and an
expression, and that two expressions must differ like two subjects.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.expressions import check_expression
from migrate.emulator.state.records import Application, FederatedCredential
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.tenant import Tenant

LIMIT: Final = 20
LONGEST: Final = 600
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_INVALID: Final = "InvalidFederatedIdentityCredentialValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedChange:
    """The writable fields of a federated credential; None leaves a field as it is, an empty value clears it."""

    name: str | None = None
    issuer: str | None = None
    subject: str | None = None
    audiences: tuple[str, ...] | None = None
    description: str | None = None
    expression: str | None = None

    def applied(self, known: FederatedCredential) -> FederatedCredential:
        """Give a credential with the changed fields, unchecked."""
        return replace(
            known,
            issuer=known.issuer if self.issuer is None else self.issuer,
            subject=known.subject if self.subject is None else self.subject,
            audiences=known.audiences if self.audiences is None else self.audiences,
            description=known.description if self.description is None else self.description or None,
            expression=known.expression if self.expression is None else self.expression or None,
        )


def find(application: Application, key: str, *, by_name: bool = False) -> FederatedCredential | None:
    """Find a federated credential by its name alone, or by what a path segment may be: its id, else its name."""
    found = None if by_name else next((item for item in application.federated if item.id == key.lower()), None)
    return found or next((item for item in application.federated if item.name == key), None)


def create(tenant: Tenant, application_id: str, change: FederatedChange) -> FederatedCredential:
    """Add a federated credential to an application."""
    with tenant.lock:
        application = _application(tenant, application_id)
        empty = FederatedCredential(id=fresh_guid(), name=change.name or "", issuer="", subject="", audiences=())
        credential = change.applied(empty)
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
        changed = change.applied(known)
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
    if not (credential.name and credential.issuer and (credential.subject or credential.expression)):
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
    if credential.expression is not None:
        if credential.subject:
            raise RuleBreachError(400, _INVALID, "Subject and ClaimsMatchingExpression exclude each other.")
        check_expression(credential.issuer, credential.expression)
    _check_unique(credential, others)


def _check_unique(credential: FederatedCredential, others: Sequence[FederatedCredential]) -> None:
    if any(other.name == credential.name for other in others):
        raise RuleBreachError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"FederatedIdentityCredential with name {credential.name} already exists.",
        )
    if any(_matches(other) == _matches(credential) for other in others):
        raise RuleBreachError(
            400,
            _INVALID,
            "The combination of issuer and subject must be unique for the application. "
            f"Issuer {credential.issuer} and Subject: {credential.subject} already exist. "
            f"paramName: FederatedIdentityCredential.Subject, paramValue: {credential.subject}, "
            "objectType: Microsoft.Online.DirectoryServices.Application",
        )


def _matches(credential: FederatedCredential) -> tuple[str, str, str | None]:
    return credential.issuer, credential.subject, credential.expression
