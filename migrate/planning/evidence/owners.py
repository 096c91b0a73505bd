"""Owners: those of the application, against whose the identity's hosts and resource group are.

Graph tells no owners of managed identities, so theirs come from the tags of their hosts (owner, team, contact) and from
``[[owner]]`` in ``unsecret.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import PrincipalId
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage
from migrate.planning.whose import Owners

_POINTS = 10
_TAGS = frozenset({"owner", "team", "contact", "ownedby", "owned-by", "serviceowner"})


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    owners = Owners(facts.decisions.owners)
    cached: dict[PrincipalId, frozenset[str]] = {}
    for application in facts.applications:
        mine = owners.of(application)
        for identity in pairs.get(application.client_id, ()) if mine else ():
            if identity not in cached:
                cached[identity] = _owners(facts, owners, identity)
            common = sorted(mine & cached[identity])
            if common:
                yield Hint(application.client_id, identity, _POINTS, f"both are owned by {common[0]}")


def _owners(facts: Facts, owners: Owners, identity: PrincipalId) -> frozenset[str]:
    tags = (tag for host in facts.hosts_with.get(identity, ()) for tag in host.tags)
    told = {value.casefold() for name, value in tags if name.casefold() in _TAGS and value}
    return frozenset(told | owners.of_resource(facts.identities[identity].resource_id or ""))


EVIDENCE = Evidence(name="owners", stage=Stage.JUDGES, hints=_hints)
