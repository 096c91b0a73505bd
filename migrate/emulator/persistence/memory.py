"""What an emulator remembers, and the parts in which a file holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.certificates import CertificateRecipe
from migrate.emulator.clock import ShiftedClock
from migrate.emulator.state.audits import Audit
from migrate.emulator.state.azure import AzureResource, ResourceGroup, RoleAssignment, Subscription
from migrate.emulator.state.hooks import Unsettled
from migrate.emulator.state.past import Use
from migrate.emulator.state.policies import PolicyBook
from migrate.emulator.state.records import Application, Host, ManagedIdentity, Resource, ServicePrincipal, User
from migrate.emulator.state.shelf import Shelf
from migrate.emulator.state.signins import SignIn
from migrate.emulator.state.table import Table
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.identity_cache import CachedToken
from migrate.emulator.tokens.issue import TokenIssuer
from migrate.emulator.tokens.keys import KeptKey, SigningKeys
from migrate.emulator.tokens.managed_identity import ManagedIdentityService
from migrate.emulator.tokens.outside import OutsideIssuers

TABLES: Final = ("applications", "service_principals", "deleted_applications", "deleted_service_principals")
SHELVES: Final = ("identities", "hosts", "azure_resources")
JOURNAL: Final = "journal of "
KEYS: Final = "keys of "
UNSETTLED: Final = "unsettled "
ROWS: Final[Mapping[str, Any]] = {
    "applications": Application | None,
    "service_principals": ServicePrincipal | None,
    "deleted_applications": Application | None,
    "deleted_service_principals": ServicePrincipal | None,
    **{JOURNAL + name: str for name in TABLES},
    "users": User,
    "identities": ManagedIdentity | None,
    "hosts": Host | None,
    "azure_resources": AzureResource | None,
    **{KEYS + name: str | None for name in SHELVES},
    "groups": ResourceGroup,
    "assignments": RoleAssignment,
    "uses": Use,
    "past": tuple[int, int, float, int],
    "sign_ins": SignIn,
    "audits": Audit,
    "removed_secrets": tuple[str, str],
    "removed_certificates": tuple[str, CertificateRecipe | bytes],
    "cached_tokens": CachedToken,
    UNSETTLED + "applications": tuple[datetime, str, int, int, Application | None],
    UNSETTLED + "service_principals": tuple[datetime, str, int, int, ServicePrincipal | None],
}
"""The parts of a state file after its head and the type of their rows; None stands for an empty place."""
Rows = dict[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an emulator was asked for; None stands for whatever the file says."""

    apps: int | None = None
    seed: int | None = None
    cloud: str | None = None
    start: datetime | None = None
    retention: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Everything that is small."""

    apps: int
    seed: int
    tenant_id: str
    cloud: str
    display_name: str
    domain: str
    retention: timedelta
    start: datetime
    now: datetime
    real: int
    """The real moment that ``now`` belongs to, in seconds since the epoch."""
    generations: dict[str, str]
    policies: PolicyBook
    resources: list[Resource]
    subscriptions: list[Subscription]
    past_start: datetime
    keys: tuple[KeptKey, ...]
    outside: dict[str, tuple[KeptKey, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The objects of a running emulator that know something, and what its tenant was made of."""

    tenant: Tenant
    keys: SigningKeys
    outside: OutsideIssuers
    identities: ManagedIdentityService
    apps: int
    seed: int
    unsettled: Mapping[str, Sequence[Unsettled]]
    """Changes of the run before that had not spread by its end, for the faults of this one."""


def remember(
    tenant: Tenant,
    *,
    apps: int,
    seed: int,
    keys: Sequence[KeptKey] = (),
    outside: Mapping[str, Sequence[KeptKey]] | None = None,
    cached: Sequence[CachedToken] = (),
    unsettled: Mapping[str, Sequence[Unsettled]] = MappingProxyType({}),
) -> Memory:
    """Put what belongs to a tenant around it: new, or as it was kept."""
    signing = SigningKeys(ShiftedClock(tenant.clock, lambda: tenant.faults.skew("tokens")), keys)
    return Memory(
        tenant=tenant,
        keys=signing,
        outside=OutsideIssuers(tenant, outside),
        identities=ManagedIdentityService(tenant, TokenIssuer(tenant, signing), cached),
        apps=apps,
        seed=seed,
        unsettled=unsettled,
    )


def stamp(memory: Memory) -> tuple[object, ...]:
    """Give what differs after any change, at little cost; the passing of time is none.

    A token that a host gets is a sign-in, so that the log's length tells of both.
    """
    tenant, azure, book = memory.tenant, memory.tenant.azure, memory.tenant.policies
    return (
        *(table_of(tenant, name).written for name in TABLES),
        *(shelf_of(tenant, name).revision for name in SHELVES),
        tuple(azure.groups()),
        tuple(azure.assignments.items()),
        (len(azure.subscriptions), len(tenant.users), len(tenant.resources), len(tenant.sign_ins)),
        (book.default, tuple(book.custom.items()), tuple(book.assigned.items())),
        (tenant.display_name, tenant.domain, tenant.retention, tenant.clock.moved),
        memory.outside.issuers(),
    )


def table_of(tenant: Tenant, name: str) -> Table[Any]:
    """Give one of the tenant's tables by its name in TABLES."""
    table: Table[Any] = getattr(tenant, name)
    return table


def shelf_of(tenant: Tenant, name: str) -> Shelf[Any]:
    """Give one of the tenant's shelves by its name in SHELVES."""
    shelf: Shelf[Any] = tenant.azure.resources if name == "azure_resources" else getattr(tenant, name)
    return shelf
