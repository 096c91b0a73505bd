"""Rules for secrets and certificates, on applications and on service principals alike.

Sources: reference pages "addPassword", "removePassword", "Update application", "keyCredential"; the texts for an
unknown key id, for a changed survivor and for a bad end date are recorded, their Graph codes are assumed. Assumed too:
a key id is never given out or accepted twice, not even after its credential was removed.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from migrate.emulator.clock import LATEST
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import Application, KeyCredential, PasswordCredential, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.tenant import Tenant

KEY_TYPES: Final = ("AsymmetricX509Cert", "X509CertAndPassword", "Symmetric")
KEY_USAGES: Final = ("Verify", "Sign")
LONGEST_KEY_NAME: Final = 90
SECRET_LIFE: Final = timedelta(days=730)

Holder = Application | ServicePrincipal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """One entry of a keyCredentials list as a client sent it; None stands for a field that was absent or null."""

    key_id: str | None
    type: str | None
    usage: str | None
    start: datetime | None
    end: datetime | None
    display_name: str | None
    custom_key_identifier: bytes | None
    key: bytes | None


def invalid(message: str, code: str = "Request_BadRequest") -> RuleBreachError:
    """Word a refusal with HTTP status 400."""
    return RuleBreachError(400, code, message)


def current(tenant: Tenant, holder: Holder) -> Holder:
    """Read a holder again, under the tenant's lock, just before it is changed."""
    is_application = isinstance(holder, Application)
    record = tenant.applications.get(holder.id) if is_application else tenant.service_principals.get(holder.id)
    if record is None:
        raise not_found(holder.id)
    return record


def save(tenant: Tenant, holder: Holder) -> None:
    """Store a changed holder."""
    if isinstance(holder, Application):
        tenant.save_application(holder)
    else:
        tenant.save_service_principal(holder)


def refuse_managed_identity(holder: Holder) -> None:
    """Refuse to change a managed identity's service principal (reference page servicePrincipal)."""
    if isinstance(holder, ServicePrincipal) and holder.type == "ManagedIdentity":
        raise RuleBreachError(403, "Authorization_RequestDenied", "Managed identities cannot be updated directly.")


def make_secret() -> str:
    """Make a secret of the length and alphabet that Entra's have today."""
    return f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(26)[:34]}"


def add_password(
    tenant: Tenant, holder: Holder, display_name: str | None, start: datetime | None, end: datetime | None
) -> PasswordCredential:
    """Add a secret; without an end it lives for two years."""
    with tenant.lock:
        holder = current(tenant, holder)
        refuse_managed_identity(holder)
        begin = start or tenant.clock.now()
        if begin > LATEST or (end is not None and end <= begin):
            raise invalid("Password credential end date is invalid.")
        finish = end or begin + SECRET_LIFE
        password = PasswordCredential(
            key_id=fresh_guid(), secret=make_secret(), start=begin, end=finish, display_name=display_name
        )
        save(tenant, replace(holder, passwords=(*holder.passwords, password)))
        return password


def remove_password(tenant: Tenant, holder: Holder, key_id: str) -> None:
    """Remove a secret for good."""
    with tenant.lock:
        holder = current(tenant, holder)
        refuse_managed_identity(holder)
        rest = tuple(password for password in holder.passwords if password.key_id != key_id.lower())
        if len(rest) == len(holder.passwords):
            raise invalid(f"No password credential found with keyId {key_id}")
        save(tenant, replace(holder, passwords=rest))


def merge_keys(tenant: Tenant, holder: Holder, changes: Sequence[KeyChange]) -> tuple[KeyCredential, ...]:
    """Work out the new certificate list of a holder: the sent list replaces the old one as a whole."""
    known = {key.key_id: key for key in holder.keys}
    result: dict[str, KeyCredential] = {}
    for change in changes:
        survivor = known.get((change.key_id or "").lower())
        key = _new_key(tenant, change) if survivor is None else _unchanged(survivor, change)
        if key.key_id in result:
            raise invalid(f"Key credential with keyId '{key.key_id}' appears more than once.")
        result[key.key_id] = key
    return tuple(result.values())


def _unchanged(key: KeyCredential, change: KeyChange) -> KeyCredential:
    pairs = (
        (change.type, key.type),
        (change.usage, key.usage),
        (change.start, key.start),
        (change.end, key.end),
        (change.custom_key_identifier, key.identifier),
        (change.display_name, key.display_name),
    )
    if any(sent is not None and sent != held for sent, held in pairs) or change.type is None or change.usage is None:
        raise invalid(f"Update to existing credential with KeyId '{key.key_id}' is not allowed.", "KeyNotUpdatable")
    return key


def _new_key(tenant: Tenant, change: KeyChange) -> KeyCredential:
    key_id = (change.key_id or fresh_guid()).lower()
    if tenant.key_id_was_used(key_id):
        raise invalid(f"A credential with the keyId '{key_id}' already exists or existed.")
    if change.type not in KEY_TYPES:
        raise invalid(f"Key credential type is invalid. Acceptable values are {', '.join(KEY_TYPES)}.")
    if change.usage not in KEY_USAGES:
        raise invalid(f"Key credential usage is invalid. Acceptable values are {', '.join(sorted(KEY_USAGES))}.")
    if not change.key:
        raise invalid("New key credential must have a key value.")
    first, last = _validity(change.key)
    start, end = change.start or first, change.end or last
    if end <= start or end > last or end <= tenant.clock.now():
        raise invalid("Key credential end date is invalid.")
    return KeyCredential(
        key_id=key_id,
        type=change.type,
        usage=change.usage,
        start=start,
        end=end,
        certificate=change.key,
        display_name=None if change.display_name is None else change.display_name[:LONGEST_KEY_NAME],
        custom_key_identifier=change.custom_key_identifier,
    )


def _validity(encoded: bytes) -> tuple[datetime, datetime]:
    try:
        certificate = x509.load_der_x509_certificate(encoded)
    except ValueError:
        raise invalid("Key credential value is not a valid certificate.") from None
    return certificate.not_valid_before_utc.astimezone(UTC), certificate.not_valid_after_utc.astimezone(UTC)
