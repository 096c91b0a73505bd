"""A tenant read through Microsoft Graph: which requests are made, and how their answers are joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from inventory import convert, graph_audits, graph_changes, graph_flexible, graph_policies, graph_roles
from inventory.convert_roles import no_tier
from inventory.directory import Changed, Collection, FederatedOf, Page, TierOf
from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.estate import Policy, RoleHeld
from inventory.graph import GraphConnection
from inventory.graph_paging import dated, listing, literal, pages, understood
from inventory.graph_sign_ins import SignInLog
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    CredentialLog,
    FederatedCredential,
    IdentityNow,
    ManagedIdentity,
    PrincipalId,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignInHistory,
    TenantId,
)
from inventory.wire import WireIdentified, WirePage

# $select is left out on purpose: naming keyCredentials there costs the limit of 150 requests a minute for the whole
# tenant ("List applications"), and dates and ids come without it. Graph expands at most one relation a request, and
# at most 20 rows of it; an application cannot have more than 20 federated credentials.
_OWNERS = graph_changes.OWNERS
_APPLICATIONS = f"/v1.0/applications?$top=999&{_OWNERS}"
_FEDERATED = "/v1.0/applications?$top=999&$select=id&$expand=federatedIdentityCredentials"
_SERVICE_PRINCIPALS = f"/v1.0/servicePrincipals?$top=999&{_OWNERS}"
_OF_IDENTITY = "$select=id,appId,servicePrincipalType,accountEnabled"
_IDENTITY_FEDERATED = (
    "/v1.0/servicePrincipals?$top=999&$filter=servicePrincipalType%20eq%20'ManagedIdentity'"
    "&$select=id&$expand=federatedIdentityCredentials"
)


class GraphDirectory:
    """Implements ``inventory.directory.Directory`` on a connection that the caller opens and closes.

    ``tier_of`` judges the roles that are found. With ``measure_users`` the log of user sign-ins limits every history,
    not only one that shows any.
    """

    def __init__(self, connection: GraphConnection, *, measure_users: bool = False, tier_of: TierOf = no_tier) -> None:
        self._connection = connection
        self._tier_of = tier_of
        self._log = SignInLog(connection, self.now, measure_users=measure_users)

    async def tenant(self) -> TenantId:
        """Return the tenant's id: from ``/organization`` or, where that needs a permission we lack, from our token."""
        try:
            answer = await self._connection.get("/v1.0/organization?$select=id", WirePage)
        except (PermissionMissingError, ReadFailedError):
            told = await self._connection.token_tenant()
        else:
            found = [msgspec.json.decode(row, type=WireIdentified).id for row in answer.value.value]
            told = TenantId(found[0]) if found else None
        if told is None:
            raise ReadFailedError("the tenant did not tell its id; grant Organization.Read.All")
        return TenantId(told.lower())

    async def now(self) -> datetime:
        """Return the tenant's own time; one row of a listing, which needs no permission that the scan does not need."""
        return dated(await self._connection.get("/v1.0/applications?$top=1&$select=id", WirePage))

    def applications(self, cursor: str | None = None) -> AsyncIterator[Page[Application | ScanNote]]:
        """Yield all applications with their owners, of whom Graph tells at most 20."""
        return listing(self._connection, _APPLICATIONS, cursor, convert.applications().decoded)

    def federated(self, cursor: str | None = None) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        """Yield the federated credentials of all applications; ReadFailedError in a cloud without this ``$expand``."""
        found = listing(self._connection, _FEDERATED, cursor, convert.federated_listing().page)
        return graph_flexible.completed(self._connection, found)

    def service_principals(
        self, cursor: str | None = None
    ) -> AsyncIterator[Page[ServicePrincipal | ManagedIdentity | ScanNote]]:
        """Yield all service principals, managed identities among them."""
        return listing(self._connection, _SERVICE_PRINCIPALS, cursor, convert.service_principals().decoded)

    def identity_federated(self, cursor: str | None = None) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        """Yield the federated credentials of all managed identities; ReadFailedError as for ``federated``."""
        return listing(self._connection, _IDENTITY_FEDERATED, cursor, convert.federated_listing().page)

    def roles(self, cursor: str | None = None) -> AsyncIterator[Page[RoleHeld | ScanNote]]:
        """Yield who holds which role; without RoleManagement.Read.Directory a note stands for the directory roles."""
        return graph_roles.roles(self._connection, self._tier_of, cursor)

    def policies(self, cursor: str | None = None) -> AsyncIterator[Page[Policy | ScanNote]]:
        """Yield the app management policies; PermissionMissingError without Policy.Read.All."""
        return graph_policies.policies(self._connection, cursor)

    async def policies_of(self, object_id: ApplicationId) -> tuple[Policy | ScanNote, ...]:
        """Return the policies that one application is under now; PermissionMissingError without Policy.Read.All."""
        return await graph_policies.policies_of(self._connection, object_id)

    async def count(self, collection: Collection) -> int | None:
        """Return how many objects a collection has; None wherever Graph does not tell, for whatever reason."""
        return await graph_changes.count(self._connection, collection)

    async def delta_link(self, collection: Collection) -> str:
        """Return the link that tells what changes in a collection from now on."""
        return await graph_changes.delta_link(self._connection, collection)

    def changed(self, link: str) -> AsyncIterator[Page[Changed]]:
        """Yield what changed since a delta link, each object whole as it is now."""
        return graph_changes.changed(self._connection, link)

    def objects(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page[Changed]]:
        """Yield objects of a collection by their ids; what is not there as ``Removed``."""
        return graph_changes.objects(self._connection, collection, ids)

    async def application(self, object_id: ApplicationId, *, federated: bool = True) -> Application | None:
        """Return one application as it is now, None where Graph answers 404; ``federated`` costs a second request."""
        url = f"/v1.0/applications/{quote(object_id, safe='')}?{_OWNERS}"
        raw = await self._one(url)
        if raw is None:
            return None
        trusted = await self.federated_credentials(object_id) if federated else None
        return understood(convert.application(raw, trusted))

    async def service_principal(self, object_id: ServicePrincipalId) -> ServicePrincipal | None:
        """Return one service principal as it is now; None where Graph answers 404 or it is a managed identity."""
        return await self._principal(f"/v1.0/servicePrincipals/{quote(object_id, safe='')}?{_OWNERS}")

    async def principal_of(self, client_id: ClientId) -> ServicePrincipal | None:
        """Return the service principal of an application as it is now; None where Graph answers 404 or as above.

        The client id is the alternate key ``appId`` ("Get servicePrincipal").
        """
        key = quote(literal(client_id), safe="'")
        return await self._principal(f"/v1.0/servicePrincipals(appId={key})?{_OWNERS}")

    async def identity(self, principal_id: PrincipalId) -> IdentityNow | None:
        """Return what a managed identity is now; None where Graph answers 404, or it is something else."""
        raw = await self._one(f"/v1.0/servicePrincipals/{quote(principal_id, safe='')}?{_OF_IDENTITY}")
        return None if raw is None else understood(convert.identity_now(raw))

    async def federated_credentials(self, object_id: ApplicationId) -> tuple[FederatedCredential, ...]:
        """List the federated credentials of one application; listing is the call that Application.Read.All allows."""
        url = f"/v1.0/applications/{quote(object_id, safe='')}/federatedIdentityCredentials"
        reading = convert.federated_credentials()
        found = [one async for page in pages(self._connection, url, reading.page) for one in page.value.entries]
        federated = convert.in_order(understood(one) for one in found)
        return await graph_flexible.told_of(self._connection, object_id, federated)

    async def sign_ins(self, client_id: ClientId, since: datetime) -> SignInHistory:
        """Return the sign-ins since a time (aware), those of users included: a web application redeems codes with it.

        A record that is unreadable, or more sign-ins of users than one page, make the history unknown.
        """
        return await self._log.history(client_id, since)

    async def credential_log(self, object_id: ApplicationId | ServicePrincipalId) -> CredentialLog:
        """Return who added credentials of one object, as the audit log tells."""
        return await graph_audits.credential_log(self._connection, object_id)

    async def log_until(self) -> datetime | None:
        """Return the newest record of the tenant's sign-in log; None where it is empty or cannot be read."""
        return await self._log.until()

    async def _principal(self, url: str) -> ServicePrincipal | None:
        raw = await self._one(url)
        found = None if raw is None else understood(convert.service_principal(raw))
        return found if isinstance(found, ServicePrincipal) else None

    async def _one(self, url: str) -> msgspec.Raw | None:
        try:
            answer = await self._connection.get(url, msgspec.Raw)
        except ReadFailedError as error:
            if error.status == 404:  # noqa: PLR2004 - RFC 9110
                return None
            raise
        return answer.value
