"""Client assertions as JSON Web Tokens: taken apart, and the checks that every kind of them needs."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError

SKEW: Final = 300
"""Seconds of clock difference that are forgiven; assumed to be the five minutes of Microsoft's token libraries."""
_LONGEST: Final = 64_000
_LONGEST_SHOWN: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A JWT as presented, parsed and not yet believed."""

    raw: str = field(repr=False)
    header: dict[str, Any]
    claims: dict[str, Any]
    issuer: str
    subject: str
    audience: str

    @property
    def token_id(self) -> str | None:
        """What the issuer calls this token: ``uti`` in Entra's, ``jti`` in others (RFC 7519 section 4.1.7)."""
        for name in ("uti", "jti"):
            if isinstance(self.claims.get(name), str):
                return str(self.claims[name])
        return None


def parse(raw: str) -> Assertion:
    """Take a JWT apart; whatever is not one is refused with AADSTS50027."""
    if len(raw) > _LONGEST:
        raise RefusedError(Refusal.INVALID_JWT, reason="The token is too long.")
    try:
        parts = jwt.decode_complete(raw, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise RefusedError(Refusal.INVALID_JWT, reason="AADSTS50027: Invalid JWT token.") from error
    header, claims = parts["header"], parts["payload"]
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    values = (claims.get("iss"), claims.get("sub"), audience)
    if not all(isinstance(value, str) and 0 < len(value) <= _LONGEST_SHOWN for value in values):
        raise RefusedError(Refusal.INVALID_JWT, reason="The claims iss, sub and aud must be texts.")
    return Assertion(
        raw=raw, header=header, claims=claims, issuer=claims["iss"], subject=claims["sub"], audience=str(audience)
    )


def check_signature(assertion: Assertion, key: rsa.RSAPublicKey, algorithms: list[str], presented: Presented) -> None:
    """Refuse an assertion that this key did not sign; keys that the assertion brings along (jwk, jku) do not count."""
    if assertion.header.get("alg") not in algorithms:
        reason = f"The algorithm must be {' or '.join(algorithms)}."
        raise RefusedError(Refusal.INVALID_JWT, presented, reason=reason)
    try:
        jwt.PyJWS().decode(assertion.raw, key, algorithms=algorithms)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The key was not able to verify it.") from error


def check_times(assertion: Assertion, presented: Presented, *clocks: int) -> None:
    """Refuse an assertion that is valid by none of these clocks; the first is the one that the refusal names."""
    end, start = _number(assertion.claims.get("exp")), _number(assertion.claims.get("nbf", 0))
    if end is None or start is None:
        raise RefusedError(Refusal.INVALID_JWT, presented, reason="The claims exp and nbf must be numbers.")
    if any(start - SKEW <= now < end + SKEW for now in clocks):
        return
    raise RefusedError(
        Refusal.ASSERTION_TIME, presented, now=_shown(clocks[0]), start=_shown(start), end=_shown(end)
    )  # fmt: skip


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _shown(moment: float) -> str:
    try:
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
    except (ValueError, OverflowError, OSError):
        return "out of range"
