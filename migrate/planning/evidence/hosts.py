"""Hosts whose settings or tags name the application, and the user-assigned identities attached to them.

The strongest evidence there is without a federated credential: the code that holds the secret runs there, and can get
a token of exactly these identities ("Managed identities on App Service", "on Container Apps", "on virtual machines").
An identity that is attached to hosts of several applications says less about each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.estate import SettingKind
from inventory.model import ClientId, PrincipalId
from migrate.planning.facts import UNATTACHABLE, Facts, Named, Naming
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

POINTS = {Naming.USES: 70, Naming.NAMES: 55, Naming.MENTIONS: 15}
_EACH_MORE, _MOST_MORE = 5, 15
"""What every further host that agrees adds, and the most that all of them add."""


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    shared = {key: _applications(facts, key) for key in facts.hosts_with}
    for application in facts.applications:
        found: defaultdict[PrincipalId, list[tuple[int, Named]]] = defaultdict(list)
        for named in facts.named.get(application.client_id, ()):
            if named.host.type not in UNATTACHABLE:
                for identity in facts.attached(named.host):
                    found[identity].append((_points(facts, named, identity), named))
        for identity, seen in found.items():
            yield _hint(application.client_id, identity, seen, len(shared[identity]))


def _applications(facts: Facts, identity: PrincipalId) -> set[ClientId]:
    return {one for host in facts.hosts_with[identity] for one in facts.used_by.get(host.resource_id, ())}


def _points(facts: Facts, named: Named, identity: PrincipalId) -> int:
    """Return the points of one host: all for its only identity or the one that its settings choose, else a share."""
    attached = facts.attached(named.host)
    points = POINTS[named.naming]
    if len(attached) == 1:
        return points
    chosen = {
        one.client_id for one in named.host.settings or () if one.kind is SettingKind.IDENTITY_CLIENT_ID
    }  # fmt: skip
    if facts.identities[identity].client_id in chosen:
        return points // len(chosen)
    return points // (len(attached) + len(chosen))


def _hint(application: ClientId, identity: PrincipalId, seen: list[tuple[int, Named]], applications: int) -> Hint:
    points, best = max(seen, key=lambda one: (one[0], one[1].host.resource_id))
    points = points // max(applications, 1) + min(_EACH_MORE * (len(seen) - 1), _MOST_MORE)
    more = f" and {len(seen) - 1} more hosts" if len(seen) > 1 else ""
    others = f"; hosts of {applications} applications have it" if applications > 1 else ""
    reason = f"attached to {best.host.name}{more}, where {best.how}{others}"
    return Hint(application, identity, points, reason, strong=points >= POINTS[Naming.NAMES])


EVIDENCE = Evidence(name="hosts", stage=Stage.FINDS, hints=_hints)
