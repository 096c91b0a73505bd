"""What a PATCH or POST body changes on an application or a service principal."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

from migrate.emulator.graph import values
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.schema import APPLICATION, AUDIENCES, READ_ONLY, SERVICE_PRINCIPAL, check_value
from migrate.emulator.state.credentials import KeyChange, merge_keys
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import Tenant

_KEY_FIELDS: Final = (
    "keyId", "type", "usage", "startDateTime", "endDateTime", "displayName", "customKeyIdentifier", "key",
)  # fmt: skip
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


def changed(tenant: Tenant, record: H, body: Mapping[str, Any]) -> H:
    """Give a record with the changes of a body applied; nothing is stored."""
    is_application = isinstance(record, Application)
    known = APPLICATION if is_application else SERVICE_PRINCIPAL
    fields = _APPLICATION_FIELDS if is_application else _PRINCIPAL_FIELDS
    typed: dict[str, Any] = {}
    others = dict(record.others)
    for name, value in body.items():
        if name.startswith("@"):
            continue
        _check(name, value, known, "application" if is_application else "servicePrincipal")
        if name == "keyCredentials":
            typed["keys"] = merge_keys(tenant, record, read_keys(value))
        elif name in fields:
            typed[fields[name]] = tuple(value) if isinstance(value, list) else value
        else:
            others[name] = value
    _check_encryption_key(record, typed)
    return replace(record, **typed, others=MappingProxyType(others))


def _check(name: str, value: Any, known: Mapping[str, Any], type_name: str) -> None:
    if name == "passwordCredentials":
        # Reference page "Update application": use addPassword and removePassword instead. The text is assumed.
        raise bad_request(
            "Updating passwordCredentials is not supported; use addPassword and removePassword.", "Request_BadRequest"
        )
    if name not in known:
        raise bad_request(f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'.")
    if name in READ_ONLY:
        raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    check_value(name, value, known[name])
    if name == "displayName" and not 1 <= len(value) <= _LONGEST_NAME:
        raise bad_request("Invalid value specified for property 'displayName' of resource.", "Request_BadRequest")
    if name == "signInAudience" and value not in AUDIENCES:
        raise bad_request("Invalid value specified for property 'signInAudience' of resource.", "Request_BadRequest")


def _check_encryption_key(record: Application | ServicePrincipal, typed: Mapping[str, Any]) -> None:
    chosen = typed.get("token_encryption_key_id")
    keys = typed.get("keys", record.keys)
    if chosen is not None and all(key.key_id != chosen for key in keys):
        raise bad_request(f"No key credential has the keyId '{chosen}' of tokenEncryptionKeyId.", "Request_BadRequest")


def read_keys(entries: list[Any]) -> list[KeyChange]:
    """Read a keyCredentials list."""
    changes = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise bad_request("Invalid value specified for property 'keyCredentials' of resource.")
        values.known_only(entry, _KEY_FIELDS, "microsoft.graph.keyCredential")
        changes.append(
            KeyChange(
                key_id=values.guid(entry, "keyId"),
                type=values.text(entry, "type"),
                usage=values.text(entry, "usage"),
                start=values.moment(entry, "startDateTime"),
                end=values.moment(entry, "endDateTime"),
                display_name=values.text(entry, "displayName"),
                custom_key_identifier=values.octets(entry, "customKeyIdentifier"),
                key=values.octets(entry, "key"),
            )
        )
    return changes
