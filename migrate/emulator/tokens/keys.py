"""The tenant's own signing keys and the tokens made with them.

Keys are published as the service does it (recorded): with a self-signed certificate of five years whose SHA-1 is both
``kid`` and ``x5t``. The certificate's name is that of the public cloud; in the others it is assumed.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from migrate.emulator.clock import VirtualClock

ALGORITHM: Final = "RS256"
BACKDATE: Final = 300
"""Seconds by which iat and nbf lie before the issue (observed: lifetimes of 3,900 and 86,700 seconds)."""
APP_TOKEN_LIFE: Final = 3600
EXCHANGE_TOKEN_LIFE: Final = 86_400
_NAME: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.windows.net")])
_AGE, _LIFE = timedelta(days=30), timedelta(days=5 * 365 + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """A token with its times, in seconds since the epoch."""

    token: str = field(repr=False)
    not_before: int
    expires_on: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKey:
    """A signing key for keeping it elsewhere."""

    private: bytes = field(repr=False)
    """PKCS #8, DER."""
    certificate: bytes
    """DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    kid: str
    private: rsa.RSAPrivateKey
    certificate: bytes
    """DER."""

    def public(self, issuer: str) -> dict[str, Any]:
        shown = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        chain = [base64.b64encode(self.certificate).decode()]
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "n": shown["n"], "e": shown["e"],
                "x5c": chain, "issuer": issuer}  # fmt: skip


def _new_key(clock: VirtualClock) -> _Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    begin = clock.now() - _AGE
    builder = x509.CertificateBuilder(
        issuer_name=_NAME,
        subject_name=_NAME,
        public_key=private.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=begin + _LIFE,
    )
    return _key_of(private, builder.sign(private, SHA256()).public_bytes(Encoding.DER))


def _key_of(private: rsa.RSAPrivateKey, certificate: bytes) -> _Key:
    digest = hashlib.sha1(certificate, usedforsecurity=False).digest()
    kid = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return _Key(kid=kid, private=private, certificate=certificate)


def _opened(kept: KeptKey) -> _Key:
    private = load_der_private_key(kept.private, None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError("a signing key is not an RSA key")  # noqa: TRY004 - the content is wrong, not the type
    return _key_of(private, kept.certificate)


_REMEMBERED: Final = 256
# Times are judged by the virtual clock, which PyJWT does not know.
_ONLY_SIGNATURE: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class SigningKeys:
    """The keys that this tenant signs with: a new one, or those of an earlier start, whose tokens are good then."""

    def __init__(self, clock: VirtualClock, kept: Sequence[KeptKey] = ()) -> None:
        self._clock = clock
        self._keys = tuple(map(_opened, kept)) or (_new_key(clock),)
        self._verified: dict[str, dict[str, Any]] = {}

    def kept(self) -> tuple[KeptKey, ...]:
        """Give the keys for keeping them elsewhere."""
        form = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return tuple(KeptKey(private=key.private.private_bytes(*form), certificate=key.certificate)
                     for key in self._keys)  # fmt: skip

    def public_keys(self, issuer: str) -> list[dict[str, Any]]:
        """Give the JSON Web Key Set's entries."""
        return [key.public(issuer) for key in self._keys]

    def find(self, kid: object) -> rsa.RSAPublicKey | None:
        """Find a public key by its id."""
        for key in self._keys:
            if key.kid == kid:
                return key.private.public_key()
        return None

    def verified(self, token: str) -> dict[str, Any] | None:
        """Give the claims of a token that one of these keys signed; None where the key is another, else PyJWT's errors.

        Times, audience and issuer are not judged. A client sends one token with thousands of requests: its signature is
        computed once.
        """
        known = self._verified.get(token)
        if known is not None:
            return dict(known)
        key = self.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            return None
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=_ONLY_SIGNATURE)
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified[token] = claims
        return dict(claims)

    def sign(self, claims: dict[str, Any], life: int, *, version: str, backdate: int = BACKDATE) -> SignedToken:
        """Sign claims and the times; v1.0 tokens carry ``x5t`` beside ``kid``, v2.0 tokens do not (recorded)."""
        now = self._clock.timestamp()
        key = self._keys[0]
        times = {"iat": now - backdate, "nbf": now - backdate, "exp": now + life}
        headers = {"kid": key.kid, "x5t": key.kid} if version == "1.0" else {"kid": key.kid}
        token = jwt.encode({**claims, **times}, key.private, algorithm=ALGORITHM, headers=headers)
        return SignedToken(token=token, not_before=now - backdate, expires_on=now + life)
