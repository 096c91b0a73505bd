"""What a host's managed-identity endpoint gives out, whichever protocol it speaks.

Sources: pages "How to use managed identities for Azure resources on an Azure VM to acquire an access token" and "How
to use managed identities for App Service and Azure Functions". Tokens stay the same for 24 hours for each host,
identity and resource, and nothing clears that cache (page "Managed identity best practice recommendations"): a cached
token is given out even after the identity was detached, deleted, or made anew under the same name. Both texts of the
metadata service's refusals are recorded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from migrate.emulator.state.records import Host, HostKind, ManagedIdentity, Resource
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
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
    """Which identity a program asked for: by client id, by principal (object) id or by ARM resource id.

    The pages ask for one of them; where several are given, all must name the same identity (assumed).
    """

    client_id: str | None = None
    object_id: str | None = None
    resource_id: str | None = None

    def names_one(self) -> bool:
        """Whether any identity was named."""
        return any((self.client_id, self.object_id, self.resource_id))

    def matches(self, identity: ManagedIdentity) -> bool:
        """Whether an identity is the named one; ARM ids compare without case."""
        asked = (self.client_id, self.object_id, self.resource_id)
        held = (identity.client_id, identity.principal_id, identity.resource_id.lower())
        return all(not wanted or wanted.lower() == has for wanted, has in zip(asked, held, strict=True))


class IdentityRefusedError(Exception):
    """A request to a managed-identity endpoint that is refused, ``description`` in the words of the metadata service.

    ``named``: the program named an identity that the host does not hold.
    """

    def __init__(self, description: str, *, named: bool) -> None:
        super().__init__(description)
        self.description = description
        self.named = named


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedToken:
    """A token that a host gets again for some time."""

    host: str
    resource_app_id: str
    since: datetime
    identity: ManagedIdentity
    token: IdentityToken


class ManagedIdentityService:
    """Gives tokens to hosts."""

    def __init__(self, tenant: Tenant, issuer: TokenIssuer, cached: Iterable[CachedToken] = ()) -> None:
        self._tenant = tenant
        self._issuer = issuer
        self._cache: dict[tuple[str, str], dict[str, CachedToken]] = {}
        for entry in cached:
            self._keep(entry)

    def _keep(self, entry: CachedToken) -> None:
        self._cache.setdefault((entry.host, entry.resource_app_id), {})[entry.identity.principal_id] = entry

    def cached(self) -> list[CachedToken]:
        """List every token that was given out and may be given out again."""
        return [entry for entries in list(self._cache.values()) for entry in list(entries.values())]

    def serves(self, host: str, *kinds: HostKind) -> bool:
        """Whether a host is of one of these kinds; the jump host, and one that does not exist, count as any."""
        known = self._tenant.hosts.get(host)
        return host == ROOT_HOST or known is None or known.kind in kinds

    def token(self, host: str, resource_name: str, selector: Selector, *, default_to_only: bool) -> IdentityToken:
        """Give a token for a resource, from the cache when there is one.

        ``default_to_only``: an unnamed identity may be the only user-assigned one (metadata service); App Service gives
        the system-assigned one or nothing. Raises IdentityRefusedError, and RefusedError for an unknown resource.
        """
        attached = self._attached(host)
        resource = self._resource(resource_name)
        remembered = self._remembered(host, resource)
        known = tuple(entry.identity for entry in remembered.values())
        if selector.names_one():
            identity = _named(selector, (*known, *attached))
        else:
            identity = _unnamed(attached or known, default_to_only=default_to_only)
        if identity.principal_id in remembered:
            return remembered[identity.principal_id].token
        fresh = self._issue(identity, resource, resource_name)
        now = self._tenant.clock.now()
        self._keep(CachedToken(host=host, resource_app_id=resource.app_id, since=now, identity=identity, token=fresh))
        return fresh

    def _attached(self, host: str) -> tuple[ManagedIdentity, ...]:
        attached = self._tenant.attached_to(host)
        if attached is None:
            raise IdentityRefusedError(_NOT_FOUND, named=False)
        known = self._tenant.hosts.get(host)
        return tuple(identity for identity in attached if known is None or _is_open_to_code(known, identity))

    def _remembered(self, host: str, resource: Resource) -> dict[str, CachedToken]:
        now, life = self._tenant.clock.now(), self._tenant.faults.identity_cache_life
        entries = self._cache.get((host, resource.app_id), {})
        return {key: entry for key, entry in entries.items() if now - entry.since < life(entry.identity, CACHE_LIFE)}

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
