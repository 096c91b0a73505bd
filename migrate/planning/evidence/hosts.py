"""Hosts whose settings or tags name the application, and the user-assigned identities attached to them.

The strongest evidence there is without a federated credential: the code that holds the secret runs there, and can get
a token of exactly these identities ("Managed identities on App Service", "on Container Apps", "on virtual machines").
An identity that is attached to hosts of several applications says less about each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from inventory.estate import SettingKind
from inventory.model import ClientId, PrincipalId
from migrate.planning.facts import UNATTACHABLE, Facts, Named, Naming
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

POINTS = {Naming.USES: 70, Naming.NAMES: 55, Naming.MENTIONS: 15}
STRONG = 50
"""Points that make medium confidence alone."""
_EACH_MORE, _MOST_MORE = 5, 15
"""What every further host that agrees adds, and the most that all of them add."""


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    shared = {key: max(1, len(_applications(facts, key))) for key in facts.hosts_with}
    for application in facts.applications:
        found: defaultdict[PrincipalId, list[tuple[int, Named]]] = defaultdict(list)
        for named in facts.named.get(application.client_id, ()):
            if named.host.type not in UNATTACHABLE:
                for identity in facts.attached(named.host):
                    found[identity].append((_points(facts, named, identity, shared), named))
        for identity, seen in found.items():
            yield _hint(application.client_id, identity, seen, shared[identity])


def _applications(facts: Facts, identity: PrincipalId) -> set[ClientId]:
    return {one for host in facts.hosts_with[identity] for one in facts.used_by.get(host.resource_id, ())}


def _points(facts: Facts, named: Named, identity: PrincipalId, shared: Mapping[PrincipalId, int]) -> int:
    """Return the points of one host, shared among its identities and among the applications that have this one.

    An identity that many applications have, as one for monitoring, takes little of what the host says of the others.
    Where the host's own settings choose an identity, the others weigh a tenth.
    """
    attached = facts.attached(named.host)
    chosen: set[str | None] = set()
    if len(attached) > 1:
        settings = named.host.settings or ()
        chosen = {one.client_id for one in settings if one.kind is SettingKind.IDENTITY_CLIENT_ID}
    preferred = {one for one in attached if facts.identities[one].client_id in chosen}
    weights = {one: 1 / shared[one] if one in preferred or not preferred else 0.1 / shared[one] for one in attached}
    return round(POINTS[named.naming] * weights[identity] / sum(weights.values()) / shared[identity])


def _hint(application: ClientId, identity: PrincipalId, seen: list[tuple[int, Named]], applications: int) -> Hint:
    points, best = max(seen, key=lambda one: (one[0], one[1].host.resource_id))
    points += min(_EACH_MORE * (len(seen) - 1), _MOST_MORE) if applications == 1 else 0
    more = f" and {len(seen) - 1} more hosts" if len(seen) > 1 else ""
    others = f"; hosts of {applications} applications have it" if applications > 1 else ""
    reason = f"attached to {best.host.name}{more}, where {best.how}{others}"
    return Hint(application, identity, points, reason, strong=points >= STRONG)


EVIDENCE = Evidence(name="hosts", stage=Stage.FINDS, hints=_hints)
