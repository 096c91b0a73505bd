"""Ed25519 signatures (RFC 8032) over the canonical bytes of a certificate. Keys are PEM files of the team."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from migrate.errors import CertificateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = "Ed25519"


def private_key(pem: bytes, name: str) -> Ed25519PrivateKey:
    """Read a private key that has no password; raises CertificateError for what is none."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - heavy, and needed for signed ones alone
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # its text is left out: it is about a secret
        raise CertificateError(_no_key(name, "private", "openssl genpkey -algorithm ed25519 -out KEY.pem")) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise CertificateError(_no_key(name, "private", "openssl genpkey -algorithm ed25519 -out KEY.pem"))
    return key


def public_key(pem: bytes, name: str) -> Ed25519PublicKey:
    """Read a public key; raises CertificateError for what is none."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - heavy, and needed for signed ones alone
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError(_no_key(name, "public", "openssl pkey -in KEY.pem -pubout")) from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise CertificateError(_no_key(name, "public", "openssl pkey -in KEY.pem -pubout"))
    return key


def sign(key: Ed25519PrivateKey, content: bytes) -> dict[str, str]:
    """Return the signature as it stands in a certificate, with the public key (32 bytes) that checks it."""
    raw = key.public_key().public_bytes_raw()
    return {"algorithm": ALGORITHM, "public_key": _text(raw), "value": _text(key.sign(content))}


def wrong(signature: Any, content: bytes, expected: Ed25519PublicKey | None) -> str:
    """Return what is wrong with a signature, in words; ``expected`` is the key it must be of, where that is known."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy, and needed for signed ones alone
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    try:
        if signature.keys() != {"algorithm", "public_key", "value"} or signature["algorithm"] != ALGORITHM:
            return f"it is no {ALGORITHM} signature"
        raw, value = _bytes(signature["public_key"]), _bytes(signature["value"])
        own = ed25519.Ed25519PublicKey.from_public_bytes(raw)
    except (AttributeError, TypeError, ValueError):
        return f"it is no {ALGORITHM} signature"
    if expected is not None and expected.public_bytes_raw() != raw:
        return "it was signed with another key than the one that was given"
    try:
        own.verify(value, content)
    except InvalidSignature:
        return "the signature is not of what the certificate says"
    return ""


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(text: str) -> bytes:
    """Decode Base64 that is written in the one right way; raises ValueError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
    if _text(raw) != text:
        raise ValueError(text)
    return raw


def _no_key(name: str, which: str, how: str) -> str:
    return f"{name} is no {which} {ALGORITHM} key in PEM without a password: make one with: {how}"
