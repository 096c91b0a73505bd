"""Who calls Azure Resource Manager: bearer tokens, verified against this tenant's own keys.

Codes and texts of a missing header, a wrong audience and an expired token are those of public reports; the text for a
bad signature is assumed.
"""

from datetime import UTC, datetime
from typing import Any

import jwt

from migrate.emulator.arm.call import Caller
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.clouds import ARM_APP_ID
from migrate.emulator.state.records import Resource
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys


def identify(tenant: Tenant, keys: SigningKeys, authorization: str | None) -> Caller:
    """Verify a bearer token: signature, audience, tenant and time."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        message = "Authentication failed. The 'Authorization' header is missing."
        raise _refused(tenant, "AuthenticationFailed", message, "invalid_token")
    claims = _verified(tenant, keys, token.strip())
    return Caller(app_id=str(claims.get("appid") or claims.get("azp")), object_id=str(claims.get("oid")))


def _refused(tenant: Tenant, code: str, message: str, error: str = "invalid_token") -> ArmError:
    where = f"https://{tenant.cloud.login_host}/{tenant.id}"
    described = message.replace('"', "'")
    challenge = f'Bearer authorization_uri="{where}", error="{error}", error_description="{described}"'
    return ArmError(401, code, message, headers={"www-authenticate": challenge})


def _verified(tenant: Tenant, keys: SigningKeys, token: str) -> dict[str, Any]:
    invalid = _refused(tenant, "InvalidAuthenticationToken", "The access token is invalid.")
    try:
        claims = keys.verified(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise invalid from error
    if claims is None:
        raise invalid
    _check_audience(tenant, claims.get("aud"))
    if claims.get("tid") != tenant.id:
        raise _wrong_tenant(tenant, claims)
    _check_time(tenant, claims)
    return claims


def audiences(resource: Resource | None) -> tuple[str, ...]:
    """List every spelling of the audience that Azure Resource Manager accepts."""
    names = [] if resource is None else [name for name in resource.names if "://" in name]
    return tuple(f"{name}{ending}" for name in reversed(names) for ending in ("/", ""))


def _check_audience(tenant: Tenant, audience: object) -> None:
    resource = tenant.resource_named(ARM_APP_ID)
    accepted = audiences(resource)
    if resource is None or audience not in (*accepted, resource.app_id):
        listed = ",".join(f"'{name}'" for name in accepted)
        raise _refused(
            tenant,
            "InvalidAuthenticationTokenAudience",
            f"The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match "
            f"with one of the allowed audiences {listed}.",
        )


def _wrong_tenant(tenant: Tenant, claims: dict[str, Any]) -> ArmError:
    issuer, expected = claims.get("iss"), tenant.cloud.issuer_v1(tenant.id)
    return _refused(
        tenant,
        "InvalidAuthenticationTokenTenant",
        f"The access token is from the wrong issuer '{issuer}'. It must match the tenant '{expected}' associated with "
        f"this subscription. Please use the authority (URL) 'https://{tenant.cloud.login_host}/{tenant.id}' to get the "
        "token.",
    )


def _check_time(tenant: Tenant, claims: dict[str, Any]) -> None:
    now = tenant.clock.timestamp() + tenant.faults.skew("tokens")  # by the clock that wrote them
    expiry = claims.get("exp", 0)
    if claims.get("nbf", 0) <= now < expiry:
        return
    raise expired(tenant, expiry, now)


def expired(tenant: Tenant, expiry: float, now: float) -> ArmError:
    """Word the refusal of a token that is past its time; both moments in seconds since the epoch."""
    shown = [f"{datetime.fromtimestamp(moment, UTC):%m/%d/%Y %H:%M:%S}" for moment in (expiry, now)]
    return _refused(
        tenant,
        "ExpiredAuthenticationToken",
        f"The access token expiry UTC time '{shown[0]}' is earlier than current UTC time '{shown[1]}'.",
    )
