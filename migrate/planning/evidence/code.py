"""Code that signs in as the application, in a repository that is deployed to a host (``[[repository]]``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from inventory.estate import Host
from inventory.model import ClientId, PrincipalId
from migrate.planning.facts import UNATTACHABLE, CodeSite, Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_POINTS = 45


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    wanted = {one.client_id for one in facts.applications}
    hosts = _hosts(facts) if facts.sites and facts.decisions.repositories else {}
    best: dict[tuple[ClientId, PrincipalId], Hint] = {}
    for site in facts.sites:
        for repository in facts.decisions.repositories:
            if site.client_id in wanted and site.path.startswith(repository.path):
                for hint in _of(facts, site, [hosts[one.lower()] for one in repository.hosts if one.lower() in hosts]):
                    key = (hint.application, hint.identity)
                    if key not in best or hint.points > best[key].points:
                        best[key] = hint
    yield from best.values()


def _hosts(facts: Facts) -> Mapping[str, Host]:
    """Return hosts by ARM id, and by name where only one has it."""
    names: defaultdict[str, list[Host]] = defaultdict(list)
    for host in facts.snapshot.hosts:
        names[host.name.lower()].append(host)
    unique = {name: listed[0] for name, listed in names.items() if len(listed) == 1}
    return {**unique, **{host.resource_id: host for host in facts.snapshot.hosts}}


def _of(facts: Facts, site: CodeSite, hosts: list[Host]) -> Iterator[Hint]:
    for host in hosts:
        attached = facts.attached(host) if host.type not in UNATTACHABLE else ()
        for identity in attached:
            points = _POINTS // (len(attached) * len(hosts))
            reason = f"code that signs in as the application ({site.path}:{site.line}) is deployed to {host.name}"
            yield Hint(site.client_id, identity, points, reason)


EVIDENCE = Evidence(name="code", stage=Stage.FINDS, hints=_hints)
