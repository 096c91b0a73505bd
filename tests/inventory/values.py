"""Values with defaults, so that a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from inventory.cloud import Cloud
from inventory.estate import (
    Host,
    HostSetting,
    Policy,
    Restriction,
    RoleHeld,
    RoleKind,
    SettingKind,
    Subscription,
    Tier,
)
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
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    Snapshot,
    TenantId,
)
from inventory.usage import EVERY_KIND, Source, SourceName, Use

ACTIVITY = SourceName("graph-credential-activity")
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TENANT = TenantId("aaaaaaaa-0000-4000-8000-000000000000")
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
PRINCIPAL = PrincipalId("bbbbbbbb-0000-4000-8000-000000000001")
IDENTITY_CLIENT = IdentityClientId("bbbbbbbb-0000-4000-8000-000000000002")


def guid(kind: str, number: int) -> str:
    return f"{kind * 8}-0000-4000-8000-{number:012d}"


def secret(
    number: int = 1,
    *,
    purpose: Purpose = Purpose.AUTHENTICATION,
    start: datetime | None = NOW - timedelta(days=100),
    end: datetime | None = NOW + timedelta(days=100),
    holder: Holder = Holder.APPLICATION,
    holder_id: str = guid("c", 1),
) -> Credential:
    return Credential(
        key_id=KeyId(guid("e", number)),
        kind=CredentialKind.SECRET,
        purpose=purpose,
        purpose_reason="made up",
        holder=holder,
        holder_id=holder_id,
        client_id=ClientId(guid("d", 1)),
        display_name="ci",
        hint="aB1",
        thumbprint=None,
        start=start,
        end=end,
    )


def owner(number: int = 1, *, name: str | None = "Ana") -> Owner:
    return Owner(object_id=guid("f", number), kind="user", display_name=name, enabled=True)


def trust(subject: str | None = PRINCIPAL, *, issuer: str = ISSUER, audience: str = "") -> FederatedCredential:
    return FederatedCredential(
        id=guid("9", 1),
        name="id-orders",
        issuer=issuer,
        subject=subject,
        audiences=(audience or "api://AzureADTokenExchange",),
    )


def application(
    number: int = 1,
    *,
    name: str = "orders-api",
    owners: tuple[Owner, ...] | None = (owner(),),
    credentials: tuple[Credential, ...] = (),
    federated: tuple[FederatedCredential, ...] | None = (),
    encryption_key: KeyId | None = None,
) -> Application:
    return Application(
        id=ApplicationId(guid("c", number)),
        client_id=ClientId(guid("d", number)),
        display_name=name,
        created=NOW - timedelta(days=900),
        sign_in_audience="AzureADMyOrg",
        disabled=False,
        tags=("a", "ü"),
        encryption_key=encryption_key,
        owners=owners,
        credentials=credentials,
        federated=federated,
    )


def principal(
    number: int = 1, *, credentials: tuple[Credential, ...] = (), encryption_key: KeyId | None = None
) -> ServicePrincipal:
    return ServicePrincipal(
        id=ServicePrincipalId(guid("7", number)),
        client_id=ClientId(guid("d", number)),
        display_name="orders-api",
        kind="Application",
        home_tenant=TENANT,
        enabled=True,
        sign_on_mode=None,
        encryption_key=encryption_key,
        owners=(),
        credentials=credentials,
    )


def identity() -> ManagedIdentity:
    return ManagedIdentity(
        principal_id=PRINCIPAL,
        client_id=IDENTITY_CLIENT,
        name="id-orders",
        resource_id=IDENTITY,
        user_assigned=True,
    )


def use(number: int = 1, *, at: datetime | None = NOW - timedelta(days=3), address: str | None = None) -> Use:
    return Use(
        source=ACTIVITY,
        client_id=ClientId(guid("d", 1)),
        key_id=KeyId(guid("e", number)),
        address=address,
        last=NOW,
        last_success=at,
    )


def source(name: SourceName | None = None, *, missing: str = "", blind: tuple[str, ...] = ()) -> Source:
    return Source(
        name=name or ACTIVITY,
        read_at=NOW,
        since=None if missing else NOW - timedelta(days=30),
        until=None if missing else NOW - timedelta(hours=1),
        retention_days=30,
        missing=missing,
        blind_spots=blind,
        sees=() if missing else EVERY_KIND,
    )


def role(
    principal_id: str = guid("7", 1), *, name: str = "Directory.Read.All", tier: Tier = Tier.MANAGEMENT
) -> RoleHeld:
    return RoleHeld(
        principal_id=principal_id,
        kind=RoleKind.APP_ROLE,
        role_id=guid("8", 1),
        role=name,
        resource="Microsoft Graph",
        scope="",
        tier=tier,
        reason="reads the whole directory",
    )


def policy(*, applies_to: tuple[str, ...] = (), default: bool = True) -> Policy:
    return Policy(
        id=guid("6", 1),
        name="no long secrets",
        is_default=default,
        enabled=True,
        restrictions=(
            Restriction(
                holder="applications",
                credentials="passwordCredentials",
                type="passwordLifetime",
                state="enabled",
                longest="P90D",
                for_apps_created_after=None,
            ),
        ),
        applies_to=applies_to,
    )


HOST = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/orders"
IDENTITY = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders"


def setting(name: str, kind: SettingKind, *, client: str | None = None, reference: str | None = None) -> HostSetting:
    return HostSetting(name=name, kind=kind, client_id=ClientId(client) if client else None, reference=reference)


def host(number: int = 1, *, settings: tuple[HostSetting, ...] | None = ()) -> Host:
    return Host(
        resource_id=f"{HOST}{number}",
        type="microsoft.web/sites",
        name=f"orders{number}",
        subscription_id="s",
        resource_group="g",
        location="westeurope",
        tags=(("env", "prod"), ("team", "ü")),
        system_principal=None,
        identities=(IDENTITY.lower(),),
        addresses=("203.0.113.7",),
        settings=settings,
    )


def snapshot(
    *applications: Application,
    principals: tuple[ServicePrincipal, ...] = (),
    identities: tuple[ManagedIdentity, ...] = (identity(),),
    uses: tuple[Use, ...] = (),
    sources: tuple[Source, ...] = (),
    hosts: tuple[Host, ...] = (),
    subscriptions: tuple[Subscription, ...] = (Subscription(id="s"),),
    roles: tuple[RoleHeld, ...] = (),
    policies: tuple[Policy, ...] = (),
    notes: tuple[ScanNote, ...] = (),
) -> Snapshot:
    return Snapshot(
        tenant_id=TENANT,
        cloud=Cloud.PUBLIC,
        taken_at=NOW,
        digest="",
        applications=applications,
        service_principals=principals,
        identities=identities,
        notes=notes,
        hosts=hosts,
        subscriptions=subscriptions,
        roles=roles,
        policies=policies,
        sources=sources,
        uses=uses,
    )
