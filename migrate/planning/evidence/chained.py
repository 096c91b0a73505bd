"""Identities that are reached by federation themselves: from AKS, GitHub or another issuer, and from no host.

A token that such a workload gets for the identity is the result of a federation, and is refused as an assertion:
AADSTS700222, "AAD-issued tokens may not be used for federated identity flows".
"""

from __future__ import annotations

from collections.abc import Iterator

from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_AGAINST = -30


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    reached = {
        key: one.federated[0].issuer
        for key, one in facts.identities.items()
        if one.federated and key not in facts.hosts_with
    }
    for application in facts.applications if reached else ():
        for identity in pairs.get(application.client_id, ()):
            if identity in reached:
                reason = f"it is on no host and trusts {reached[identity]}: its tokens would be refused (AADSTS700222)"
                yield Hint(application.client_id, identity, _AGAINST, reason, doubtful=True)


EVIDENCE = Evidence(name="chained", stage=Stage.JUDGES, hints=_hints)
