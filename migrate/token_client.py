"""The exchange by azure-identity: managed identity token, then a token of the application; nothing is kept.

Both credential objects are made anew for each try, so that no cache can answer in the place of Entra: a token that was
cached by the old secret would otherwise be served to the assertion (azure-identity, token caching).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.identity import ClientAssertionCredential, CredentialUnavailableError, ManagedIdentityCredential

from inventory.model import TenantId
from migrate import aadsts
from migrate.errors import ExchangeFailedError
from migrate.exchanged import ExchangeClaims, Exchanged, ExchangeRefused, ExchangeResult
from migrate.model import Pairing

_LONGEST_MESSAGE = 300
_ANSWERED = "Token request error"
"""azure-identity says "no response" also before the error that the endpoint did answer with."""
_NO_ENDPOINT = ("no response from the IMDS endpoint", "No managed identity endpoint found")


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureTokenExchange:
    """Performs exchanges in one tenant; ``scope`` is the resource asked for, such as Microsoft Graph's ``.default``."""

    tenant_id: TenantId
    authority: str
    scope: str

    async def exchange(self, pairing: Pairing, tenant: TenantId | None = None) -> ExchangeResult:
        """Perform the exchange once, off the event loop; raises ExchangeFailedError where it cannot be tried here.

        The assertion is always of the application's own tenant; only the token is of another one ("Configure an
        application to trust a managed identity", multitenant applications).
        """
        return await asyncio.to_thread(self._exchange, pairing, tenant or self.tenant_id)

    def _exchange(self, pairing: Pairing, tenant: TenantId) -> ExchangeResult:
        assertion = self._assertion(pairing)
        return assertion if isinstance(assertion, ExchangeRefused) else self._token(pairing, tenant, assertion)

    def _assertion(self, pairing: Pairing) -> str | ExchangeRefused:
        try:
            with ManagedIdentityCredential(client_id=pairing.identity.client_id) as identity:
                return str(identity.get_token(f"{pairing.federated.audience}/.default").token)
        except CredentialUnavailableError as error:
            if any(text in str(error) for text in _NO_ENDPOINT) and _ANSWERED not in str(error):
                raise ExchangeFailedError(
                    "no managed identity endpoint answers here: run this on a host that has the identities attached"
                ) from error
            return _refused(error, asserted=False, hint=f"attach identity {pairing.identity.name} to this host")
        except AzureError as error:
            return _refused(error, asserted=False, hint=f"attach identity {pairing.identity.name} to this host")

    def _token(self, pairing: Pairing, tenant: TenantId, assertion: str) -> ExchangeResult:
        client_id = pairing.application.client_id
        try:
            with ClientAssertionCredential(tenant, client_id, lambda: assertion, authority=self.authority) as app:
                token = app.get_token(self.scope).token
            return Exchanged(claims=_claims(token, assertion))
        except ServiceRequestError as error:
            raise ExchangeFailedError(f"cannot reach {self.authority}: {_line(error)}; check the network") from error
        except (ClientAuthenticationError, AzureError, jwt.PyJWTError) as error:
            return _refused(error, asserted=True, hint=aadsts.hint(aadsts.code(str(error))))


def _claims(token: str, assertion: str) -> ExchangeClaims:
    """Read the claims of both tokens.

    No signature is checked: the tokens came over TLS straight from their issuer (OpenID Connect Core, 3.1.3.7), and
    whether Entra accepts them is what the exchange has just shown.
    """
    claims, asserted = _read(token), _read(assertion)
    return ExchangeClaims(
        application=str(claims.get("appid") or claims.get("azp") or ""),
        tenant=str(claims.get("tid", "")),
        credential_class=str(claims.get("appidacr") or claims.get("azpacr") or ""),
        audience=str(claims.get("aud", "")),
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        token_id=str(claims.get("uti", "")),
        assertion_issuer=str(asserted.get("iss", "")),
        assertion_subject=str(asserted.get("sub", "")),
        assertion_audience=str(asserted.get("aud", "")),
    )


def _read(token: str) -> dict[str, Any]:
    options: Any = {"verify_signature": False, "require": ["iat", "exp"]}
    return jwt.decode(token, options=options)


def _refused(error: Exception, *, asserted: bool, hint: str) -> ExchangeRefused:
    return ExchangeRefused(code=aadsts.code(str(error)), message=_line(error), hint=hint, asserted=asserted)


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:_LONGEST_MESSAGE]
