"""Tags of hosts that name the application by its display name.

Only identities that every host of this tag has: a tag that was copied to hosts of other identities says nothing, nor
does one on a host whose settings name other applications.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.estate import Host
from inventory.model import Application
from migrate.planning import tagging
from migrate.planning.facts import UNATTACHABLE, Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_POINTS = 25


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    tagged: defaultdict[str, list[Host]] = defaultdict(list)
    for host in facts.snapshot.hosts:
        for value in tagging.values(host.tags, tagging.WORKLOAD) if host.type not in UNATTACHABLE else ():
            tagged[value].append(host)
    for application in facts.applications if tagged else ():
        name = application.display_name.casefold()
        if name in facts.unique_names and name in tagged:
            yield from _of(facts, application, tagged[name])


def _of(facts: Facts, application: Application, hosts: list[Host]) -> Iterator[Hint]:
    common = set.intersection(*(set(facts.attached(host)) for host in hosts))
    used = [facts.used_by.get(host.resource_id, frozenset()) for host in hosts]
    if not common or not all(one <= {application.client_id} for one in used):
        return
    first = min(host.name for host in hosts)
    for identity in common:
        reason = f"a tag of {first}, which has it, names the application"
        yield Hint(application.client_id, identity, _POINTS // len(common), reason)


EVIDENCE = Evidence(name="tags of hosts", stage=Stage.FINDS, hints=_hints)
