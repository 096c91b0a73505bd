"""Repositories that the application and the identity both name: in tags, notes, or federated credentials of GitHub.

A repository that several identities name holds more than one workload, or its tag was copied: it finds nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.model import ClientId, PrincipalId
from migrate.planning import tagging
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_POINTS = 30
_SHARERS = 3
"""A repository that more applications name than this finds nobody."""


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    theirs: defaultdict[str, set[PrincipalId]] = defaultdict(set)
    for key, one in facts.identities.items():
        for repository in tagging.repositories(one.tags or (), one.federated or ()):
            theirs[repository].add(key)
    ours: defaultdict[str, set[ClientId]] = defaultdict(set)
    for application in facts.snapshot.applications if theirs else ():
        named = tagging.repositories(tagging.pairs(application), application.federated or (), application.noted or ())
        for repository in named & theirs.keys():
            ours[repository].add(application.client_id)
    wanted = {one.client_id for one in facts.applications}
    best: dict[tuple[ClientId, PrincipalId], Hint] = {}
    for repository, clients in sorted(ours.items()):
        if len(theirs[repository]) == 1 and len(clients) <= _SHARERS:
            (identity,) = theirs[repository]
            for client in clients & wanted:
                hint = Hint(client, identity, _POINTS // len(clients), f"both name the repository {repository}")
                if (client, identity) not in best or hint.points > best[client, identity].points:
                    best[client, identity] = hint
    yield from best.values()


EVIDENCE = Evidence(name="repositories", stage=Stage.FINDS, hints=_hints)
