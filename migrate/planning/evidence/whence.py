"""Addresses that the application signs in from, where none of the identity's hosts has them.

Only where every host of the identity tells its outbound addresses; a site behind a NAT gateway has others, so this
weighs less than what settings say.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_AGAINST = -20


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    for application in facts.applications:
        seen = facts.addresses.get(application.client_id, frozenset())
        for identity in pairs.get(application.client_id, ()) if seen else ():
            hosts = facts.hosts_with.get(identity, ())
            known = [frozenset(host.addresses) for host in hosts]
            if known and all(known) and not any(seen & one for one in known):
                reason = f"the application signs in from {min(seen)}, which no host of the identity has"
                yield Hint(application.client_id, identity, _AGAINST, reason)


EVIDENCE = Evidence(name="whence", stage=Stage.JUDGES, hints=_hints)
