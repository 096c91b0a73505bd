"""Owners: those of the application, against those of the identity, its hosts and its resource group.

An identity's are the owners of its service principal (Graph), its tags and those of its hosts (owner, team, contact),
and ``[[owner]]`` in ``unsecret.toml``. Who owns very many identities, as a platform team or a pipeline does, says
nothing of any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from inventory.model import Owner, PrincipalId
from migrate.planning import tagging
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage
from migrate.planning.whose import Owners

_POINTS, _OTHERS = 10, -20
_COMMON = 50
"""Who owns more identities than this is told of none."""


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    owners = Owners(facts.decisions.owners)
    theirs = {key: _owners(facts, owners, key) for key in facts.identities}
    common_names = _common(theirs.values())
    persons = {key: _persons(one.owners) for key, one in facts.identities.items() if one.owners}
    common_persons = _common(persons.values())
    for application in facts.applications:
        mine, own = owners.of(application), _persons(application.owners)
        for identity in pairs.get(application.client_id, ()) if mine else ():
            both = mine & theirs[identity] - common_names
            if both:
                yield Hint(application.client_id, identity, _POINTS, f"both are owned by {min(both)}")
            elif _disjoint(own, persons.get(identity, frozenset()) - common_persons):
                yield Hint(application.client_id, identity, _OTHERS, "its owners are others than the application's")


def _owners(facts: Facts, owners: Owners, identity: PrincipalId) -> frozenset[str]:
    one = facts.identities[identity]
    tags = (*(one.tags or ()), *(tag for host in facts.hosts_with.get(identity, ()) for tag in host.tags))
    told = tagging.values(tags, tagging.OWNER) | owners.of_resource(one.resource_id or "")
    return told | {
        (each.display_name or each.object_id).casefold() for each in one.owners or () if each.enabled is not False
    }


def _common(found: Iterable[frozenset[str]]) -> frozenset[str]:
    often = Counter(one for each in found for one in each)
    return frozenset(one for one, number in often.items() if number > _COMMON)


def _persons(owners: tuple[Owner, ...] | None) -> frozenset[str]:
    return frozenset(one.object_id for one in owners or () if one.enabled is not False)


def _disjoint(own: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether both sides have owners in Graph, and none of them is on both."""
    return bool(own and theirs) and not own & theirs


EVIDENCE = Evidence(name="owners", stage=Stage.JUDGES, hints=_hints)
