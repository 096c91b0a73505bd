"""Identities that several applications of a plan trust: what one host can do with that, and how to end it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from inventory.model import ClientId
from migrate.model import Pairing, SharedIdentity
from migrate.planning import ways
from migrate.planning.facts import Facts


def shared(pairings: Iterable[Pairing], facts: Facts) -> tuple[SharedIdentity, ...]:
    """Return the identities that more than one pairing has, by principal id."""
    found: defaultdict[str, list[Pairing]] = defaultdict(list)
    for pairing in pairings:
        found[pairing.identity.principal_id].append(pairing)
    return tuple(_shared(group, facts) for _, group in sorted(found.items()) if len(group) > 1)


def _shared(group: list[Pairing], facts: Facts) -> SharedIdentity:
    identity = group[0].identity
    ordered = sorted(group, key=lambda one: one.application.client_id)
    hosts = facts.hosts_with.get(identity.principal_id, ())
    clients = frozenset(ClientId(one.application.client_id) for one in group)
    paths = sum(len(clients - facts.used_by.get(host.resource_id, frozenset())) for host in hosts)
    split = [step for apart in _apart(ordered, facts)[1:] for step in ways.split(apart, facts)]
    return SharedIdentity(
        identity=identity,
        applications=tuple(one.application for one in ordered),
        lateral_paths=paths,
        split=tuple(split),
    )


def _apart(group: list[Pairing], facts: Facts) -> list[list[Pairing]]:
    """Put together what the same hosts use, since one host can act as both anyway; the largest part keeps the identity.

    Applications whose hosts are not known stay alone.
    """
    parts: defaultdict[tuple[str, ...], list[Pairing]] = defaultdict(list)
    for one in group:
        hosts = tuple(each.host.resource_id for each in facts.running(ClientId(one.application.client_id)))
        parts[hosts or (one.application.client_id,)].append(one)
    return sorted(parts.values(), key=lambda part: (-len(part), part[0].application.client_id))
