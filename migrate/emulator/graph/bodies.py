"""Graph's JSON for the tenant's records."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from migrate.emulator.certificates import der, thumbprint
from migrate.emulator.graph.locks import lock_body
from migrate.emulator.graph.schema import (
    APPLICATION,
    APPLICATION_BETA,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_BETA,
)
from migrate.emulator.state.expressions import LANGUAGE_VERSION
from migrate.emulator.state.locks import PROPERTY as LOCK
from migrate.emulator.state.records import (
    Application,
    FederatedCredential,
    KeyCredential,
    PasswordCredential,
    ServicePrincipal,
    User,
)
from migrate.emulator.state.tenant import Tenant

Wanted = frozenset[str] | None
_OFFSET: Final = len("+00:00")


def stamp(moment: datetime | None) -> str | None:
    """Write a moment as Graph does: UTC, no fraction or one of seven digits (both recorded)."""
    if moment is None:
        return None
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


def _credentials(
    record: Application | ServicePrincipal, wanted: Wanted, *, with_key: bool
) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    # Certificates exist only once somebody looks at them: leave them alone when nobody asked.
    if wanted is None or "passwordCredentials" in wanted:
        yield "passwordCredentials", [password_body(password) for password in record.passwords]
    if wanted is None or "keyCredentials" in wanted:
        yield "keyCredentials", [key_body(key, with_key=with_key) for key in record.keys]


def application_body(
    tenant: Tenant, record: Application, version: str, wanted: Wanted = None, *, with_key: bool = False
) -> dict[str, Any]:
    """Give an application; with ``wanted``, credentials nobody asked for may be left empty."""
    body = {
        **APPLICATION,
        **(APPLICATION_BETA if version == "beta" else {}),
        "publisherDomain": tenant.domain,
        **record.others,
        LOCK: lock_body(record.others.get(LOCK), version),
        "id": record.id,
        "appId": record.app_id,
        "displayName": record.display_name,
        "createdDateTime": stamp(record.created),
        "deletedDateTime": stamp(record.deleted),
        "signInAudience": record.sign_in_audience,
        "tags": list(record.tags),
        "isDisabled": record.is_disabled,
        "tokenEncryptionKeyId": record.token_encryption_key_id,
    }
    body.update(_credentials(record, wanted, with_key=with_key))
    if wanted and "federatedIdentityCredentials" in wanted:  # only filters ask for it this way
        body["federatedIdentityCredentials"] = [federated_body(item, version) for item in record.federated]
    if wanted and "owners" in wanted:
        body["owners"] = list(record.owners)
    return body


def service_principal_body(
    tenant: Tenant, record: ServicePrincipal, version: str, wanted: Wanted = None, *, with_key: bool = False
) -> dict[str, Any]:
    """Give a service principal; tags of its application count as its own (reference page servicePrincipal)."""
    application = tenant.applications.with_app_id(record.app_id)
    inherited = application.tags if application else ()
    names = [record.app_id, *(record.others.get("servicePrincipalNames") or ())]
    if application:
        names += application.others.get("identifierUris", ())
    signing = record.signing_certificate
    body = {
        **SERVICE_PRINCIPAL,
        **(SERVICE_PRINCIPAL_BETA if version == "beta" else {}),
        "appDisplayName": None if record.type == "ManagedIdentity" else record.display_name,
        "signInAudience": application.sign_in_audience if application else None,
        "isDisabled": application.is_disabled if application else None,
        **record.others,
        "id": record.id,
        "appId": record.app_id,
        "displayName": record.display_name,
        "createdDateTime": stamp(record.created),
        "deletedDateTime": stamp(record.deleted),
        "accountEnabled": record.account_enabled,
        "alternativeNames": list(record.alternative_names),
        "appOwnerOrganizationId": record.owner_tenant,
        "servicePrincipalType": record.type,
        "servicePrincipalNames": list(dict.fromkeys(names)),
        "tags": list(dict.fromkeys((*record.tags, *inherited))),
        "preferredSingleSignOnMode": record.sso_mode,
        "tokenEncryptionKeyId": record.token_encryption_key_id,
    }
    if signing is not None:
        body["preferredTokenSigningKeyThumbprint"] = thumbprint(signing).hex().upper()
    body.update(_credentials(record, wanted, with_key=with_key))
    if wanted and "federatedIdentityCredentials" in wanted:
        body["federatedIdentityCredentials"] = [federated_body(item, version) for item in federated_of(tenant, record)]
    if wanted and "owners" in wanted:
        body["owners"] = list(record.owners)
    return body


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
