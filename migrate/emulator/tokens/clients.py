"""Who a token request comes from."""

from dataclasses import dataclass

from migrate.emulator.state.records import Application, ManagedIdentity, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError
from migrate.emulator.tokens.requests import is_guid


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client: an application registered here or elsewhere, or a managed identity."""

    application: Application
    """The registration; of a client that has none here, an empty one with what this tenant knows."""
    principal: ServicePrincipal | None
    identity: ManagedIdentity | None = None

    @property
    def keeper_of_keys(self) -> ServicePrincipal | None:
        """Where credentials beside the registration's lie; those of a managed identity are Microsoft's alone."""
        return None if self.identity else self.principal

    def admitted(self, presented: Presented, tenant_id: str) -> ServicePrincipal:
        """Give the service principal, or refuse a client that has none here or is switched off."""
        app_id = self.application.app_id
        if self.principal is None:
            raise RefusedError(Refusal.NO_SERVICE_PRINCIPAL, presented, app=app_id, tenant=tenant_id)
        if self.application.is_disabled or not self.principal.account_enabled:
            raise RefusedError(Refusal.DISABLED, presented, app=app_id, name=self.application.display_name)
        return self.principal


def find_client(tenant: Tenant, client_id: str) -> Client:
    """Find who has a client id; refused with AADSTS700038 or 700016 when nobody has."""
    principal = tenant.service_principals.with_app_id(client_id)
    principal = principal and tenant.faults.at_token_endpoint(principal)
    found = tenant.applications.with_app_id(client_id)
    if found is not None:
        return Client(application=tenant.faults.at_token_endpoint(found), principal=principal)
    if principal is None or principal.type == "Legacy":
        raise _nobody(tenant, client_id)
    identity = tenant.identities.get(principal.id) if principal.type == "ManagedIdentity" else None
    if principal.type == "ManagedIdentity" and identity is None:
        raise _nobody(tenant, client_id)
    # Registered in another tenant, or not at all: here it has nothing but its service principal, the credentials on
    # that, and a managed identity the federated credentials that Azure Resource Manager keeps.
    empty = Application(
        id="",
        app_id=principal.app_id,
        display_name=principal.display_name,
        created=principal.created or tenant.clock.start,
        federated=identity.federated if identity else (),
    )
    return Client(application=empty, principal=principal, identity=identity)


def _nobody(tenant: Tenant, client_id: str) -> RefusedError:
    # Recorded: a made-up GUID gets 700038. Assumed: 700016 is left for names that were or could be an application's
    # (a deleted one, one that is not a GUID), as older reports show it.
    known = tenant.deleted_applications.with_app_id(client_id)
    if known is None and is_guid(client_id):
        return RefusedError(Refusal.NOT_AN_APPLICATION, app=client_id)
    return RefusedError(Refusal.NOT_IN_DIRECTORY, app=client_id[:100], tenant=tenant.display_name)
