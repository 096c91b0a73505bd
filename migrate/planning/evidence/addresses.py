"""Addresses that the application signs in from, against the outbound addresses of hosts.

Outbound addresses of App Service belong to a whole deployment unit ("Inbound and outbound IP addresses in Azure App
Service"), so the more hosts share one, the less it says.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import Application, PrincipalId
from migrate.planning.facts import UNATTACHABLE, Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_POINTS = 30
_SHARERS = 5
"""An address that more hosts have than this finds nobody."""


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    if not facts.addresses:
        return
    for application in facts.applications:
        yield from _of(facts, application)


def _of(facts: Facts, application: Application) -> Iterator[Hint]:
    best: dict[PrincipalId, tuple[int, str, str]] = {}
    for address in sorted(facts.addresses.get(application.client_id, ())):
        sharers = facts.by_address.get(address, ())
        if len(sharers) > _SHARERS:
            continue
        for host in sharers:
            attached = facts.attached(host) if host.type not in UNATTACHABLE else ()
            for identity in attached:
                points = _POINTS // (len(sharers) * len(attached))
                if points > best.get(identity, (0, "", ""))[0]:
                    best[identity] = (points, address, host.name)
    for identity, (points, address, name) in best.items():
        reason = f"the application signs in from {address}, an outbound address of {name}"
        yield Hint(application.client_id, identity, points, reason)


EVIDENCE = Evidence(name="addresses", stage=Stage.FINDS, hints=_hints)
