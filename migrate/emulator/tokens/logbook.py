"""Turns token requests into entries of the sign-in log."""

from dataclasses import dataclass, replace

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import ManagedIdentity, Resource, ServicePrincipal
from migrate.emulator.state.signins import SignIn
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.clients import Client
from migrate.emulator.tokens.refusals import Presented, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of a request at the token endpoint."""

    presented: Presented
    ip_address: str
    correlation_id: str
    token_id: str = ""
    refused: RefusedError | None = None


def _entry(
    tenant: Tenant, principal: ServicePrincipal | None, app_id: str, name: str, resource: Resource | None
) -> SignIn:
    return SignIn(
        id=fresh_guid(),
        created=tenant.clock.now(),
        event="servicePrincipal",
        app_id=app_id,
        app_display_name=name,
        service_principal_id="" if principal is None else principal.id,
        owner_tenant=tenant.id if principal is None else principal.owner_tenant,
        resource_id="" if resource is None else resource.app_id,
        resource_display_name="" if resource is None else resource.display_name,
        ip_address="127.0.0.1",
        correlation_id=fresh_guid(),
    )


def note_attempt(tenant: Tenant, client: Client, resource: Resource | None, attempt: Attempt) -> None:
    """Record one attempt to sign in at the token endpoint.

    A managed identity that comes with an outside token is a managed-identity sign-in; the fields for it,
    ``federatedTokenId`` and ``federatedTokenIssuer``, say so. The credential type of such an entry is assumed.
    """
    presented, refused = attempt.presented, attempt.refused
    application = client.application
    entry = _entry(tenant, client.principal, application.app_id, application.display_name, resource)
    if client.identity is not None:
        entry = _as_identity(entry, client.identity)
    tenant.sign_ins.record(
        replace(
            entry,
            ip_address=attempt.ip_address,
            correlation_id=attempt.correlation_id,
            credential_type=presented.credential_type,
            key_id=presented.key_id,
            certificate=presented.certificate,
            federated_credential_id=presented.federated_credential_id,
            origin="servicePrincipal" if presented.on_service_principal else "application",
            error_code=0 if refused is None else refused.code,
            failure_reason=None if refused is None else refused.text,
            token_id=attempt.token_id,
            federated_token_id=presented.assertion_id,
            federated_token_issuer=presented.assertion_issuer,
        )
    )


def note_identity(
    tenant: Tenant, principal: ServicePrincipal, identity: ManagedIdentity, resource: Resource, token_id: str
) -> None:
    """Record that a managed identity got a token from the host that it is attached to."""
    entry = _entry(tenant, principal, principal.app_id, principal.display_name, resource)
    entry = replace(_as_identity(entry, identity), credential_type="managedIdentity", token_id=token_id)
    tenant.sign_ins.record(entry)


def _as_identity(entry: SignIn, identity: ManagedIdentity) -> SignIn:
    return replace(
        entry,
        event="managedIdentity",
        identity_resource_id=identity.resource_id,
        user_assigned=identity.user_assigned,
    )
