"""Rules for certificates and other keys, on applications and on service principals alike.

Sources: reference pages "Update application", "addKey", "removeKey" and "keyCredential", page "Configure SAML-based
single sign-on with Microsoft Graph" for the key and the password that belong together. The text for a changed survivor
is recorded, and text and code for a bad end date and for an unknown key id in removeKey. Assumed: the code for a
changed survivor, and that a key id is never given out or accepted twice, not even after its removal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from migrate.emulator.certificates import der, read_certificate
from migrate.emulator.clock import LATEST
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state import policies
from migrate.emulator.state.credentials import (
    current,
    cut,
    default_end,
    invalid,
    refuse_managed_identity,
    save,
    usage_of_password,
)
from migrate.emulator.state.locks import refuse_locked
from migrate.emulator.state.purposes import CERTIFICATE, Holder, settled
from migrate.emulator.state.records import KeyCredential, PasswordCredential, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError
from migrate.emulator.state.tenant import Tenant

CERTIFICATE_WITH_KEY: Final = "X509CertAndPassword"
SYMMETRIC: Final = "Symmetric"
TYPES: Final = (CERTIFICATE, CERTIFICATE_WITH_KEY, SYMMETRIC)
USAGES: Final = ("Sign", "Verify")
USAGE_OF_ADDED: Final = {CERTIFICATE: "Verify", CERTIFICATE_WITH_KEY: "Sign"}
"""The types that addKey takes, and what each must be used for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """One entry of a credential list as a client sent it; None stands for a field that was absent or null."""

    key_id: str | None = None
    type: str | None = None
    usage: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    display_name: str | None = None
    custom_key_identifier: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    """The password that opens the key, where it is a certificate with its private key."""


def merge_keys(tenant: Tenant, holder: Holder, changes: Sequence[KeyChange]) -> tuple[KeyCredential, ...]:
    """Work out the new certificate list of a holder: the sent list replaces the old one as a whole."""
    known = {key.key_id: key for key in holder.keys}
    result: dict[str, KeyCredential] = {}
    for change in changes:
        survivor = known.get((change.key_id or "").lower())
        key = _new_key(tenant, holder, change) if survivor is None else _unchanged(survivor, change)
        if key.key_id in result:
            raise invalid(f"Key credential with keyId '{key.key_id}' appears more than once.")
        result[key.key_id] = key
    gone = [key for key_id, key in known.items() if key_id not in result]
    for key in (*gone, *(key for key_id, key in result.items() if key_id not in known)):
        refuse_locked(tenant, holder, "keyCredentials", key.usage)
    return tuple(result.values())


def merge_passwords(
    tenant: Tenant, holder: Holder, changes: Sequence[KeyChange], keys: Sequence[KeyCredential]
) -> tuple[PasswordCredential, ...]:
    """Work out a new password list: it may lose passwords, and gain those that open new signing keys alone."""
    held = {password.key_id: password for password in holder.passwords}
    opened = {key.key_id: key for key in keys if key.type == CERTIFICATE_WITH_KEY and key.usage == "Sign"}
    result: dict[str, PasswordCredential] = {}
    for change in changes:
        key_id = change.key_id or ""
        if key_id in held:
            result[key_id] = _unchanged_password(held[key_id], change)
        elif key_id in opened and change.secret is not None:
            result[key_id] = _new_password(tenant, holder, opened[key_id], change.secret)
        else:
            raise passwords_not_updatable()
    for key_id in held.keys() - result.keys():
        refuse_locked(tenant, holder, "passwordCredentials", usage_of_password(holder, held[key_id]))
    return tuple(result.values())


def passwords_not_updatable() -> RuleBreachError:
    """Word the refusal of a password list (reference page "Update application"; code and text are assumed)."""
    return invalid("Updating passwordCredentials is not supported; use addPassword and removePassword.")


def add_key(tenant: Tenant, holder: Holder, change: KeyChange) -> KeyCredential:
    """Add one key, with its password where it has one."""
    with tenant.lock:
        holder = current(tenant, holder)
        refuse_managed_identity(holder)
        if USAGE_OF_ADDED.get(change.type or "") != change.usage:
            raise invalid("Key credential type and usage do not belong together.")
        if (change.secret is None) == (change.usage == "Sign"):
            raise invalid(f"A password credential belongs to keys of type {CERTIFICATE_WITH_KEY}, and to them alone.")
        key = _new_key(tenant, holder, change)
        refuse_locked(tenant, holder, "keyCredentials", key.usage)
        added = () if change.secret is None else (_new_password(tenant, holder, key, change.secret),)
        save(tenant, replace(holder, keys=(*holder.keys, key), passwords=(*holder.passwords, *added)))
        return key


def remove_key(tenant: Tenant, holder: Holder, key_id: str) -> None:
    """Remove one key for good; a password that opened it stays (assumed)."""
    with tenant.lock:
        holder = current(tenant, holder)
        refuse_managed_identity(holder)
        gone = [key for key in holder.keys if key.key_id == key_id.lower()]
        if not gone:
            raise invalid("No credentials found to be removed.")
        refuse_locked(tenant, holder, "keyCredentials", gone[0].usage)
        rest = tuple(key for key in holder.keys if key is not gone[0])
        left = replace(holder, keys=rest)
        save(tenant, settled(left) if isinstance(left, ServicePrincipal) else left)


def _unchanged(key: KeyCredential, change: KeyChange) -> KeyCredential:
    pairs = (
        (change.type, key.type),
        (change.usage, key.usage),
        (change.start, key.start),
        (change.end, key.end),
        (change.custom_key_identifier, key.identifier),
        (change.display_name, key.display_name),
    )
    differs = any(sent is not None and sent != held for sent, held in pairs)
    if change.key is not None and key.type == CERTIFICATE:
        differs = differs or change.key != der(key.certificate)
    if differs or change.type is None or change.usage is None:
        message = f"Update to existing credential with KeyId '{key.key_id}' is not allowed."
        raise invalid(message, "KeyNotUpdatable", "keyCredentials")
    return key


def _unchanged_password(password: PasswordCredential, change: KeyChange) -> PasswordCredential:
    pairs = (
        (change.start, password.start),
        (change.end, password.end),
        (change.custom_key_identifier, password.identifier),
        (change.display_name, password.display_name),
    )
    if change.secret is not None or any(sent is not None and sent != held for sent, held in pairs):
        message = f"Update to existing credential with KeyId '{password.key_id}' is not allowed."
        raise invalid(message, "KeyNotUpdatable", "passwordCredentials")
    return password


def _new_key(tenant: Tenant, holder: Holder, change: KeyChange) -> KeyCredential:
    key_id = (change.key_id or fresh_guid()).lower()
    if tenant.key_id_was_used(key_id):
        raise invalid(f"A credential with the keyId '{key_id}' already exists or existed.")
    if change.type not in TYPES:
        raise invalid(f"Key credential type is invalid. Acceptable values are {', '.join(TYPES)}.")
    if change.usage not in USAGES:
        raise invalid(f"Key credential usage is invalid. Acceptable values are {', '.join(USAGES)}.")
    if not change.key:
        raise invalid("New key credential must have a key value.")
    key = _dated(tenant, change, key_id, change.type, change.usage)
    _obey_policy(tenant, holder, key)
    return key


def _dated(tenant: Tenant, change: KeyChange, key_id: str, kind: str, usage: str) -> KeyCredential:
    now = tenant.clock.now()
    content = change.key or b""
    if kind == SYMMETRIC:
        start, latest = min(change.start or now, LATEST), datetime.max.replace(tzinfo=UTC)
        end = change.end or default_end(start)
    else:
        content, first, latest = _certificate(kind, content, change.secret)
        start, end = change.start or first, change.end or latest
    if end <= start or end > latest or end <= now:
        raise invalid("Key credential end date is invalid.", "KeyCredentialsInvalidEndDate", "keyCredentials")
    return KeyCredential(
        key_id=key_id,
        type=kind,
        usage=usage,
        start=start,
        end=end,
        certificate=content,
        display_name=cut(change.display_name),
        custom_key_identifier=change.custom_key_identifier,
    )


def _obey_policy(tenant: Tenant, holder: Holder, key: KeyCredential) -> None:
    book, life = tenant.policies, key.end - key.start
    if key.type == SYMMETRIC:
        policies.refuse_type(book, holder, policies.SYMMETRIC_KEY_ADDITION)
        policies.refuse_lifetime(book, holder, policies.SYMMETRIC_KEY_LIFETIME, life)
    else:
        policies.refuse_lifetime(book, holder, policies.ASYMMETRIC_KEY_LIFETIME, life)


def _certificate(kind: str, content: bytes, secret: str | None) -> tuple[bytes, datetime, datetime]:
    """Read a certificate and its dates; one with its private key is PKCS #12, where the pages show a bare one too."""
    try:
        certificate = _opened(content, secret) if kind == CERTIFICATE_WITH_KEY and secret is not None else None
        certificate = certificate or read_certificate(content)
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return certificate.public_bytes(Encoding.DER), first.astimezone(UTC), last.astimezone(UTC)
    except ValueError:
        raise invalid("Key credential value is not a valid certificate.") from None


def _opened(content: bytes, secret: str) -> x509.Certificate | None:
    try:
        found = pkcs12.load_key_and_certificates(content, secret.encode("utf-8", "surrogatepass"))[1]
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None
    return found and read_certificate(found.public_bytes(Encoding.DER))


def _new_password(tenant: Tenant, holder: Holder, key: KeyCredential, secret: str) -> PasswordCredential:
    """Make the password of a new signing key, a client's own choice; policies and locks count it (assumed)."""
    book = tenant.policies
    refuse_locked(tenant, holder, "passwordCredentials", key.usage)
    policies.refuse_type(book, holder, policies.PASSWORD_ADDITION)
    policies.refuse_type(book, holder, policies.CUSTOM_PASSWORD_ADDITION)
    policies.refuse_lifetime(book, holder, policies.PASSWORD_LIFETIME, key.end - key.start)
    return PasswordCredential(
        key_id=key.key_id,
        secret=secret,
        start=key.start,
        end=key.end,
        custom_key_identifier=key.custom_key_identifier,
        signing_certificate=key.certificate,
    )
