"""Who calls Graph: bearer tokens, verified against this tenant's own keys.

Code, challenge and first texts are recorded in public reports; the text for a bad signature is assumed.
"""

from typing import Any, Final

import jwt

from migrate.emulator.clouds import GRAPH_APP_ID
from migrate.emulator.graph.call import Caller
from migrate.emulator.graph.errors import GraphError
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys

_CHALLENGE: Final = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    f'client_id="{GRAPH_APP_ID}"'
)


def _refused(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"www-authenticate": _CHALLENGE})


def expired() -> GraphError:
    """Word the refusal of a token that is past its time."""
    return _refused("Lifetime validation failed, the token is expired.")


def identify(tenant: Tenant, keys: SigningKeys, authorization: str | None) -> Caller:
    """Verify a bearer token: signature, issuer, audience, tenant and time."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _refused("Access token is empty.")
    claims = _verified(tenant, keys, token.strip())
    roles = claims.get("roles") or ()
    return Caller(app_id=str(claims.get("appid") or claims.get("azp")), roles=frozenset(roles))


def _verified(tenant: Tenant, keys: SigningKeys, token: str) -> dict[str, Any]:
    try:
        claims = keys.verified(token)
    except jwt.InvalidSignatureError as error:
        raise _refused("Access token validation failure. Invalid signature.") from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _refused("CompactToken parsing failed with error code: 80049217") from error
    if claims is None:
        raise _refused("Signing key is invalid.")
    graph = tenant.resource_named(GRAPH_APP_ID)
    if graph is None or claims.get("aud") not in (graph.audience, GRAPH_APP_ID):
        raise _refused("Access token validation failure. Invalid audience.")
    if claims.get("tid") != tenant.id:
        raise _refused("Access token validation failure. Invalid tenant.")
    now = tenant.clock.timestamp() + tenant.faults.skew("tokens")  # by the clock that wrote them
    if not claims.get("nbf", 0) <= now < claims.get("exp", 0):
        raise expired()
    return claims
