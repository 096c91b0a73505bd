"""Managed-identity endpoints: the Azure Instance Metadata Service of a VM, and App Service's.

Sources: pages "How to use managed identities for Azure resources on an Azure VM to acquire an access token" and "How
to use managed identities for App Service and Azure Functions". Tokens stay the same for 24 hours for each host,
identity and resource, and nothing clears that cache (page "Managed identity best practice recommendations"): a cached
token is given out even after the identity was detached. The text for several identities is from public reports.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import jwt

from migrate.emulator.state.records import ManagedIdentity, Resource
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.issue import TokenIssuer
from migrate.emulator.tokens.logbook import note_identity

CACHE_LIFE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityToken:
    """A token that a managed identity got."""

    token: str = field(repr=False)
    resource: str
    client_id: str
    not_before: int
    expires_on: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which identity a program asked for: by client id, by principal (object) id or by ARM resource id."""

    client_id: str | None = None
    object_id: str | None = None
    resource_id: str | None = None

    def names_one(self) -> bool:
        """Whether any identity was named."""
        return any((self.client_id, self.object_id, self.resource_id))

    def matches(self, identity: ManagedIdentity) -> bool:
        """Whether an identity is the named one; ARM ids compare without case."""
        return (
            (self.client_id or "").lower() == identity.client_id
            or (self.object_id or "").lower() == identity.principal_id
            or (self.resource_id or "").lower() == identity.resource_id.lower()
        )


class IdentityRefusedError(Exception):
    """A request to a managed-identity endpoint that is refused, in the words of the metadata service."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class ManagedIdentityService:
    """Gives tokens to hosts."""

    def __init__(self, tenant: Tenant, issuer: TokenIssuer) -> None:
        self._tenant = tenant
        self._issuer = issuer
        self._cache: dict[tuple[str, str, str], tuple[datetime, IdentityToken]] = {}

    def token(self, host: str, resource_name: str, selector: Selector, *, default_to_only: bool) -> IdentityToken:
        """Give a token for a resource, from the cache when there is one.

        ``default_to_only``: an unnamed identity may be the only user-assigned one (metadata service); App Service gives
        the system-assigned one or nothing.
        """
        attached = self._tenant.attached_to(host)
        if attached is None:
            raise IdentityRefusedError("invalid_request", "Identity not found")
        resource = self._resource(resource_name)
        if selector.names_one():
            identity = self._named(selector)
        else:
            identity = _unnamed(attached, default_to_only=default_to_only)
        key = (host, identity.principal_id, resource.app_id)
        cached = self._cache.get(key)
        if cached is not None and self._tenant.clock.now() - cached[0] < CACHE_LIFE:
            return cached[1]
        if identity not in attached:
            raise IdentityRefusedError("invalid_request", "Identity not found")
        fresh = self._issue(identity, resource, resource_name)
        self._cache[key] = (self._tenant.clock.now(), fresh)
        return fresh

    def _resource(self, name: str) -> Resource:
        resource = self._tenant.resource_named(name)
        if resource is None:
            raise IdentityRefusedError(
                "invalid_resource",
                f"AADSTS500011: The resource principal named {name} was not found in the tenant named "
                f"{self._tenant.display_name}. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant. You might have sent your "
                "authentication request to the wrong tenant.",
            )
        return resource

    def _named(self, selector: Selector) -> ManagedIdentity:
        for identity in self._tenant.identities.values():
            if selector.matches(identity):
                return identity
        raise IdentityRefusedError("invalid_request", "Identity not found")

    def _issue(self, identity: ManagedIdentity, resource: Resource, asked_for: str) -> IdentityToken:
        principal = self._tenant.service_principals.get(identity.principal_id)
        if principal is None or not principal.account_enabled:
            raise IdentityRefusedError("invalid_request", "Identity not found")
        token, token_id = self._issuer.for_identity(principal, identity, resource)
        note_identity(self._tenant, principal, identity, resource, token_id)
        claims = jwt.decode(token, options={"verify_signature": False})
        return IdentityToken(
            token=token,
            resource=asked_for,
            client_id=identity.client_id,
            not_before=claims["nbf"],
            expires_on=claims["exp"],
        )


def _unnamed(attached: tuple[ManagedIdentity, ...], *, default_to_only: bool) -> ManagedIdentity:
    system = [identity for identity in attached if not identity.user_assigned]
    if system:
        return system[0]
    if not default_to_only or not attached:
        raise IdentityRefusedError("invalid_request", "Identity not found")
    if len(attached) > 1:
        raise IdentityRefusedError(
            "invalid_request",
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the "
            "token request",
        )
    return attached[0]
