"""Turns token requests into entries of the sign-in log."""

from dataclasses import replace

from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.records import Application, ManagedIdentity, Resource, ServicePrincipal
from migrate.emulator.state.signins import SignIn
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.refusals import Presented, RefusedError


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


def note_application(
    tenant: Tenant,
    application: Application,
    resource: Resource | None,
    presented: Presented,
    *,
    ip_address: str,
    correlation_id: str,
    token_id: str = "",
    refused: RefusedError | None = None,
) -> None:
    """Record one attempt of an application to sign in."""
    principal = tenant.service_principals.with_app_id(application.app_id)
    entry = _entry(tenant, principal, application.app_id, application.display_name, resource)
    tenant.sign_ins.record(
        replace(
            entry,
            ip_address=ip_address,
            correlation_id=correlation_id,
            credential_type=presented.credential_type,
            key_id=presented.key_id,
            certificate=presented.certificate,
            federated_credential_id=presented.federated_credential_id,
            origin="servicePrincipal" if presented.on_service_principal else "application",
            error_code=0 if refused is None else refused.code,
            failure_reason=None if refused is None else refused.text,
            token_id=token_id,
            federated_token_id=presented.assertion_id,
            federated_token_issuer=presented.assertion_issuer,
        )
    )


def note_identity(
    tenant: Tenant, principal: ServicePrincipal, identity: ManagedIdentity, resource: Resource, token_id: str
) -> None:
    """Record that a managed identity got a token."""
    entry = _entry(tenant, principal, principal.app_id, principal.display_name, resource)
    tenant.sign_ins.record(
        replace(
            entry,
            event="managedIdentity",
            credential_type="managedIdentity",
            token_id=token_id,
            identity_resource_id=identity.resource_id,
            user_assigned=identity.user_assigned,
        )
    )
