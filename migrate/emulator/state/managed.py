"""Managed identities come and go together with their service principals.

Assumed: the certificate of a managed identity's service principal (Microsoft rotates it), and that a deleted identity's
service principal is gone at once and not among the deleted items.
"""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final

from migrate.emulator.certificates import CertificateRecipe
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import Host, KeyCredential, ManagedIdentity, ServicePrincipal
from migrate.emulator.state.tenant import Tenant

_CERTIFICATE_DAYS: Final = 90


def create(tenant: Tenant, *, name: str, resource_id: str, location: str, user_assigned: bool) -> ManagedIdentity:
    """Add an identity and its service principal."""
    identity = ManagedIdentity(
        name=name,
        resource_id=resource_id,
        client_id=fresh_guid(),
        principal_id=fresh_guid(),
        user_assigned=user_assigned,
        location=location,
    )
    principal = ServicePrincipal(
        id=identity.principal_id,
        app_id=identity.client_id,
        display_name=name,
        created=tenant.clock.now(),
        type="ManagedIdentity",
        owner_tenant=tenant.id,
        alternative_names=(f"isExplicit={user_assigned}", resource_id),
        keys=(_certificate(tenant, identity.client_id),),
    )
    with tenant.lock:
        tenant.save_service_principal(principal)
        tenant.identities[identity.principal_id] = identity
    return identity


def _certificate(tenant: Tenant, client_id: str) -> KeyCredential:
    start = tenant.clock.now().replace(microsecond=0)
    recipe = CertificateRecipe(
        common_name=client_id,
        serial=secrets.randbits(120) + 1,
        start=start,
        end=start + timedelta(days=_CERTIFICATE_DAYS),
        pool=0,
    )
    return KeyCredential(
        key_id=fresh_guid(), type="AsymmetricX509Cert", usage="Verify", start=recipe.start, end=recipe.end,
        certificate=recipe, display_name=f"CN={client_id}", custom_key_identifier=secrets.token_bytes(20),
    )  # fmt: skip


def delete(tenant: Tenant, principal_id: str) -> None:
    """Remove an identity and its service principal; tokens that hosts have cached stay valid."""
    with tenant.lock:
        tenant.identities.remove(principal_id)
        tenant.service_principals.remove(principal_id)


def set_attached(tenant: Tenant, host: Host, assigned: tuple[str, ...], *, has_own: bool) -> Host:
    """Give a host exactly these user-assigned identities, and one of its own or none."""
    with tenant.lock:
        held = [tenant.identities[each] for each in host.identities if each in tenant.identities]
        own = next((each for each in held if not each.user_assigned), None)
        if has_own and own is None:
            own = create(
                tenant, name=host.name, resource_id=host.resource_id, location=host.location, user_assigned=False
            )
        elif own is not None and not has_own:
            delete(tenant, own.principal_id)
            own = None
        return replace(host, identities=((own.principal_id,) if own else ()) + assigned)
