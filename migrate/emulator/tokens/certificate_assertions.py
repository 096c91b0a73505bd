"""Assertions that a client signs with the key of one of its own certificates (RFC 7523)."""

import base64
import binascii
from typing import Any, Final

from migrate.emulator.certificates import public_key, thumbprint, thumbprint_sha256
from migrate.emulator.state.purposes import signs_in
from migrate.emulator.state.records import Application, KeyCredential, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.assertions import Assertion, check_signature, check_times
from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError

_LONGEST_THUMBPRINT: Final = 32


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

    The client's times may be right by the tenant's clock or by the real one. Clients sign by the clock of the machine
    that they run on, which nobody moves with the tenant's, so that a tenant which was moved or started at another time
    would otherwise refuse every one of them. Where the tenant's clock is the real one, the two are the same.
    """
    held = [(key, False) for key in application.keys if signs_in(application, key)]
    if principal is not None:
        held += [(key, True) for key in principal.keys if signs_in(principal, key)]
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
    check_signature(assertion, public, ["RS256", "PS256"], presented)
    if not key.start <= tenant.clock.now() < key.end:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The key used is expired.")
    if {assertion.issuer.lower(), assertion.subject.lower()} != {application.app_id}:
        raise RefusedError(Refusal.WRONG_CLIENT, presented)
    if assertion.audience not in audiences:
        raise RefusedError(Refusal.WRONG_ASSERTION_AUDIENCE, presented)
    ahead = tenant.faults.skew("assertions")
    check_times(assertion, presented, tenant.clock.timestamp() + ahead, tenant.clock.client_timestamp() + ahead)
    return presented


def _key_named_by(header: dict[str, Any], held: list[tuple[KeyCredential, bool]]) -> tuple[KeyCredential, bool]:
    named = {name: _bytes(header.get(name)) for name in ("x5t", "x5t#S256")}
    for key, on_principal in held:
        if named["x5t#S256"] == thumbprint_sha256(key.certificate) or named["x5t"] == thumbprint(key.certificate):
            return key, on_principal
    shown = (named["x5t"] or named["x5t#S256"] or b"")[:_LONGEST_THUMBPRINT].hex().upper()
    reason = f"The key was not found., Thumbprint of key used by client: '{shown}'"
    raise RefusedError(Refusal.BAD_SIGNATURE, Presented(credential_type="certificate"), reason=reason)


def _bytes(text: object) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
