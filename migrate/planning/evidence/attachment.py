"""Identities that are attached elsewhere: they belong to what runs there.

Trusting one that other applications' hosts have would let those hosts act as this application: that is for a person to
decide, whatever else speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import ClientId, PrincipalId
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_NOBODY: frozenset[ClientId] = frozenset()
_LATERAL, _OTHERS, _NOT_OURS = -60, -25, -20


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    for application in facts.applications:
        ours = {one.host.resource_id for one in facts.named.get(application.client_id, ())}
        held = any(facts.attached(one.host) for one in facts.running(application.client_id))
        for identity in pairs.get(application.client_id, ()):
            points, reason = _judged(facts, application.client_id, identity, ours, held=held)
            if points:
                yield Hint(application.client_id, identity, points, reason, doubtful=points == _LATERAL)


def _judged(
    facts: Facts, application: ClientId, identity: PrincipalId, ours: set[str], *, held: bool
) -> tuple[int, str]:
    hosts = facts.hosts_with.get(identity, ())
    mine, other = False, None
    for host in hosts:
        if host.resource_id in ours:
            mine = True
        elif other is None and not facts.used_by.get(host.resource_id, _NOBODY) <= {application}:
            other = host.name
    if mine:
        lateral = f"{other}, which uses another application, has it too and could act as this one"
        return (_LATERAL, lateral) if other else (0, "")
    if other:
        return _OTHERS, f"attached to {other}, which uses another application"
    if held:
        return _NOT_OURS, "the hosts that name the application have other identities"
    return 0, ""


EVIDENCE = Evidence(name="attachment", stage=Stage.JUDGES, hints=_hints)
