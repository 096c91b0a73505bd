"""What a credential is for and how its dates stand. Pure; the answer never depends on the order of the lists.

Sources: Microsoft Graph reference, resource types ``keyCredential``, ``passwordCredential``, ``servicePrincipal``
(``preferredTokenSigningKeyThumbprint``, ``tokenEncryptionKeyId``) and ``application`` (``tokenEncryptionKeyId``);
"Configure SAML-based single sign-on for your application using Microsoft Graph" for the signing triple: a key with
usage ``Sign``, a key with usage ``Verify`` and a password that carries the ``Sign`` key's id, all three under one
``customKeyIdentifier``.
"""

from __future__ import annotations

import base64
import binascii
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.model import Credential, CredentialKind, Purpose

_HEX = re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
_DIGEST_SIZES = (20, 32)  # bytes of SHA-1 and SHA-256
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

    Graph writes base64 of the 20 (SHA-1) or 32 (SHA-256) raw bytes; some tools stored the hex text itself.
    """
    if not identifier:
        return None
    if _HEX.fullmatch(identifier):
        return identifier.upper()
    try:
        raw = base64.b64decode(identifier, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) in _DIGEST_SIZES:
        return raw.hex().upper()
    text = raw.decode("ascii", errors="replace")
    return text.upper() if _HEX.fullmatch(text) else None


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
    secrets = [key for key in keys if key.kind is CredentialKind.SECRET]
    signing = [key for key in certificates if _says(key.usage, "Sign") or _is_preferred(key, holder)]
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
        return Purpose.UNKNOWN, "certificate and password belong together, and no signing key explains why"
    if key.kind is CredentialKind.SECRET:
        return Purpose.AUTHENTICATION, "a client secret that belongs to no signing key"
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


def _certificate(key: KeyFacts, holder: HolderFacts) -> tuple[Purpose, str]:
    if not _says(key.usage, "Verify"):
        return Purpose.UNKNOWN, f"its usage is {key.usage or 'not given'}"
    if not _says(key.type, "AsymmetricX509Cert"):
        return Purpose.UNKNOWN, f"its type is {key.type or 'not given'}"
    if _says(holder.sign_on_mode, "saml"):
        return Purpose.UNKNOWN, "on a SAML application it may verify signed requests"
    return Purpose.AUTHENTICATION, "a certificate with usage Verify that belongs to no signing key"


def _is_preferred(key: KeyFacts, holder: HolderFacts) -> bool:
    wanted = (holder.signing_thumbprint or "").upper()
    return bool(wanted) and key.kind is CredentialKind.CERTIFICATE and thumbprint(key.identifier) == wanted


def _mark(key: KeyFacts) -> str | None:
    return thumbprint(key.identifier) or key.identifier or None


def _says(value: str | None, word: str) -> bool:
    return value is not None and value.casefold() == word.casefold()
