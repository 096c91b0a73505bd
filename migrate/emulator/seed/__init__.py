"""A tenant with the variety of a real one: the same arguments give the same tenant, id for id.

Every share and weight here is a choice, not a measurement of real tenants.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, islice
from types import MappingProxyType
from typing import Final

from migrate.emulator.clock import VirtualClock
from migrate.emulator.clouds import cloud_named
from migrate.emulator.ids import seeded_dice, seeded_guid
from migrate.emulator.seed import archetypes, surroundings
from migrate.emulator.seed.archetypes import Archetype
from migrate.emulator.seed.azure import add_azure
from migrate.emulator.seed.history import add_history
from migrate.emulator.seed.identities import add_ambiguous, add_decoy, add_pair
from migrate.emulator.seed.maker import Draft, Maker
from migrate.emulator.seed.names import AUDITOR, HOSTILE, OPERATOR, SERVICES, application_names
from migrate.emulator.seed.twins import FIRST_PATTERN, FIRST_TWIN, PATTERNS, Pattern
from migrate.emulator.state.directory_roles import (
    APPLICATION_ADMINISTRATOR,
    DIRECTORY_READERS,
    GLOBAL_ADMINISTRATOR,
    USER_ADMINISTRATOR,
)
from migrate.emulator.state.records import Application, HeldRole, User
from migrate.emulator.state.tenant import Tenant

_OPERATOR_ROLES: Final = (
    "Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "AuditLog.Read.All",
    "Directory.Read.All", "DirectoryRecommendations.Read.All", "Organization.Read.All", "Policy.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration", "Reports.Read.All", "RoleManagement.Read.Directory", "User.Read.All",
)  # fmt: skip
_SERVICE_ROLES: Final = ("Organization.Read.All",)
_CLEARLY_PAIRED, _AMBIGUOUS, _DECOYED = 0.7, 0.8, 0.9
_ALSO_DECOYED: Final = 0.15
_GOLDEN: Final = 0.618033988749895


def seed_tenant(
    *, apps: int, seed: int, cloud: str = "public", start: datetime | None = None, retention: timedelta
) -> Tenant:
    """Make a tenant with this many applications, five of which are always the same."""
    tenant = Tenant(
        tenant_id=seeded_guid(seed, "tenant"),
        cloud=cloud_named(cloud),
        clock=VirtualClock(start),
        retention=retention,
    )
    with _uncollected():
        _fill(tenant, apps, seed)
    return tenant


def _fill(tenant: Tenant, apps: int, seed: int) -> None:
    around = Maker(tenant, seed, "surroundings")
    people = surroundings.add_people(around, 6 + apps // 12)
    surroundings.add_microsoft(around)
    _add_fixed(tenant, seed, people)
    _add_applications(tenant, seed, apps - len(tenant.applications), people)
    surroundings.add_foreign(around, 3 + apps // 8)
    surroundings.add_identities_alone(around, 2 + apps // 20)
    _add_directory_roles(tenant, seed)
    add_azure(tenant, seed)
    add_history(tenant, seed)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking at a million new objects again and again, none of them garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _add_fixed(tenant: Tenant, seed: int, people: tuple[User, ...]) -> None:
    for name in SERVICES:
        maker = Maker(tenant, seed, f"service {name}")
        draft = archetypes.one_secret(maker, maker.application(name, owners=(people[0].id,), tags=("env:prod",)))
        maker.store(_granted(draft, _SERVICE_ROLES))
        add_pair(maker, name, plain=True, application=draft.application)
    for name, tag, roles in (
        (OPERATOR, "operator", _OPERATOR_ROLES),
        (AUDITOR, "auditor", _OPERATOR_ROLES[:1]),
    ):
        maker = Maker(tenant, seed, f"tool {name}")
        draft = archetypes.tool(maker, maker.application(name, owners=(people[1].id,), tags=(tag,)))
        maker.store(_granted(draft, roles))


def _add_directory_roles(tenant: Tenant, seed: int) -> None:
    """Let the first applications that have no fixed name hold directory roles, and an identity read the directory."""
    unit = seeded_guid(seed, "administrative unit")
    held = [
        HeldRole(template_id=APPLICATION_ADMINISTRATOR),
        HeldRole(template_id=GLOBAL_ADMINISTRATOR),
        HeldRole(template_id=USER_ADMINISTRATOR, scope=f"/administrativeUnits/{unit}"),
    ]
    fixed = len(SERVICES) + len((OPERATOR, AUDITOR))
    holders = [tenant.service_principal_of(each) for each in islice(tenant.applications, fixed, fixed + len(held))]
    identity = tenant.service_principals.get(tenant.identity_named("id-platform-01").principal_id)
    if identity is not None:
        holders.append(identity)
        held.insert(len(holders) - 1, HeldRole(template_id=DIRECTORY_READERS))
    for holder, role in zip(holders, held, strict=False):
        tenant.save_service_principal(replace(holder, directory_roles=(role,)))


def _granted(draft: Draft, roles: tuple[str, ...]) -> Draft:
    return replace(draft, principal=replace(draft.principal, roles=roles)) if draft.principal else draft


def _add_applications(tenant: Tenant, seed: int, number: int, people: tuple[User, ...]) -> None:
    dice = seeded_dice(seed, "applications")
    names = application_names(dice)
    # The rare kinds first, so that a small tenant shows as many of them as fit, then the hostile names.
    chosen: list[Archetype] = list(archetypes.RARE[: max(number, 0)])
    hostile = list(HOSTILE)[: max(number - len(chosen), 0)]
    kinds, weights = zip(*archetypes.COMMON, strict=True)
    chosen += dice.choices(kinds, weights, k=max(number - len(chosen) - len(hostile), 0))
    # Multiples of the golden ratio fill the unit interval evenly: small tenants get the same shares as large ones.
    shares = (number * _GOLDEN % 1 for number in count(seed))
    for index, kind in enumerate(chosen[:FIRST_TWIN]):
        maker = Maker(tenant, seed, f"application {index}")
        pattern = Pattern(tenant) if index >= FIRST_PATTERN else None
        draft = _add_one(maker, kind, next(names), people)
        if kind not in archetypes.PAIRS_ITSELF and kind not in archetypes.NEEDS_NO_IDENTITY:
            _add_identities(maker, draft.application, next(shares))
        if pattern is not None:
            pattern.add_twins(maker, range(index + PATTERNS, len(chosen), PATTERNS))
    for index, name in enumerate(hostile):
        maker = Maker(tenant, seed, f"hostile {index}")
        maker.store(archetypes.one_secret(maker, maker.application(name)))


def _add_one(maker: Maker, kind: Archetype, name: str, people: tuple[User, ...]) -> Draft:
    draft = maker.application(name, owners=_owners(maker, people), tags=_tags(maker, name))
    draft = kind(maker, _described(maker, draft))
    maker.store(draft)
    return draft


def _add_identities(maker: Maker, application: Application, share: float) -> None:
    name = application.display_name
    if share < _CLEARLY_PAIRED:
        add_pair(maker, name, application=application)
        if maker.chance(_ALSO_DECOYED):
            add_decoy(maker, name)
    elif share < _AMBIGUOUS:
        add_ambiguous(maker, name)
    elif share < _DECOYED:
        add_decoy(maker, name)


def _owners(maker: Maker, people: tuple[User, ...]) -> tuple[str, ...]:
    number = maker.dice.choices((0, 1, 2, 3), (25, 45, 20, 10))[0]
    return tuple(user.id for user in maker.dice.sample(people, number))


def _tags(maker: Maker, name: str) -> tuple[str, ...]:
    tags = [f"env:{name.rpartition('-')[2]}"] if maker.chance(0.5) else []
    if maker.chance(0.2):
        tags.append(maker.dice.choice(("criticality:high", "criticality:low", "HideApp")))
    return tuple(tags)


def _described(maker: Maker, draft: Draft) -> Draft:
    others: dict[str, object] = {}
    if maker.chance(0.3):
        others["identifierUris"] = [f"api://{draft.application.app_id}"]
    if maker.chance(0.2):
        others["notes"] = "Handed over from the project team."
        others["serviceManagementReference"] = f"CHG{maker.dice.randrange(10_000, 99_999)}"
    application = replace(draft.application, others=MappingProxyType(others))
    return replace(draft, application=application)
