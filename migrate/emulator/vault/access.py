"""Who calls a vault, and whether it may: bearer tokens, the 401 that tells where to get one, and role assignments.

A client asks without a token first and signs in as the answer says (page "Authentication, requests and responses":
``WWW-Authenticate: Bearer authorization="...", resource="..."``); azure-keyvault-secrets knows no other way. The words
of the refusals are those of public reports; that of a bad signature is assumed.
"""

from dataclasses import dataclass
from typing import Any, Final

import jwt

from migrate.emulator.state.azure import AzureResource
from migrate.emulator.state.roles import ROLES
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.vault.errors import VaultError

TYPE: Final = "Microsoft.KeyVault/vaults"
_SECRETS: Final = f"{TYPE}/secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultCaller:
    """Who asks, as the token says."""

    app_id: str
    object_id: str
    issuer: str


def vault_named(tenant: Tenant, host: str) -> AzureResource | None:
    """Find the vault of a host name, which is its name and the domain of the tenant's cloud; case does not count."""
    name, _, domain = host.lower().partition(".")
    if not name or domain != tenant.cloud.vault_domain:
        return None
    vaults = (each for each in tuple(tenant.azure.resources.values()) if each.type.lower() == TYPE.lower())
    return next((each for each in vaults if each.name.lower() == name), None)


def identify(tenant: Tenant, keys: SigningKeys, authorization: str | None) -> VaultCaller:
    """Verify a bearer token: signature, audience, tenant and time; VaultError with the challenge for any other."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _challenge(tenant, "AKV10000: Request is missing a Bearer or PoP token.")
    try:
        claims = keys.verified(token.strip())
    except (jwt.PyJWTError, ValueError, RecursionError):
        claims = None
    if claims is None:
        raise _challenge(tenant, "AKV10022: Invalid token.", "invalid_token")
    _check(tenant, claims)
    return VaultCaller(
        app_id=str(claims.get("appid") or claims.get("azp")),
        object_id=str(claims.get("oid")),
        issuer=str(claims.get("iss")),
    )


def _check(tenant: Tenant, claims: dict[str, Any]) -> None:
    resource = f"https://{tenant.cloud.vault_domain}"
    if str(claims.get("aud", "")).rstrip("/") != resource:
        message = f"AKV10022: Invalid audience. Expected {resource}, found: {claims.get('aud')}."
        raise _challenge(tenant, message, "invalid_token")
    if claims.get("tid") != tenant.id:
        raise _challenge(tenant, "AKV10032: Invalid issuer.", "invalid_token")
    now = tenant.clock.timestamp() + tenant.faults.skew("tokens")
    if not claims.get("nbf", 0) <= now < claims.get("exp", 0):
        raise _challenge(tenant, "AKV10023: Token is expired.", "invalid_token")


def _challenge(tenant: Tenant, message: str, error: str = "") -> VaultError:
    domain = tenant.cloud.vault_domain
    told = f'Bearer authorization="https://{tenant.cloud.login_host}/{tenant.id}", resource="https://{domain}"'
    described = message.replace('"', "'").replace(",", ";")
    told += f', error="{error}", error_description="{described}"' if error else ""
    return VaultError(401, "Unauthorized", message, headers={"www-authenticate": told})


def demand(tenant: Tenant, caller: VaultCaller, vault: AzureResource, action: str, name: str = "") -> None:
    """Refuse a caller to whom no role assignment at the vault or above it grants an action on secrets."""
    wanted, where = f"{_SECRETS}/{action}", vault.resource_id.lower()
    for each in tuple(tenant.azure.assignments.values()):
        above = each.scope.lower().rstrip("/")
        covers = where == above or where.startswith(f"{above}/")
        if each.principal_id == caller.object_id and covers and ROLES[each.role].allows_data(wanted):
            return
    target = f"{vault.resource_id.lower()}/secrets/{name}" if name else vault.resource_id.lower()
    raise VaultError(
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
        "definitions were changed recently, please observe propagation time.\r\n"
        f"Caller: appid={caller.app_id};oid={caller.object_id};iss={caller.issuer}\r\nAction: '{wanted}'\r\n"
        f"Resource: '{target}'\r\nAssignment: (not found)\r\nVault: {vault.name};location={vault.location}\r\n",
        inner="ForbiddenByRbac",
    )
