"""Proof of possession: a short-lived JWT that the holder of a certificate's private key signed.

Pages "application: addKey", "removeKey" and "Generating proof of possession tokens for rolling keys": audience
``00000002-0000-0000-c000-000000000000``, issuer the object's id (in the older text the caller's), ten minutes at most.
The refusal of a wrong proof is recorded, as is the one for none at all; that every wrong proof gets the same one, and
that only certificates which sign in count, is assumed.
"""

from collections.abc import Iterator
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from migrate.emulator.certificates import public_key
from migrate.emulator.graph.call import Call
from migrate.emulator.graph.errors import GraphError
from migrate.emulator.state.purposes import Holder, signs_in

AUDIENCE: Final = "00000002-0000-0000-c000-000000000000"
LONGEST_LIFE: Final = 600
SKEW: Final = 300
"""Seconds of clock difference that are forgiven, as for assertions (assumed)."""
_ALGORITHMS: Final = ("RS256", "PS256")
_LONGEST: Final = 64_000


def check_proof(call: Call, holder: Holder, proof: str | None) -> None:
    """Refuse a caller that does not hold the key of a valid certificate of the object."""
    if not proof:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    claims = _signed_by(call, holder, proof) if len(proof) <= _LONGEST else None
    if claims is None or not (_names(call, holder, claims) and _is_current(call, claims)):
        raise GraphError(401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")


def _signed_by(call: Call, holder: Holder, proof: str) -> dict[str, Any] | None:
    for key in _valid_keys(call, holder):
        try:
            claims = jwt.decode(proof, key, algorithms=list(_ALGORITHMS), options=_ONLY_SIGNATURE)
        except (jwt.PyJWTError, ValueError, RecursionError):
            continue
        return claims
    return None


def _valid_keys(call: Call, holder: Holder) -> Iterator[rsa.RSAPublicKey]:
    now = call.tenant.clock.now()
    for key in holder.keys:
        if signs_in(holder, key) and key.start <= now < key.end:
            public = public_key(key.certificate)
            if public is not None:
                yield public


def _names(call: Call, holder: Holder, claims: dict[str, Any]) -> bool:
    audience, issuer = claims.get("aud"), claims.get("iss")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    tables = (call.tenant.applications, call.tenant.service_principals)
    callers = (table.with_app_id(call.caller.app_id) for table in tables)
    issuers = {holder.id, *(caller.id for caller in callers if caller is not None)}
    return (
        isinstance(audience, str)
        and isinstance(issuer, str)
        and audience.lower() == AUDIENCE
        and issuer.lower() in issuers
    )


def _is_current(call: Call, claims: dict[str, Any]) -> bool:
    start, end = _number(claims.get("nbf")), _number(claims.get("exp"))
    if start is None or end is None:
        return False
    now = call.tenant.clock.timestamp()
    try:
        return end - start <= LONGEST_LIFE and start - SKEW <= now < end + SKEW
    except OverflowError:
        return False


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


# Times are judged by the virtual clock, which PyJWT does not know.
_ONLY_SIGNATURE: Final[Any] = {
    "verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_iss": False,
    "verify_sub": False, "verify_jti": False,
}  # fmt: skip
