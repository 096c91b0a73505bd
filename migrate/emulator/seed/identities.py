"""Managed identities and the hosts that they are attached to."""

from typing import Final

from migrate.emulator.ids import seeded_guid
from migrate.emulator.seed.deployment import deployed
from migrate.emulator.seed.maker import Maker
from migrate.emulator.state.records import (
    HOST_TYPES,
    Application,
    Host,
    HostKind,
    ManagedIdentity,
    ServicePrincipal,
)

_MACHINES: Final = "machines"


def subscription(maker: Maker, environment: str) -> str:
    """Give the subscription of an environment: production has its own, the others share one."""
    return seeded_guid(maker.seed, "subscription", environment == "prod")


def location_of(environment: str) -> str:
    """Give the region of an environment."""
    return "westeurope" if environment == "prod" else "northeurope"


def group_named(maker: Maker, purpose: str, environment: str) -> str:
    """Give a resource group, made when it is missing."""
    name = f"rg-{purpose}-{environment}"
    maker.tenant.azure.ensure_group(subscription(maker, environment), name, location_of(environment))
    return name


def environment_of(name: str) -> str:
    """Read the environment from a name; names without one belong to production."""
    last = name.rpartition("-")[2]
    return last if last in ("test", "dev", "stage") else "prod"


def add_identity(
    maker: Maker, name: str, *, environment: str = "prod", group: str = "identities", type_path: str = ""
) -> ManagedIdentity:
    """Add an identity with its service principal; ``type_path`` of a system-assigned one names its resource."""
    path = type_path or "Microsoft.ManagedIdentity/userAssignedIdentities"
    # Resource ids differ in the case of "resourceGroups" between services; tools must not trip over it.
    groups = maker.dice.choice(("resourcegroups", "resourceGroups"))
    where = f"/subscriptions/{subscription(maker, environment)}/{groups}/{group_named(maker, group, environment)}"
    identity = ManagedIdentity(
        name=name,
        resource_id=f"{where}/providers/{path}/{name}",
        client_id=maker.guid(),
        principal_id=maker.guid(),
        user_assigned=not type_path,
        location=location_of(environment),
    )
    explicit = f"isExplicit={identity.user_assigned}"
    names = [explicit, identity.resource_id]
    maker.dice.shuffle(names)  # the order is not guaranteed
    principal = ServicePrincipal(
        id=identity.principal_id,
        app_id=identity.client_id,
        display_name=name,
        created=maker.long_ago(10, 600),
        type="ManagedIdentity",
        owner_tenant=maker.tenant.id,
        alternative_names=tuple(names),
        # Microsoft rotates a certificate here (assumed). An identifier of its own spares making the certificate.
        keys=(maker.certificate(identity.client_id, 60, custom_key_identifier=maker.dice.randbytes(20)),),
    )
    maker.tenant.identities[identity.principal_id] = identity
    maker.tenant.save_service_principal(principal)
    return identity


def add_host(
    maker: Maker,
    name: str,
    kind: HostKind,
    *identities: ManagedIdentity,
    environment: str = "prod",
    group: str = "apps",
    application: Application | None = None,
) -> Host:
    """Add a host with identities attached; the one that runs an application holds its settings."""
    host = Host(
        name=name,
        kind=kind,
        identities=tuple(identity.principal_id for identity in identities),
        subscription_id=subscription(maker, environment),
        group=group_named(maker, group, environment),
        location=location_of(environment),
    )
    if application is not None:
        host = deployed(maker, host, application)
    maker.tenant.hosts[name] = host
    return host


def add_system_assigned(maker: Maker, name: str, kind: HostKind) -> ManagedIdentity:
    """Add a host that has an identity of its own."""
    identity = add_identity(maker, name, type_path=HOST_TYPES[kind], group=_MACHINES)
    add_host(maker, name, kind, identity, group=_MACHINES)
    return identity


def add_pair(
    maker: Maker, application_name: str, *, plain: bool = False, application: Application | None = None
) -> ManagedIdentity:
    """Add the one identity that clearly belongs to an application, on one host or two."""
    pattern = "id-{}" if plain else maker.dice.choice(("id-{}", "id-{}", "id-{}", "{}-identity", "uami-{}"))
    environment = environment_of(application_name)
    identity = add_identity(maker, pattern.format(application_name), environment=environment)
    kind: HostKind = "vm" if plain or maker.dice.choice(("vm", "app-service")) == "vm" else "app-service"
    prefix = "vm" if kind == "vm" else "app"
    add_host(
        maker, f"{prefix}-{application_name}", kind, identity, environment=environment, application=application
    )  # fmt: skip
    if not plain and maker.chance(0.2):
        add_host(
            maker, f"{prefix}-{application_name}-2", kind, identity, environment=environment, application=application
        )  # fmt: skip
    return identity


def add_ambiguous(maker: Maker, application_name: str) -> None:
    """Add two identities that could both belong to an application."""
    environment = environment_of(application_name)
    for group in ("blue", "green"):
        identity = add_identity(maker, f"id-{application_name}", environment=environment, group=group)
        add_host(maker, f"vm-{application_name}-{group}", "vm", identity, environment=environment, group=group)


def add_decoy(maker: Maker, application_name: str) -> None:
    """Add an identity of the same service in another environment and subscription."""
    base, _, environment = application_name.rpartition("-")
    other = "dev" if environment == "prod" else "prod"
    identity = add_identity(maker, f"id-{base}-{other}", environment=other, group=f"beside-{environment}")
    add_host(maker, f"vm-{application_name}-decoy", "vm", identity, environment=other)
