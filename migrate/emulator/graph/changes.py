"""What a PATCH or POST body changes on an application or a service principal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

from migrate.emulator.certificates import CertificateRecipe, thumbprint
from migrate.emulator.graph import values
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.locks import read_lock
from migrate.emulator.graph.schema import (
    APPLICATION,
    AUDIENCES,
    READ_ONLY,
    READ_ONLY_OF_FOREIGN,
    READ_ONLY_OF_PRINCIPAL,
    SERVICE_PRINCIPAL,
    check_value,
)
from migrate.emulator.state.keys import SYMMETRIC, KeyChange, merge_keys, merge_passwords, passwords_not_updatable
from migrate.emulator.state.locks import PROPERTY, refuse_locked_encryption
from migrate.emulator.state.purposes import settled
from migrate.emulator.state.records import Application, KeyCredential, ServicePrincipal, identifiers
from migrate.emulator.state.tenant import Tenant

_KEY_FIELDS: Final = (
    "keyId", "type", "usage", "startDateTime", "endDateTime", "displayName", "customKeyIdentifier", "key",
)  # fmt: skip
PASSWORD_FIELDS: Final = (
    "customKeyIdentifier", "displayName", "endDateTime", "hint", "keyId", "secretText", "startDateTime",
)  # fmt: skip
PASSWORD_TYPE: Final = "microsoft.graph.passwordCredential"  # noqa: S105 - the name of a type
_CREDENTIALS: Final = ("keyCredentials", "passwordCredentials")
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_PREFERRED: Final = "preferredTokenSigningKeyThumbprint"
_LONGEST_NAME: Final = 256
_APPLICATION_FIELDS: Final = {
    "displayName": "display_name",
    "signInAudience": "sign_in_audience",
    "tags": "tags",
    "isDisabled": "is_disabled",
    "tokenEncryptionKeyId": "token_encryption_key_id",
}
_PRINCIPAL_FIELDS: Final = {
    "displayName": "display_name",
    "accountEnabled": "account_enabled",
    "alternativeNames": "alternative_names",
    "tags": "tags",
    "preferredSingleSignOnMode": "sso_mode",
    "tokenEncryptionKeyId": "token_encryption_key_id",
}
H = TypeVar("H", Application, ServicePrincipal)


def changed(tenant: Tenant, record: H, body: Mapping[str, Any], version: str = "v1.0") -> H:
    """Give a record with the changes of a body applied; nothing is stored."""
    is_application = isinstance(record, Application)
    known = APPLICATION if is_application else SERVICE_PRINCIPAL
    fields = _APPLICATION_FIELDS if is_application else _PRINCIPAL_FIELDS
    others = dict(record.others)
    sent = {name: value for name, value in body.items() if not name.startswith("@")}
    fixed = _read_only(tenant, record)
    for name, value in sent.items():
        _check(name, value, known, "application" if is_application else "servicePrincipal")
        if name in fixed:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    typed = _credentials(tenant, record, sent)
    for name, value in sent.items():
        if name in fields:
            typed[fields[name]] = tuple(value) if isinstance(value, list) else value
        elif name == _PREFERRED and isinstance(record, ServicePrincipal):
            typed["signing_certificate"] = _preferred(value, typed.get("keys", record.keys))
        elif name == PROPERTY:
            others[name] = read_lock(value, version)
        elif name not in _CREDENTIALS:
            others[name] = value
    _check_encryption_key(tenant, record, typed)
    _check_identifiers(tenant, record, sent)
    return settled(replace(record, **typed, others=MappingProxyType(others)))


def _read_only(tenant: Tenant, record: Application | ServicePrincipal) -> frozenset[str]:
    if isinstance(record, Application):
        return frozenset()
    is_own = record.owner_tenant == tenant.id
    return READ_ONLY_OF_PRINCIPAL if is_own else READ_ONLY_OF_PRINCIPAL | READ_ONLY_OF_FOREIGN


def _preferred(value: str | None, keys: Sequence[KeyCredential]) -> CertificateRecipe | bytes | None:
    """Find the certificate that preferredTokenSigningKeyThumbprint names (which refusal is assumed)."""
    if value is None:
        return None
    for key in keys:
        if key.type != SYMMETRIC and thumbprint(key.certificate).hex() == value.lower():
            return key.certificate
    raise bad_request(f"No key credential has the thumbprint '{value}'.", "Request_BadRequest")


def _check_identifiers(tenant: Tenant, record: Application | ServicePrincipal, sent: Mapping[str, Any]) -> None:
    """Refuse an identifier URI that another application has (recorded): each names one resource."""
    new = {uri.lower().rstrip("/") for uri in sent.get("identifierUris") or ()}
    if new and any(new & set(identifiers(other)) for other in tenant.applications if other.id != record.id):
        message = "Another object with the same value for property identifierUris already exists."
        raise bad_request(message, "Request_BadRequest")


def _credentials(tenant: Tenant, record: Application | ServicePrincipal, sent: Mapping[str, Any]) -> dict[str, Any]:
    passwords = None
    if "passwordCredentials" in sent:
        # Signing keys of service principals bring their passwords; nothing else may touch the list (reference pages
        # "Update application", "Update servicePrincipal" and "Configure SAML-based single sign-on").
        if isinstance(record, Application) or "keyCredentials" not in sent:
            raise passwords_not_updatable()
        passwords = read_passwords(sent["passwordCredentials"])
    if "keyCredentials" not in sent:
        return {}
    opening = {change.key_id: change.secret for change in passwords or () if change.key_id}
    keys = merge_keys(tenant, record, read_keys(sent["keyCredentials"], opening))
    if passwords is None:
        return {"keys": keys}
    return {"keys": keys, "passwords": merge_passwords(tenant, record, passwords, keys)}


def _check(name: str, value: Any, known: Mapping[str, Any], type_name: str) -> None:
    if name not in known:
        raise bad_request(f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'.")
    if name in READ_ONLY:
        raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    check_value(name, value, known[name])
    if name == "displayName" and not 1 <= len(value) <= _LONGEST_NAME:
        raise bad_request("Invalid value specified for property 'displayName' of resource.", "Request_BadRequest")
    if name == "signInAudience" and value not in AUDIENCES:
        raise bad_request("Invalid value specified for property 'signInAudience' of resource.", "Request_BadRequest")


def _check_encryption_key(tenant: Tenant, record: Application | ServicePrincipal, typed: Mapping[str, Any]) -> None:
    chosen = typed.get("token_encryption_key_id", record.token_encryption_key_id)
    if chosen == record.token_encryption_key_id:
        return
    refuse_locked_encryption(tenant, record)
    if chosen is not None and all(key.key_id != chosen for key in typed.get("keys", record.keys)):
        raise bad_request(f"No key credential has the keyId '{chosen}' of tokenEncryptionKeyId.", "Request_BadRequest")


def read_keys(entries: list[Any], opening: Mapping[str, str | None] = _NOTHING) -> list[KeyChange]:
    """Read a keyCredentials list; ``opening`` holds the passwords of keys that need one, by key id."""
    changes = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise bad_request("Invalid value specified for property 'keyCredentials' of resource.")
        changes.append(read_key(entry, opening.get(str(entry.get("keyId")).lower())))
    return changes


def read_key(entry: dict[str, Any], secret: str | None) -> KeyChange:
    """Read a keyCredential."""
    values.known_only(entry, _KEY_FIELDS, "microsoft.graph.keyCredential")
    return KeyChange(
        key_id=values.guid(entry, "keyId"),
        type=values.text(entry, "type"),
        usage=values.text(entry, "usage"),
        start=values.moment(entry, "startDateTime"),
        end=values.moment(entry, "endDateTime"),
        display_name=values.text(entry, "displayName"),
        custom_key_identifier=values.octets(entry, "customKeyIdentifier"),
        key=values.octets(entry, "key"),
        secret=secret,
    )


def read_passwords(entries: list[Any]) -> list[KeyChange]:
    """Read a passwordCredentials list."""
    changes = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise bad_request("Invalid value specified for property 'passwordCredentials' of resource.")
        values.known_only(entry, PASSWORD_FIELDS, PASSWORD_TYPE)
        changes.append(
            KeyChange(
                key_id=values.guid(entry, "keyId"),
                start=values.moment(entry, "startDateTime"),
                end=values.moment(entry, "endDateTime"),
                display_name=values.text(entry, "displayName"),
                custom_key_identifier=values.octets(entry, "customKeyIdentifier"),
                secret=read_opening_secret(entry),
            )
        )
    return changes


def read_opening_secret(password: Mapping[str, Any]) -> str | None:
    """Read the password that opens a key."""
    secret = values.text(password, "secretText")
    if secret is not None and not (secret and secret.isprintable() and secret.isascii()):
        raise bad_request("Invalid value specified for property 'secretText' of resource.", "Request_BadRequest")
    return secret
