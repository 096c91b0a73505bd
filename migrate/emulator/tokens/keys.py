"""The tenant's own signing keys and the tokens made with them."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from migrate.emulator.clock import VirtualClock

ALGORITHM: Final = "RS256"
BACKDATE: Final = 300
"""Seconds by which iat and nbf lie before the issue (observed: lifetimes of 3,900 and 86,700 seconds)."""
APP_TOKEN_LIFE: Final = 3600
EXCHANGE_TOKEN_LIFE: Final = 86_400


def random_looking(*parts: object, length: int = 22) -> str:
    """Make the opaque text of a claim such as ``uti`` or ``aio``."""
    digest = hashlib.sha512("|".join(str(part) for part in parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    kid: str
    private: rsa.RSAPrivateKey

    def public(self, issuer: str) -> dict[str, Any]:
        shown = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "n": shown["n"], "e": shown["e"],
                "issuer": issuer}  # fmt: skip


class SigningKeys:
    """The keys that this tenant signs with, new for each start, so that no token outlives its emulator."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = private.public_key().public_numbers()
        self._keys = (_Key(kid=random_looking(numbers.n, length=27), private=private),)

    def public_keys(self, issuer: str) -> list[dict[str, Any]]:
        """Give the JSON Web Key Set's entries."""
        return [key.public(issuer) for key in self._keys]

    def find(self, kid: object) -> rsa.RSAPublicKey | None:
        """Find a public key by its id."""
        for key in self._keys:
            if key.kid == kid:
                return key.private.public_key()
        return None

    def sign(self, claims: dict[str, Any], life: int, *, version: str) -> str:
        """Sign claims and the times; v1.0 tokens carry ``x5t`` beside ``kid``, v2.0 tokens do not (recorded)."""
        now = self._clock.timestamp()
        key = self._keys[0]
        times = {"iat": now - BACKDATE, "nbf": now - BACKDATE, "exp": now + life}
        headers = {"kid": key.kid, "x5t": key.kid} if version == "1.0" else {"kid": key.kid}
        return jwt.encode({**claims, **times}, key.private, algorithm=ALGORITHM, headers=headers)
