"""Addresses that the application signs in from, where none of the identity's hosts has them.

Only where every host of the identity tells its outbound addresses; a site behind a NAT gateway has others, so this
weighs less than what settings say.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.estate import Host
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_AGAINST = -20


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    addresses = {key: _addresses(hosts) for key, hosts in facts.hosts_with.items()} if facts.addresses else {}
    for application in facts.applications:
        seen = facts.addresses.get(application.client_id, frozenset())
        for identity in pairs.get(application.client_id, ()) if seen else ():
            known = addresses.get(identity)
            if known and known.isdisjoint(seen):
                reason = f"the application signs in from {min(seen)}, which no host of the identity has"
                yield Hint(application.client_id, identity, _AGAINST, reason)


def _addresses(hosts: tuple[Host, ...]) -> frozenset[str]:
    """Return the addresses of an identity's hosts; empty where one does not tell its own."""
    told = all(host.addresses for host in hosts)
    return frozenset(address for host in hosts for address in host.addresses) if told else frozenset()


EVIDENCE = Evidence(name="whence", stage=Stage.JUDGES, hints=_hints)
