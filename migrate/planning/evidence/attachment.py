"""Identities that are attached elsewhere: they belong to what runs there.

Trusting one that other applications' hosts have would let those hosts act as this application: that is for a person to
decide, whatever else speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inventory.model import PrincipalId
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_LATERAL, _OTHERS, _NOT_OURS = -60, -25, -20


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    held_by = {key: _Held.of(facts, key) for key in facts.hosts_with}
    for application in facts.applications:
        ours = {one.host.resource_id for one in facts.named.get(application.client_id, ())}
        held = any(facts.attached(one.host) for one in facts.running(application.client_id))
        for identity in pairs.get(application.client_id, ()):
            points, reason = _judged(held_by.get(identity, _NOWHERE), ours, held=held)
            if points:
                yield Hint(application.client_id, identity, points, reason, doubtful=points == _LATERAL)


@dataclass(frozen=True, slots=True)
class _Held:
    """The hosts of one identity, made ready once: an identity of a policy is on every host of a tenant."""

    everywhere: frozenset[str]
    used: tuple[tuple[str, str], ...]
    """ARM id and name of those that use or name an application."""

    @classmethod
    def of(cls, facts: Facts, identity: PrincipalId) -> _Held:
        hosts = facts.hosts_with[identity]
        used = tuple((host.resource_id, host.name) for host in hosts if facts.used_by.get(host.resource_id))
        return cls(frozenset(host.resource_id for host in hosts), used)

    def other(self, ours: set[str]) -> str | None:
        """Return the first host that is none of ours and uses an application, which then is another one."""
        return next((name for key, name in self.used if key not in ours), None)


_NOWHERE = _Held(frozenset(), ())


def _judged(held_by: _Held, ours: set[str], *, held: bool) -> tuple[int, str]:
    mine, other = not held_by.everywhere.isdisjoint(ours), held_by.other(ours)
    if mine:
        lateral = f"{other}, which uses another application, has it too and could act as this one"
        return (_LATERAL, lateral) if other else (0, "")
    if other:
        return _OTHERS, f"attached to {other}, which uses another application"
    if held:
        return _NOT_OURS, "the hosts that name the application have other identities"
    return 0, ""


EVIDENCE = Evidence(name="attachment", stage=Stage.JUDGES, hints=_hints)
