"""Made-up tenants as values, for tests of rules."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory.cloud import Cloud
from inventory.estate import Host, HostSetting, RoleHeld, SettingKind
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    Credential,
    CredentialKind,
    FederatedCredential,
    Holder,
    IdentityClientId,
    KeyId,
    ManagedIdentity,
    Owner,
    PrincipalId,
    Purpose,
    ServicePrincipal,
    ServicePrincipalId,
    Snapshot,
    TenantId,
)
from inventory.usage import EVERY_KIND, Source, SourceName, Use

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
TENANT = TenantId("11111111-1111-4111-8111-111111111111")
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
AUDIENCE = "api://AzureADTokenExchange"
SITE = "microsoft.web/sites"
OWNER = Owner(object_id="o", kind="user", display_name="Someone", enabled=True)


def guid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def credential(
    name: str,
    *,
    purpose: Purpose = Purpose.AUTHENTICATION,
    kind: CredentialKind = CredentialKind.SECRET,
    holder: Holder = Holder.APPLICATION,
    days: int | None = 100,
    label: str = "one",
) -> Credential:
    return Credential(
        key_id=KeyId(guid(f"key {name} {label}")),
        kind=kind,
        purpose=purpose,
        purpose_reason="made for a test",
        holder=holder,
        holder_id=guid(f"{'application' if holder is Holder.APPLICATION else 'principal'} {name}"),
        client_id=ClientId(guid(f"client {name}")),
        display_name=label,
        hint="abc",
        thumbprint=guid(label).replace("-", "").upper() if kind is CredentialKind.CERTIFICATE else None,
        start=NOW - timedelta(days=50),
        end=NOW + timedelta(days=days) if days is not None else None,
    )


def application(
    name: str,
    *,
    credentials: tuple[Credential, ...] | None = None,
    federated: tuple[FederatedCredential, ...] | None = (),
    tags: tuple[str, ...] = (),
    disabled: bool = False,
    audience: str = "AzureADMyOrg",
    owners: tuple[Owner, ...] | None = (OWNER,),
    encryption_key: KeyId | None = None,
) -> Application:
    return Application(
        id=ApplicationId(guid(f"application {name}")),
        client_id=ClientId(guid(f"client {name}")),
        display_name=name,
        created=NOW - timedelta(days=400),
        sign_in_audience=audience,
        disabled=disabled,
        tags=tags,
        encryption_key=encryption_key,
        owners=owners,
        credentials=(credential(name),) if credentials is None else credentials,
        federated=federated,
    )


def principal(
    name: str,
    *,
    credentials: tuple[Credential, ...] = (),
    home: TenantId | None = TENANT,
    enabled: bool | None = True,
    encryption_key: KeyId | None = None,
) -> ServicePrincipal:
    return ServicePrincipal(
        id=ServicePrincipalId(guid(f"principal {name}")),
        client_id=ClientId(guid(f"client {name}")),
        display_name=name,
        kind="Application",
        home_tenant=home,
        enabled=enabled,
        sign_on_mode=None,
        encryption_key=encryption_key,
        owners=(OWNER,),
        credentials=credentials,
    )


def identity(name: str, *, user_assigned: bool | None = True, where: str = "rg") -> ManagedIdentity:
    group = f"/subscriptions/{guid('subscription')}/resourcegroups/{where}"
    return ManagedIdentity(
        principal_id=PrincipalId(guid(f"identity {where} {name}")),
        client_id=IdentityClientId(guid(f"identity client {where} {name}")),
        name=name,
        resource_id=f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
        user_assigned=user_assigned,
    )


def trust(
    of: ManagedIdentity, *, name: str = "by-hand", subject: str | None = None, audience: str = AUDIENCE
) -> FederatedCredential:
    return FederatedCredential(
        id=guid(name), name=name, issuer=ISSUER, subject=subject or of.principal_id, audiences=(audience,)
    )


def host(
    name: str,
    *attached: ManagedIdentity,
    uses: Application | None = None,
    names: tuple[Application, ...] = (),
    kind: str = SITE,
    tags: tuple[tuple[str, str], ...] = (),
    addresses: tuple[str, ...] = (),
    where: str = "rg",
    **changes: Any,
) -> Host:
    """Return a host that signs in as one application, by settings, and names others."""
    subscription = guid("subscription")
    group = f"/subscriptions/{subscription}/resourcegroups/{where}"
    clients = [("AZURE", uses)] if uses else []
    clients += [(f"OTHER{at}", one) for at, one in enumerate(names)]
    settings = [
        HostSetting(name=f"{prefix}_CLIENT_ID", kind=SettingKind.CLIENT_ID, client_id=one.client_id)
        for prefix, one in clients
    ]
    settings += [HostSetting(name="AZURE_CLIENT_SECRET", kind=SettingKind.SECRET)] if uses else []
    plain = Host(
        resource_id=f"{group}/providers/{kind}/{name}",
        type=kind,
        name=name,
        subscription_id=subscription,
        resource_group=where,
        location="westeurope",
        tags=tags,
        identities=tuple(sorted((one.resource_id or "").lower() for one in attached)),
        addresses=addresses,
        settings=tuple(settings),
    )
    return dataclasses.replace(plain, **changes)


def use(of: Application, *, address: str | None = None, days_ago: float = 1, successes: int = 5) -> Use:
    """Return sign-ins with a secret that nobody can tell from another one of the application."""
    last = NOW - timedelta(days=days_ago)
    return Use(
        source=SourceName("made"),
        client_id=of.client_id,
        address=address,
        delegated=False,
        first=last,
        last=last,
        last_success=last,
        successes=successes,
        failures=0,
    )


def log() -> Source:
    """Return a source that covers a month up to now."""
    return Source(
        name=SourceName("made"), read_at=NOW, since=NOW - timedelta(days=30), until=NOW, retention_days=30,
        sees=EVERY_KIND,
    )  # fmt: skip


def report() -> Source:
    """Return the report that tells which applications act for users."""
    return dataclasses.replace(log(), name=SourceName("report"), since=None, retention_days=None, sees=())


def no_users(of: Application) -> Use:
    """Return that the report knows of no user who signs in with an application."""
    return Use(source=SourceName("report"), client_id=of.client_id, delegated=True)


def snapshot(
    *applications: Application,
    identities: tuple[ManagedIdentity, ...] = (),
    principals: tuple[ServicePrincipal, ...] = (),
    cloud: Cloud = Cloud.PUBLIC,
    hosts: tuple[Host, ...] = (),
    uses: tuple[Use, ...] = (),
    sources: tuple[Source, ...] = (),
    roles: tuple[RoleHeld, ...] = (),
) -> Snapshot:
    return Snapshot(
        tenant_id=TENANT,
        cloud=cloud,
        taken_at=NOW,
        digest="d" * 64,
        applications=applications,
        service_principals=principals,
        identities=identities,
        notes=(),
        hosts=hosts,
        uses=uses,
        sources=sources,
        roles=roles,
    )
