"""Graph's JSON for what stands in or beside applications and service principals: credentials and users."""

import base64
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from migrate.emulator.certificates import der
from migrate.emulator.state.expressions import LANGUAGE_VERSION
from migrate.emulator.state.records import (
    Application,
    FederatedCredential,
    KeyCredential,
    PasswordCredential,
    ServicePrincipal,
    User,
)
from migrate.emulator.state.tenant import Tenant

_OFFSET: Final = len("+00:00")


def stamp(moment: datetime | None) -> str | None:
    """Write a moment as Graph does: UTC, no fraction or one of seven digits (both recorded)."""
    return None if moment is None else _written(moment)


# A hundred thousand applications have some ten thousand different moments, and writing one takes a microsecond.
@lru_cache(maxsize=32_768)
def _written(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    text = moment.isoformat()[:-_OFFSET]
    return f"{text}0Z" if moment.microsecond else f"{text}Z"


def _encoded(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def password_body(password: PasswordCredential) -> dict[str, Any]:
    """Give a passwordCredential; its text is null in every answer but the one to addPassword."""
    return {
        "customKeyIdentifier": _encoded(password.identifier),
        "displayName": password.display_name,
        "endDateTime": stamp(password.end),
        "hint": password.secret[:3],
        "keyId": password.key_id,
        "secretText": None,
        "startDateTime": stamp(password.start),
    }


def key_body(key: KeyCredential, *, with_key: bool) -> dict[str, Any]:
    """Give a keyCredential; ``key`` is null unless a single object was asked for it by $select (reference page)."""
    return {
        "customKeyIdentifier": _encoded(key.identifier),
        "displayName": key.display_name,
        "endDateTime": stamp(key.end),
        "key": _encoded(der(key.certificate)) if with_key and key.usage != "Sign" else None,
        "keyId": key.key_id,
        "startDateTime": stamp(key.start),
        "type": key.type,
        "usage": key.usage,
    }


def federated_of(tenant: Tenant, holder: Application | ServicePrincipal) -> tuple[FederatedCredential, ...]:
    """Give the federated credentials of an application, or those that a managed identity's service principal shows."""
    if isinstance(holder, Application):
        return holder.federated
    identity = tenant.identities.get(holder.id)
    return identity.federated if identity else ()


def federated_body(credential: FederatedCredential, version: str) -> dict[str, Any]:
    """Give a federatedIdentityCredential; the expression of a flexible one, which has no subject, is beta's alone."""
    body = {
        "id": credential.id,
        "name": credential.name,
        "issuer": credential.issuer,
        "subject": credential.subject or None,
        "description": credential.description,
        "audiences": list(credential.audiences),
    }
    value = credential.expression
    expression = None if value is None else {"value": value, "languageVersion": LANGUAGE_VERSION}
    return {**body, "claimsMatchingExpression": expression} if version == "beta" else body


def user_body(user: User) -> dict[str, Any]:
    """Give a user with the properties that owners show by default, and accountEnabled for those who select it."""
    given, _, surname = user.display_name.partition(" ")
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": user.id,
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": given,
        "jobTitle": user.job_title,
        "mail": user.user_principal_name,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": surname or None,
        "userPrincipalName": user.user_principal_name,
        "accountEnabled": user.account_enabled,
    }
