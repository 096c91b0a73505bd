"""The claims of the tokens that the tenant issues.

Claim names of v2.0 application tokens are recorded; Microsoft Graph and Azure Resource Manager receive v1.0 tokens,
whose names follow page "Access token claims reference". Tokens for the exchange audience carry the claims and the
lifetime that were observed on one.
"""

from typing import Any

from migrate.emulator.clouds import EXCHANGE_APP_ID, GRAPH_APP_ID
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import ManagedIdentity, Resource, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import APP_TOKEN_LIFE, EXCHANGE_TOKEN_LIFE, SigningKeys, random_looking


class TokenIssuer:
    """Issues access tokens to applications and to managed identities."""

    def __init__(self, tenant: Tenant, keys: SigningKeys) -> None:
        self._tenant = tenant
        self._keys = keys

    def for_application(self, principal: ServicePrincipal, resource: Resource, *, by_secret: bool) -> tuple[str, str]:
        """Issue an application's token; gives the token and its ``uti``."""
        method = "1" if by_secret else "2"  # azpacr: 1 = secret, 2 = certificate or federated assertion
        claims = self._claims(principal, resource, method)
        if resource.version == "2.0":
            claims["xms_ftd"] = random_looking("ftd", claims["uti"], length=64)
        return self._keys.sign(claims, APP_TOKEN_LIFE, version=resource.version), claims["uti"]

    def for_identity(
        self, principal: ServicePrincipal, identity: ManagedIdentity, resource: Resource
    ) -> tuple[str, str]:
        """Issue a managed identity's token, which lives for a day."""
        claims = self._claims(principal, resource, "2")
        claims["idtyp"] = "app"
        if resource.app_id != EXCHANGE_APP_ID:
            claims["xms_mirid"] = identity.resource_id
        return self._keys.sign(claims, EXCHANGE_TOKEN_LIFE, version=resource.version), claims["uti"]

    def _claims(self, principal: ServicePrincipal, resource: Resource, method: str) -> dict[str, Any]:
        token_id = random_looking("uti", fresh_guid())
        shared: dict[str, Any] = {
            "aud": resource.audience,
            "aio": random_looking("aio", token_id, length=52),
            "oid": principal.id,
            "rh": f"1.{random_looking('rh', self._tenant.id, resource.app_id, length=40)}.",
            "sub": principal.id,
            "tid": self._tenant.id,
            "uti": token_id,
            "ver": resource.version,
        }
        if resource.app_id == GRAPH_APP_ID and principal.roles:
            shared["roles"] = list(principal.roles)
        if resource.version == "2.0":
            issuer = self._tenant.cloud.issuer(self._tenant.id)
            return {**shared, "iss": issuer, "azp": principal.app_id, "azpacr": method}
        issuer = self._tenant.cloud.issuer_v1(self._tenant.id)
        first = {"iss": issuer, "idp": issuer, "idtyp": "app", "app_displayname": principal.display_name}
        return {**shared, **first, "appid": principal.app_id, "appidacr": method}
