"""Environments that names, tags and resource groups state: production and test are never the same workload."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import ClientId, PrincipalId
from migrate.planning import names
from migrate.planning.facts import Facts, group_of
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_CONTRADICTION = -40
_NOTHING: frozenset[str] = frozenset()


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    groups: dict[str, frozenset[str]] = {}
    for application in facts.applications:
        client_id = application.client_id
        stated = facts.application_names[client_id].environments or facts.said_of_applications.get(client_id, _NOTHING)
        for identity in pairs.get(client_id, ()) if stated else ():
            yield from _judged(facts, client_id, identity, stated, groups)


def _judged(
    facts: Facts,
    application: ClientId,
    identity: PrincipalId,
    stated: frozenset[str],
    groups: dict[str, frozenset[str]],
) -> Iterator[Hint]:
    own = facts.identity_names[identity].environments or facts.said_of_identities.get(identity, _NOTHING)
    if not own:
        group = group_of(facts.identities[identity].resource_id or "")
        if group not in groups:
            groups[group] = names.parse(group).environments
        own = groups[group]
    if own and not own & stated:
        reason = f"the application is of {_said(stated)}, the identity of {_said(own)}"
        yield Hint(application, identity, _CONTRADICTION, reason, doubtful=True)


def _said(environments: frozenset[str]) -> str:
    return " and ".join(sorted(environments))


EVIDENCE = Evidence(name="environments", stage=Stage.JUDGES, hints=_hints)
