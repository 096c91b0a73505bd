"""Subscriptions and resource groups: where the application's hosts are, against where the identity is."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_GROUP, _SUBSCRIPTION, _ELSEWHERE, _TAG = 10, 5, -10, 10
_Place = tuple[str, str]


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    for application in facts.applications:
        hosts = [one.host for one in facts.running(application.client_id)]
        groups = {(host.subscription_id.lower(), host.resource_group.lower()) for host in hosts}
        marks = {tag.casefold().rpartition("=")[2] for tag in application.tags}
        for identity in pairs.get(application.client_id, ()):
            points, reason = _judged(_place(facts.identities[identity].resource_id or ""), groups, marks)
            if points:
                yield Hint(application.client_id, identity, points, reason)


def _place(resource_id: str) -> _Place:
    parts = resource_id.lower().split("/")
    return (parts[2], parts[4]) if len(parts) > 4 else ("", "")  # noqa: PLR2004 - /subscriptions/S/resourceGroups/G


def _judged(place: _Place, groups: set[_Place], marks: set[str]) -> tuple[int, str]:
    subscription, group = place
    if not subscription:
        return 0, ""
    if place in groups:
        return _GROUP, f"in the resource group {group} of a host that names the application"
    if subscription in {one for one, _ in groups}:
        return _SUBSCRIPTION, "in the subscription of a host that names the application"
    if groups:
        return _ELSEWHERE, "in another subscription than every host that names the application"
    if marks & {subscription, group}:
        return _TAG, f"a tag of the application names its {'resource group' if group in marks else 'subscription'}"
    return 0, ""


EVIDENCE = Evidence(name="places", stage=Stage.JUDGES, hints=_hints)
