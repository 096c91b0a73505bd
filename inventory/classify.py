"""What a credential is for and how its dates stand. Pure; the answer never depends on the order of the lists.

``purposes`` judges the credentials of one object by what that object says; ``reconcile`` corrects the answers for an
application and its service principal, where one says something about a credential of the other.

Sources: Microsoft Graph reference, resource types ``keyCredential``, ``passwordCredential``, ``servicePrincipal``
(``preferredTokenSigningKeyThumbprint``, ``tokenEncryptionKeyId``) and ``application`` (``tokenEncryptionKeyId``);
"Configure SAML-based single sign-on for your application using Microsoft Graph" for the signing triple: a key with
usage ``Sign``, a key with usage ``Verify`` and a password that carries the ``Sign`` key's id, all three under one
``customKeyIdentifier``.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.model import Application, Credential, CredentialKind, KeyId, Purpose, ServicePrincipal, Snapshot

_HEX = re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
_DIGEST_SIZES = (20, 32)  # bytes of SHA-1 and SHA-256
_SEPARATORS = re.compile(r"[\s:\u200b-\u200f\u202a-\u202e\ufeff]")  # certificate dialogs put marks before the digits
_FOREIGN = "\u0600"  # the alphabets of Europe stand before it in Unicode; chance never makes a digest of such letters
_STANDARD = str.maketrans("-_", "+/")  # base64url to base64 (RFC 4648)
_TOGETHER = "certificate and password belong together, and no signing key explains why"
_MAY_VERIFY = "on a SAML application it may verify signed requests"
_CARRIES_MARK = "it carries a thumbprint, as the password of a signing key does, and no key explains it"
_ENDLESS = timedelta(
    days=30 * 365
)  # no certificate authority and no policy grants this; portals wrote 2299 for "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What classification looks at in one credential, as Graph spells it."""

    key_id: str
    kind: CredentialKind
    usage: str | None = None
    type: str | None = None
    identifier: str | None = None
    """``customKeyIdentifier``: base64, usually of the certificate's thumbprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFacts:
    """What classification looks at in the object that holds the credentials."""

    encryption_key_id: str | None = None
    signing_thumbprint: str | None = None
    sign_on_mode: str | None = None


class Expiry(enum.StrEnum):
    """How the dates of a credential stand at a given time."""

    PENDING = "not yet valid"
    LIVE = "live"
    ENDLESS = "never expires"
    EXPIRED = "expired"


def expiry(credential: Credential, at: datetime) -> Expiry:
    """Say how the dates stand at a time (aware); the end itself counts as expired, no end at all as endless."""
    if credential.end is not None and credential.end <= at:
        return Expiry.EXPIRED
    if credential.start is not None and credential.start > at:
        return Expiry.PENDING
    if credential.end is None or credential.end - (credential.start or at) >= _ENDLESS:
        return Expiry.ENDLESS
    return Expiry.LIVE


def thumbprint(identifier: str | None) -> str | None:
    """Return the certificate thumbprint in a ``customKeyIdentifier`` as upper-case hex, None where there is none.

    Graph writes base64 of the 20 (SHA-1) or 32 (SHA-256) raw bytes; some tools stored the hex text itself, with colons
    or spaces too, or base64url.
    """
    text = _SEPARATORS.sub("", identifier or "")
    if _HEX.fullmatch(text):
        return text.upper()
    raw = _raw(text)
    if len(raw) in _DIGEST_SIZES:
        return raw.hex().upper()
    inner = _SEPARATORS.sub("", raw.decode("ascii", errors="replace"))
    return inner.upper() if _HEX.fullmatch(inner) else None


def named_thumbprint(text: str | None) -> str | None:
    """Return a thumbprint that Graph names as one, as ``thumbprint`` does; what is none as it is, in upper case."""
    return thumbprint(text) or _SEPARATORS.sub("", text or "").upper() or None


def secret_thumbprint(identifier: str | None) -> str | None:
    """Return the thumbprint in the ``customKeyIdentifier`` of a password, None where it is none.

    The portal once kept the description of a client secret there, in UTF-16LE: ten letters are as long as a SHA-1.
    PowerShell's modules kept what they were given, mostly a text in ASCII, of which twenty letters are.
    """
    raw = _raw(_SEPARATORS.sub("", identifier or ""))
    wide = raw.decode("utf-16-le", errors="replace").removeprefix("\ufeff") if len(raw) in _DIGEST_SIZES else ""
    narrow = raw.decode("ascii", errors="replace") if wide else ""
    described = bool(wide) and (all(" " <= letter < _FOREIGN for letter in wide) or _readable(narrow))
    return None if described else thumbprint(identifier)


def _readable(text: str) -> bool:
    return all(" " <= letter <= "~" for letter in text)


def _raw(text: str) -> bytes:
    """Decode base64 or base64url, with or without padding; empty where it is neither."""
    bare = text.rstrip("=").translate(_STANDARD)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, slots=True)
class _Families:
    """Key ids and identifiers by which the credentials of one holder hang together."""

    signing_ids: frozenset[str]
    signing_marks: frozenset[str]
    mixed_ids: frozenset[str]
    """Shared by a certificate and a password; no client credential is, only (what is left of) a signing triple."""
    mixed_marks: frozenset[str]


def purposes(credentials: Iterable[KeyFacts], holder: HolderFacts) -> tuple[tuple[Purpose, str], ...]:
    """Return purpose and reason for every credential of one holder, in the order given.

    Only AUTHENTICATION may ever be retired, so whatever is not understood is UNKNOWN. Both holders are judged by the
    same rules: a signing key on an application is unusual, and still nothing to remove.
    """
    keys = tuple(credentials)
    families = _families(keys, holder)
    return tuple(_purpose(key, holder, families) for key in keys)


def _families(keys: tuple[KeyFacts, ...], holder: HolderFacts) -> _Families:
    certificates = [key for key in keys if key.kind is CredentialKind.CERTIFICATE]
    signing = [key for key in keys if _says(key.usage, "Sign") or _is_preferred(key, holder)]
    secrets = [key for key in keys if key.kind is CredentialKind.SECRET]
    return _Families(
        _ids(signing), _marks(signing), _ids(certificates) & _ids(secrets), _marks(certificates) & _marks(secrets)
    )


def _ids(keys: Iterable[KeyFacts]) -> frozenset[str]:
    return frozenset(key.key_id for key in keys)


def _marks(keys: Iterable[KeyFacts]) -> frozenset[str]:
    return frozenset(mark for key in keys if (mark := _mark(key)))


def _purpose(key: KeyFacts, holder: HolderFacts, families: _Families) -> tuple[Purpose, str]:
    if holder.encryption_key_id and key.key_id == holder.encryption_key_id:
        return Purpose.ENCRYPTION, "tokenEncryptionKeyId names it"
    if _says(key.usage, "Encrypt"):
        return Purpose.ENCRYPTION, "its usage is Encrypt"
    signing = _signing_reason(key, holder, families)
    if signing:
        return Purpose.SIGNING, signing
    if key.key_id in families.mixed_ids or _mark(key) in families.mixed_marks:
        return Purpose.UNKNOWN, _TOGETHER
    if key.kind is CredentialKind.SECRET:
        return _secret(key)
    return _certificate(key, holder)


def _signing_reason(key: KeyFacts, holder: HolderFacts, families: _Families) -> str:
    if _says(key.usage, "Sign"):
        return "its usage is Sign"
    if _is_preferred(key, holder):
        return "preferredTokenSigningKeyThumbprint names it"
    if key.key_id in families.signing_ids:
        return "it shares its keyId with a signing key"
    if _mark(key) in families.signing_marks:
        return "it shares its customKeyIdentifier with a signing key"
    return ""


def _secret(key: KeyFacts) -> tuple[Purpose, str]:
    if secret_thumbprint(key.identifier):  # whatever the mode says: it is null where single sign-on was set up by hand
        return Purpose.UNKNOWN, _CARRIES_MARK
    return Purpose.AUTHENTICATION, "a client secret that belongs to no signing key"


def _certificate(key: KeyFacts, holder: HolderFacts) -> tuple[Purpose, str]:
    if not _says(key.usage, "Verify"):
        return Purpose.UNKNOWN, f"its usage is {key.usage or 'not given'}"
    if not _says(key.type, "AsymmetricX509Cert"):
        return Purpose.UNKNOWN, f"its type is {key.type or 'not given'}"
    if _says(holder.sign_on_mode, "saml"):
        return Purpose.UNKNOWN, _MAY_VERIFY
    return Purpose.AUTHENTICATION, "a certificate with usage Verify that belongs to no signing key"


def _is_preferred(key: KeyFacts, holder: HolderFacts) -> bool:
    wanted = named_thumbprint(holder.signing_thumbprint)
    return bool(wanted) and wanted in {named_thumbprint(key.identifier), named_thumbprint(key.key_id)}


def _mark(key: KeyFacts) -> str | None:
    return thumbprint(key.identifier) or key.identifier or None


def _says(value: str | None, word: str) -> bool:
    return value is not None and value.casefold() == word.casefold()


def reconcile(application: Application | None, principal: ServicePrincipal | None) -> tuple[Credential, ...]:
    """Return the credentials of an application, then those of its service principal, each in the order given.

    Their purposes are corrected by what the other object says; nothing ever becomes AUTHENTICATION that was not.
    """
    holders = [one for one in (application, principal) if one is not None]
    held = tuple(credential for one in holders for credential in one.credentials)
    if not held:
        return ()
    encryption = {one.encryption_key for one in holders if one.encryption_key}
    encryption |= {one.key_id for one in held if one.purpose is Purpose.ENCRYPTION}
    secrets = [one for one in held if one.kind is CredentialKind.SECRET]
    certificates = [one for one in held if one.kind is CredentialKind.CERTIFICATE]
    both = _Both(
        encryption=encryption,
        mixed_ids={one.key_id for one in secrets} & {one.key_id for one in certificates},
        mixed_marks=_thumbprints(secrets) & _thumbprints(certificates),
        saml=principal is not None and _says(principal.sign_on_mode, "saml"),
    )
    signing = _signing(held)
    return tuple(_reconciled(one, both, signing.get(at, "")) for at, one in enumerate(held))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """What an application and its service principal say together."""

    encryption: set[KeyId]
    mixed_ids: set[KeyId]
    mixed_marks: set[str]
    saml: bool


def _thumbprints(credentials: Iterable[Credential]) -> set[str]:
    return {one.thumbprint for one in credentials if one.thumbprint}


def reconciled(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose applications and service principals have heard each other; the digest stays as it is."""
    applications = {one.client_id: one for one in snapshot.applications}
    principals = {one.client_id: one for one in snapshot.service_principals}
    return dataclasses.replace(
        snapshot,
        applications=tuple(
            dataclasses.replace(one, credentials=reconcile(one, principals.get(one.client_id))[: len(one.credentials)])
            for one in snapshot.applications
        ),
        service_principals=tuple(
            dataclasses.replace(one, credentials=_last(reconcile(applications.get(one.client_id), one), one))
            for one in snapshot.service_principals
        ),
    )


def _last(both: tuple[Credential, ...], principal: ServicePrincipal) -> tuple[Credential, ...]:
    return both[len(both) - len(principal.credentials) :]


_EITHER = "of the application or of its service principal"


def _signing(held: tuple[Credential, ...]) -> dict[int, str]:
    """Return by place what hangs on a signing key, however long the chain, and on what of it."""
    found = {at: one.purpose_reason for at, one in enumerate(held) if one.purpose is Purpose.SIGNING}
    more = dict(found)
    while more:
        ids = {held[at].key_id for at in more}
        marks = _thumbprints(held[at] for at in more)
        more = {}
        for at, one in enumerate(held):
            if at not in found and one.key_id in ids:
                more[at] = f"it shares its keyId with a signing key {_EITHER}"
            elif at not in found and one.thumbprint in marks:
                more[at] = f"it shares its thumbprint with a signing key {_EITHER}"
        found |= more
    return found


def _reconciled(one: Credential, both: _Both, signing: str) -> Credential:
    purpose, reason = _corrected(one, both, signing)
    return one if one.purpose is purpose else dataclasses.replace(one, purpose=purpose, purpose_reason=reason)


def _corrected(one: Credential, both: _Both, signing: str) -> tuple[Purpose, str]:
    if one.key_id in both.encryption:
        return Purpose.ENCRYPTION, f"it is the encryption key {_EITHER}"
    if signing:
        return Purpose.SIGNING, signing
    doubt = _doubt(one, both) if one.purpose is Purpose.AUTHENTICATION else ""
    return (Purpose.UNKNOWN, doubt) if doubt else (one.purpose, one.purpose_reason)


def _doubt(one: Credential, both: _Both) -> str:
    """Say what the other object makes doubtful of a credential that seems to authenticate; empty where nothing is."""
    if one.key_id in both.mixed_ids or one.thumbprint in both.mixed_marks:
        return _TOGETHER
    if not both.saml:
        return ""
    if one.kind is CredentialKind.CERTIFICATE:
        return _MAY_VERIFY
    return _CARRIES_MARK if one.thumbprint else ""
