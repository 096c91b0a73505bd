"""How much risk an application's credentials are, and how much harm a change that goes wrong would do. Pure.

Risk is what retiring removes: what a thief of the credential could do, for how long, unnoticed. Hazard is what a
rollout has to fear. An order that is good removes much risk early and meets hazard late, so the two are kept apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.estate import RoleHeld, Tier
from inventory.model import Application, ClientId, Credential, Holder, ServicePrincipal, Snapshot
from inventory.usage import Use
from migrate.model import Confidence
from migrate.planning import names

_TIER_RISK = {Tier.CONTROL: 50, Tier.MANAGEMENT: 25, Tier.UNKNOWN: 10, Tier.WORKLOAD: 5}
_TIER_HAZARD = {Tier.CONTROL: 2, Tier.MANAGEMENT: 1, Tier.UNKNOWN: 1, Tier.WORKLOAD: 0}
_OLD, _VERY_OLD = timedelta(days=365), timedelta(days=730)
_BUSY, _VERY_BUSY = 1_000, 10_000
_MANY_HOSTS = 3
LOW, MEDIUM = 3, 6
"""The most points of hazard of the first two bands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Points with their reasons."""

    risk: int
    hazard: int
    reasons: tuple[str, ...]

    @property
    def band(self) -> str:
        """Return the hazard as a word."""
        return "low" if self.hazard <= LOW else "medium" if self.hazard <= MEDIUM else "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is looked up for each application."""

    at: datetime
    roles: Mapping[str, list[RoleHeld]]
    uses: Mapping[ClientId, list[Use]]
    counted: bool
    """Whether any source counts sign-ins."""


def surroundings(snapshot: Snapshot) -> Surroundings:
    """Index roles and uses of a snapshot."""
    roles: defaultdict[str, list[RoleHeld]] = defaultdict(list)
    for role in snapshot.roles:
        roles[role.principal_id].append(role)
    uses: defaultdict[ClientId, list[Use]] = defaultdict(list)
    for use in snapshot.uses:
        uses[use.client_id].append(use)
    counted = any(use.successes is not None for use in snapshot.uses)
    return Surroundings(at=snapshot.taken_at, roles=roles, uses=uses, counted=counted)


def assess(
    application: Application,
    principal: ServicePrincipal | None,
    credentials: Iterable[Credential],
    around: Surroundings,
    *,
    hosts: int,
    confidence: Confidence,
) -> Risk:
    """Add up the risk of an application's credentials and the hazard of changing it."""
    held = around.roles.get(principal.id, []) if principal else []
    risks = [*_privilege(held), *_credentials(tuple(credentials), around.at)]
    hazards = [
        *_privilege_hazard(held),
        *_volume(around.uses.get(application.client_id, ()), counted=around.counted),
        *_people(application),
        *_reach(application, hosts),
        *([(1, f"the confidence of its pairing is {confidence}")] if confidence is Confidence.MEDIUM else []),
    ]
    said = (f"risk {points:+d}: {text}" for points, text in risks if points)
    feared = (f"hazard {points:+d}: {text}" for points, text in hazards if points)
    return Risk(
        risk=sum(points for points, _ in risks),
        hazard=sum(points for points, _ in hazards),
        reasons=(*said, *feared),
    )


_Points = list[tuple[int, str]]


def _privilege(held: list[RoleHeld]) -> _Points:
    if not held:
        return []
    worst = max(held, key=lambda one: (_TIER_RISK[one.tier], one.role))
    more = f" and {len(held) - 1} more roles" if len(held) > 1 else ""
    return [(_TIER_RISK[worst.tier], f"it holds {worst.role}{more} ({worst.tier.name.lower()})")]


def _privilege_hazard(held: list[RoleHeld]) -> _Points:
    if not held:
        return []
    return [(max(_TIER_HAZARD[one.tier] for one in held), "it is privileged")]


def _credentials(credentials: tuple[Credential, ...], at: datetime) -> _Points:
    found = [(3 * len(credentials), f"{len(credentials)} credential{'s' if len(credentials) > 1 else ''}")]
    first = min((one.start for one in credentials if one.start is not None), default=at)
    if at - first > _OLD:  # said as a date: an age would make every plan differ from that of the day before
        found.append((10 if at - first > _VERY_OLD else 5, f"the oldest is of {first:%Y-%m-%d}"))
    if any(one.end is None or one.end - at > _VERY_OLD for one in credentials):
        found.append((5, "one is valid for more than two years yet"))
    alone = sum(one.holder is Holder.SERVICE_PRINCIPAL for one in credentials)
    if alone:
        found.append((3 * alone, f"{alone} on the service principal, which App registrations does not show"))
    return found


def _volume(uses: Iterable[Use], *, counted: bool) -> _Points:
    seen = sum(use.successes or 0 for use in uses)
    if not counted:
        return [(1, "how often it signs in is not known")]
    if seen >= _BUSY:  # no more than the limit is said, so that a plan stays the same from day to day
        most = _VERY_BUSY if seen >= _VERY_BUSY else _BUSY
        return [(3 if most == _VERY_BUSY else 2, f"{most} sign-ins or more")]
    return [(int(seen > 0), f"less than {_BUSY} sign-ins")]


def _people(application: Application) -> _Points:
    if application.owners is None:
        return [(1, "its owners are not known")]
    return [] if any(one.enabled is not False for one in application.owners) else [(2, "nobody owns it")]


def _reach(application: Application, hosts: int) -> _Points:
    found = []
    stated = names.parse(" ".join((application.display_name, *application.tags))).environments
    if "prod" in stated:
        found.append((2, "it is production by its name or tags"))
    elif not stated:
        found.append((1, "its environment is not known"))
    if application.sign_in_audience not in {None, "AzureADMyOrg"}:
        found.append((2, "it serves other tenants too"))
    if hosts > _MANY_HOSTS:
        found.append((1, f"{hosts} hosts use it"))
    return found
