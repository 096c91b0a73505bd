"""X.509 certificates of the tenant, made only when somebody looks at them.

A large tenant holds tens of thousands of certificates and a test looks at three of them, so a seeded certificate is a
small recipe; its DER encoding appears on first use. Certified RSA keys come from a small pool whose primes are the next
primes after a hash, found once and kept as offsets. All certificates come from one issuing key of type Ed25519: its
signatures (RFC 8032) are the same in every process and take a tenth of the time of RSA ones, of which a first look at
every application would need tens of thousands. No key material lies in the source. Nothing outside the emulator
may ever trust these keys.
"""

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from migrate.emulator.der import certificate

_PRIME_OFFSETS: Final = (724, 1262, 540, 884, 616, 104, 228, 148)
_PUBLIC_EXPONENT: Final = 65537
POOL_SIZE: Final = len(_PRIME_OFFSETS) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecipe:
    """A certificate that does not exist yet."""

    common_name: str
    serial: int
    start: datetime
    end: datetime
    pool: int


def prime(number: int) -> int:
    """Give one of the pool's 1024-bit primes."""
    seed = int.from_bytes(hashlib.shake_256(f"unsecret emulator prime {number}".encode()).digest(128))
    return (seed | (3 << 1022) | 1) + _PRIME_OFFSETS[number]


@lru_cache(maxsize=POOL_SIZE)
def pool_key(number: int) -> rsa.RSAPrivateKey:
    """Give one of the pool's private keys."""
    p, q = prime(2 * number), prime(2 * number + 1)
    d = pow(_PUBLIC_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_PUBLIC_EXPONENT, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


@lru_cache(maxsize=POOL_SIZE)
def _public(number: int) -> bytes:
    return pool_key(number).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=1)
def issuing_key() -> Ed25519PrivateKey:
    """Give the key that signs every seeded certificate."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"unsecret emulator issuing key").digest())


def _encode(recipe: CertificateRecipe) -> bytes:
    return certificate(
        issuer="Contoso Issuing CA",
        subject=recipe.common_name[:64],
        serial=recipe.serial,
        start=recipe.start,
        end=recipe.end,
        public_key=_public(recipe.pool),
        sign=issuing_key().sign,
    )


@lru_cache(maxsize=256)
def _encoded(recipe: CertificateRecipe) -> bytes:
    return _encode(recipe)


def der(certificate: CertificateRecipe | bytes) -> bytes:
    """Give the DER encoding of a certificate."""
    return certificate if isinstance(certificate, bytes) else _encoded(certificate)


@lru_cache(maxsize=65_536)
def _thumbprint(recipe: CertificateRecipe) -> bytes:
    return hashlib.sha1(_encode(recipe), usedforsecurity=False).digest()


def thumbprint(certificate: CertificateRecipe | bytes) -> bytes:
    """Give the SHA-1 of the DER encoding: header ``x5t``, and ``customKeyIdentifier`` where none was chosen."""
    if isinstance(certificate, bytes):
        return hashlib.sha1(certificate, usedforsecurity=False).digest()
    return _thumbprint(certificate)


def thumbprint_sha256(certificate: CertificateRecipe | bytes) -> bytes:
    """Give the SHA-256 of the DER encoding: header ``x5t#S256``."""
    return hashlib.sha256(der(certificate)).digest()


def read_certificate(content: bytes) -> x509.Certificate:
    """Read a DER encoding; ValueError for what RFC 5280 forbids and cryptography puts up with or words otherwise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            certificate = x509.load_der_x509_certificate(content)
            serial, version = certificate.serial_number, certificate.version
    except (UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise ValueError("no certificate that can be read") from error
    if serial <= 0 or version not in x509.Version:
        raise ValueError("a serial number must be positive")
    return certificate


def public_key(certificate: CertificateRecipe | bytes) -> rsa.RSAPublicKey | None:
    """Give the RSA key that a certificate certifies, or None when it certifies a key of another kind."""
    if isinstance(certificate, CertificateRecipe):
        return pool_key(certificate.pool).public_key()
    try:
        key = read_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):  # a symmetric key, or a curve that nothing here knows
        return None
    return key if isinstance(key, rsa.RSAPublicKey) else None
