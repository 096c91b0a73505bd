"""The claims of the tokens that the tenant issues.

Claim names of v2.0 application tokens are recorded; Microsoft Graph and Azure Resource Manager receive v1.0 tokens,
whose names follow page "Access token claims reference". Tokens for the exchange audience carry the claims and the
lifetime that were observed on one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from migrate.emulator.clouds import EXCHANGE_APP_ID
from migrate.emulator.ids import fresh_guid, random_looking
from migrate.emulator.state.app_roles import role_values
from migrate.emulator.state.records import ManagedIdentity, Resource, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import APP_TOKEN_LIFE, EXCHANGE_TOKEN_LIFE, SignedToken, SigningKeys

FEDERATION_CLAIM: Final = "xms_ficinfo"
"""Marks a token that was got with a federated credential (observed on v2.0 tokens)."""
_FEDERATION_MARK: Final = "CAAQABgAIAAoAjAA"  # observed; what it encodes is not known
_SECRET, _ASSERTION = "1", "2"  # azpacr and appidacr (page "Access token claims reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token and its ``uti``, which the sign-in log shows."""

    signed: SignedToken
    token_id: str


class TokenIssuer:
    """Issues access tokens to applications and to managed identities."""

    def __init__(self, tenant: Tenant, keys: SigningKeys) -> None:
        self._tenant = tenant
        self._keys = keys

    def for_application(
        self,
        principal: ServicePrincipal,
        resource: Resource,
        *,
        by_secret: bool,
        by_federation: bool = False,
        capabilities: Sequence[str] = (),
    ) -> IssuedToken:
        """Issue an application's token."""
        claims = self._claims(principal, resource, _SECRET if by_secret else _ASSERTION)
        if resource.version == "2.0":
            claims["xms_ftd"] = random_looking("ftd", claims["uti"], length=64)
        self._mark(claims, resource, by_federation=by_federation, capabilities=capabilities)
        return self._signed(claims, APP_TOKEN_LIFE, resource)

    def for_identity(
        self,
        principal: ServicePrincipal,
        identity: ManagedIdentity,
        resource: Resource,
        *,
        by_federation: bool = False,
        capabilities: Sequence[str] = (),
    ) -> IssuedToken:
        """Issue a managed identity's token, which lives for a day (assumed of those got by federation)."""
        claims = self._claims(principal, resource, _ASSERTION)
        claims["idtyp"] = "app"
        if resource.app_id != EXCHANGE_APP_ID:
            claims["xms_mirid"] = identity.resource_id
        self._mark(claims, resource, by_federation=by_federation, capabilities=capabilities)
        return self._signed(claims, EXCHANGE_TOKEN_LIFE, resource)

    @staticmethod
    def _mark(claims: dict[str, Any], resource: Resource, *, by_federation: bool, capabilities: Sequence[str]) -> None:
        if by_federation and resource.version == "2.0":
            claims[FEDERATION_CLAIM] = _FEDERATION_MARK
        if capabilities:
            claims["xms_cc"] = list(capabilities)

    def _signed(self, claims: dict[str, Any], life: int, resource: Resource) -> IssuedToken:
        signed = self._keys.sign(claims, life, version=resource.version)
        return IssuedToken(signed=signed, token_id=claims["uti"])

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
        roles = role_values(self._tenant, principal, resource.app_id)
        if roles:
            shared["roles"] = roles
        if resource.version == "2.0":
            issuer = self._tenant.cloud.issuer(self._tenant.id)
            return {**shared, "iss": issuer, "azp": principal.app_id, "azpacr": method}
        issuer = self._tenant.cloud.issuer_v1(self._tenant.id)
        first = {"iss": issuer, "idp": issuer, "idtyp": "app", "app_displayname": principal.display_name}
        return {**shared, **first, "appid": principal.app_id, "appidacr": method}
