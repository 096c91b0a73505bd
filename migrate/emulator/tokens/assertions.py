"""Client assertions: certificate assertions (RFC 7523) and federated ones, each really verified."""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from migrate.emulator.certificates import public_key, thumbprint, thumbprint_sha256
from migrate.emulator.clouds import EXCHANGE_APP_ID
from migrate.emulator.state.records import Application, FederatedCredential, KeyCredential, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError

SKEW: Final = 300
"""Seconds of clock difference that are forgiven; assumed to be the five minutes of Microsoft's token libraries."""
_LONGEST: Final = 64_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A JWT as presented, parsed and not yet believed."""

    raw: str = field(repr=False)
    header: dict[str, Any]
    claims: dict[str, Any]
    issuer: str
    subject: str
    audience: str


def parse(raw: str) -> Assertion:
    """Take a JWT apart; whatever is not one is refused with AADSTS50027."""
    if len(raw) > _LONGEST:
        raise RefusedError(Refusal.INVALID_JWT, reason="The token is too long.")
    try:
        parts = jwt.decode_complete(raw, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise RefusedError(Refusal.INVALID_JWT, reason="AADSTS50027: Invalid JWT token.") from error
    header, claims = parts["header"], parts["payload"]
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    values = (claims.get("iss"), claims.get("sub"), audience)
    if not all(isinstance(value, str) and value for value in values):
        raise RefusedError(Refusal.INVALID_JWT, reason="The claims iss, sub and aud must be texts.")
    return Assertion(
        raw=raw, header=header, claims=claims, issuer=claims["iss"], subject=claims["sub"], audience=str(audience)
    )


def _check_signature(assertion: Assertion, key: rsa.RSAPublicKey, algorithms: list[str], presented: Presented) -> None:
    if assertion.header.get("alg") not in algorithms:
        reason = f"The algorithm must be {' or '.join(algorithms)}."
        raise RefusedError(Refusal.INVALID_JWT, presented, reason=reason)
    try:
        jwt.PyJWS().decode(assertion.raw, key, algorithms=algorithms)
    except (jwt.PyJWTError, ValueError) as error:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The key was not able to verify it.") from error


def _check_times(tenant: Tenant, assertion: Assertion, presented: Presented) -> None:
    end, start = _number(assertion.claims.get("exp")), _number(assertion.claims.get("nbf", 0))
    if end is None or start is None:
        raise RefusedError(Refusal.INVALID_JWT, presented, reason="The claims exp and nbf must be numbers.")
    now = tenant.clock.timestamp()
    if start - SKEW <= now < end + SKEW:
        return
    raise RefusedError(
        Refusal.ASSERTION_TIME, presented, now=_shown(now), start=_shown(start), end=_shown(end)
    )  # fmt: skip


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _shown(moment: float) -> str:
    try:
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
    except (ValueError, OverflowError, OSError):
        return str(moment)


# --- certificate assertions ------------------------------------------------------------------------------------------


def verify_certificate_assertion(
    tenant: Tenant,
    application: Application,
    principal: ServicePrincipal | None,
    assertion: Assertion,
    audiences: tuple[str, ...],
) -> Presented:
    """Verify an assertion that the client signed itself.

    Page "Microsoft identity platform application authentication certificate credentials": header ``x5t#S256`` with
    PS256, or ``x5t`` with RS256 from older clients; iss = sub = client id. A ``jti`` used twice is accepted: the page
    asks for a unique one and names no refusal.
    """
    held = [(key, False) for key in application.keys]
    held += [(key, True) for key in (principal.keys if principal else ())]
    key, on_principal = _key_named_by(assertion.header, held)
    presented = Presented(
        credential_type="certificate",
        key_id=key.key_id,
        certificate=key.certificate,
        on_service_principal=on_principal,
    )
    public = public_key(key.certificate)
    if public is None:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The certificate does not hold an RSA key.")
    _check_signature(assertion, public, ["RS256", "PS256"], presented)
    if not key.start <= tenant.clock.now() < key.end:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The key used is expired.")
    if {assertion.issuer.lower(), assertion.subject.lower()} != {application.app_id}:
        raise RefusedError(Refusal.WRONG_CLIENT, presented)
    if assertion.audience not in audiences:
        raise RefusedError(Refusal.WRONG_ASSERTION_AUDIENCE, presented)
    _check_times(tenant, assertion, presented)
    return presented


def _key_named_by(header: dict[str, Any], held: list[tuple[KeyCredential, bool]]) -> tuple[KeyCredential, bool]:
    named = {name: _bytes(header.get(name)) for name in ("x5t", "x5t#S256")}
    for key, on_principal in held:
        if key.usage != "Verify":
            continue
        if named["x5t#S256"] == thumbprint_sha256(key.certificate) or named["x5t"] == thumbprint(key.certificate):
            return key, on_principal
    shown = (named["x5t"] or named["x5t#S256"] or b"").hex().upper()
    reason = f"The key was not found., Thumbprint of key used by client: '{shown}'"
    raise RefusedError(Refusal.BAD_SIGNATURE, Presented(credential_type="certificate"), reason=reason)


def _bytes(text: object) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


# --- federated assertions --------------------------------------------------------------------------------------------


def verify_federated_assertion(
    tenant: Tenant, keys: SigningKeys, application: Application, assertion: Assertion
) -> Presented:
    """Match an outside token with the application's federated credentials and verify it.

    Issuer, subject and audience are compared with regard to case (page "Breaking changes", August 2024). Assumed is
    the order of the checks: issuer, signature, who issued it to whom, subject, audience, time.
    """
    presented = Presented(
        credential_type="federatedIdentityCredential",
        assertion_id=_text(assertion.claims.get("uti")),
        assertion_issuer=assertion.issuer,
    )
    if not application.federated:
        raise RefusedError(
            Refusal.NO_FEDERATED_CREDENTIAL, presented, app=application.app_id, name=application.display_name
        )
    candidates = [credential for credential in application.federated if credential.issuer == assertion.issuer]
    if not candidates:
        raise RefusedError(Refusal.ISSUER_MISMATCH, presented, issuer=assertion.issuer)
    if assertion.issuer != tenant.cloud.issuer(tenant.id):
        raise RefusedError(Refusal.EXTERNAL_ISSUER, presented)
    key = keys.find(assertion.header.get("kid"))
    if key is None:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The key was not found.")
    _check_signature(assertion, key, ["RS256"], presented)
    _check_issued_to_identity(tenant, assertion, presented)
    matching = _matching_subject(candidates, assertion, presented)
    credential = _matching_audience(tenant, matching, assertion, presented)
    _check_times(tenant, assertion, presented)
    return Presented(
        credential_type="federatedIdentityCredential",
        federated_credential_id=credential.id,
        assertion_id=presented.assertion_id,
        assertion_issuer=presented.assertion_issuer,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _check_issued_to_identity(tenant: Tenant, assertion: Assertion, presented: Presented) -> None:
    # Only user-assigned identities may stand in for a secret (page "Configure an application to trust a managed
    # identity"); a token that an application got with its own secret may not.
    holder = tenant.service_principals.get(assertion.subject)
    if holder is None or not holder.is_user_assigned_identity:
        raise RefusedError(Refusal.ISSUED_BY_ENTRA, presented)


def _matching_subject(
    candidates: list[FederatedCredential], assertion: Assertion, presented: Presented
) -> list[FederatedCredential]:
    matching = [credential for credential in candidates if credential.subject == assertion.subject]
    if matching:
        return matching
    folded = assertion.subject.casefold()
    near = any(credential.subject.casefold() == folded for credential in candidates)
    refusal = Refusal.SUBJECT_CASE_MISMATCH if near else Refusal.SUBJECT_MISMATCH
    raise RefusedError(refusal, presented, subject=assertion.subject)


def _matching_audience(
    tenant: Tenant, candidates: list[FederatedCredential], assertion: Assertion, presented: Presented
) -> FederatedCredential:
    # The token carries the resource's GUID while the credential must hold its URI (third-party reports agree on both).
    expected = tenant.cloud.exchange_audience
    presented_as = expected if assertion.audience == EXCHANGE_APP_ID else assertion.audience
    for credential in candidates:
        if presented_as in credential.audiences and presented_as != EXCHANGE_APP_ID:
            return credential
    if presented_as == expected and any(EXCHANGE_APP_ID in credential.audiences for credential in candidates):
        raise RefusedError(Refusal.AUDIENCE_IS_GUID, presented, expected=expected, audience=EXCHANGE_APP_ID)
    raise RefusedError(Refusal.AUDIENCE_MISMATCH, presented, audience=assertion.audience)
