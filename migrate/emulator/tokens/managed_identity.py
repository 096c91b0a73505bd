"""What a host's managed-identity endpoint gives out, whichever protocol it speaks.

Sources: pages "How to use managed identities for Azure resources on an Azure VM to acquire an access token" and "How
to use managed identities for App Service and Azure Functions". Tokens stay the same for 24 hours for each host,
identity and resource, and nothing clears that cache (page "Managed identity best practice recommendations"): a cached
token is given out even after the identity was detached, deleted, or made anew under the same name. Both texts of the
metadata service's refusals are recorded.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from migrate.emulator.state.records import Host, HostKind, ManagedIdentity, Resource
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
from migrate.emulator.tokens.identity_cache import CachedToken, IdentityToken, Selector, TokenCache
from migrate.emulator.tokens.issue import TokenIssuer
from migrate.emulator.tokens.logbook import note_identity
from migrate.emulator.tokens.refusals import Refusal, RefusedError

CACHE_LIFE: Final = timedelta(hours=24)
_NOT_FOUND: Final = "Identity not found"
_SEVERAL: Final = (
    "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token "
    "request"
)
_RUNNING: Final = ("Main", "All")


class IdentityRefusedError(Exception):
    """A request to a managed-identity endpoint that is refused, ``description`` in the words of the metadata service.

    ``named``: the program named an identity that the host does not hold.
    """

    def __init__(self, description: str, *, named: bool) -> None:
        super().__init__(description)
        self.description = description
        self.named = named


class ManagedIdentityService:
    """Gives tokens to hosts."""

    def __init__(self, tenant: Tenant, issuer: TokenIssuer, cached: Iterable[CachedToken] = ()) -> None:
        self._tenant = tenant
        self._issuer = issuer
        self._cache = TokenCache(cached)

    def cached(self) -> list[CachedToken]:
        """List every token that was given out and may be given out again."""
        return list(self._cache)

    def serves(self, host: str, *kinds: HostKind) -> bool:
        """Whether a host is of one of these kinds; the jump host, and one that does not exist, count as any."""
        known = self._tenant.hosts.get(host)
        return host == ROOT_HOST or known is None or known.kind in kinds

    def token(self, host: str, resource_name: str, selector: Selector, *, default_to_only: bool) -> IdentityToken:
        """Give a token for a resource, from the cache when there is one.

        ``default_to_only``: an unnamed identity may be the only user-assigned one (metadata service); App Service gives
        the system-assigned one or nothing. Raises IdentityRefusedError, and RefusedError for an unknown resource.
        """
        attached = self._attached(host, selector)
        resource = self._resource(resource_name)
        remembered = self._remembered(host, resource, selector)
        known = tuple(entry.identity for entry in remembered.values())
        if selector.names_one():
            identity = _named(selector, (*known, *attached))
        else:
            identity = _unnamed(attached or known, default_to_only=default_to_only)
        if identity.principal_id in remembered:
            return remembered[identity.principal_id].token
        fresh = self._issue(identity, resource, resource_name)
        now = self._tenant.clock.now()
        self._cache.keep(
            CachedToken(host=host, resource_app_id=resource.app_id, since=now, identity=identity, token=fresh)
        )
        return fresh

    def _attached(self, host: str, selector: Selector) -> tuple[ManagedIdentity, ...]:
        if host == ROOT_HOST and selector.names_one():
            return self._user_assigned(selector)
        attached = self._tenant.attached_to(host)
        if attached is None:
            raise IdentityRefusedError(_NOT_FOUND, named=False)
        known = self._tenant.hosts.get(host)
        return tuple(identity for identity in attached if known is None or _is_open_to_code(known, identity))

    def _user_assigned(self, selector: Selector) -> tuple[ManagedIdentity, ...]:
        """Find what the jump host, which every user-assigned identity is attached to, is asked for by name."""
        tenant = self._tenant
        if selector.object_id:
            found = tenant.identities.get(selector.object_id.lower())
        elif selector.client_id:
            principal = tenant.service_principals.with_app_id(selector.client_id.lower())
            found = None if principal is None else tenant.identities.get(principal.id)
        else:
            found = tenant.azure.identity_with_id(tenant.identities, selector.resource_id or "")
        return () if found is None or not found.user_assigned else (found,)

    def _remembered(self, host: str, resource: Resource, selector: Selector) -> dict[str, CachedToken]:
        now, life = self._tenant.clock.now(), self._tenant.faults.identity_cache_life
        entries = self._cache.of(host, resource.app_id, selector)
        return {
            entry.identity.principal_id: entry
            for entry in entries
            if now - entry.since < life(entry.identity, CACHE_LIFE)
        }

    def _resource(self, name: str) -> Resource:
        resource = self._tenant.resource_named(name)
        if resource is None:
            raise RefusedError(Refusal.UNKNOWN_RESOURCE, resource=name[:500], tenant=self._tenant.display_name)
        return resource

    def _issue(self, identity: ManagedIdentity, resource: Resource, asked_for: str) -> IdentityToken:
        principal = self._tenant.service_principals.get(identity.principal_id)
        if principal is None or not principal.account_enabled:
            raise IdentityRefusedError(_NOT_FOUND, named=True)
        issued = self._issuer.for_identity(principal, identity, resource)
        note_identity(self._tenant, principal, identity, resource, issued.token_id)
        return IdentityToken(
            token=issued.signed.token,
            resource=asked_for,
            client_id=identity.client_id,
            not_before=issued.signed.not_before,
            expires_on=issued.signed.expires_on,
        )


def _named(selector: Selector, identities: tuple[ManagedIdentity, ...]) -> ManagedIdentity:
    for identity in identities:
        if selector.matches(identity):
            return identity
    raise IdentityRefusedError(_NOT_FOUND, named=True)


def _unnamed(identities: tuple[ManagedIdentity, ...], *, default_to_only: bool) -> ManagedIdentity:
    system = [identity for identity in identities if not identity.user_assigned]
    if system:
        return system[0]
    if not default_to_only or not identities:
        raise IdentityRefusedError(_NOT_FOUND, named=False)
    if len(identities) > 1:
        raise IdentityRefusedError(_SEVERAL, named=False)
    return identities[0]


def _is_open_to_code(host: Host, identity: ManagedIdentity) -> bool:
    """Whether running code may use an identity of a container app.

    Page "Managed identities in Azure Container Apps": ``configuration.identitySettings`` names identities, the
    system-assigned one as ``system``, with a lifecycle of None, Init, Main or All, by default All.
    """
    configuration = host.others.get("configuration")
    settings = configuration.get("identitySettings") if isinstance(configuration, Mapping) else None
    if host.kind != "container-app" or not isinstance(settings, (list, tuple)):
        return True
    names = (identity.resource_id.lower(), *(() if identity.user_assigned else ("system",)))
    for setting in settings:
        if isinstance(setting, Mapping) and str(setting.get("identity", "")).lower() in names:
            return setting.get("lifecycle", "All") in _RUNNING
    return True
