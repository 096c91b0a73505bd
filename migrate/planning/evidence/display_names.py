"""Names of application and identity, and of the hosts that the identity is attached to.

The same words find pairs; words that differ by one are found by leaving each word out in turn, and compared letter by
letter (rapidfuzz), as are the names of pairs that other evidence has found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.model import Application, PrincipalId
from migrate.planning import names
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_COMMON = 50
"""Words, and whole names, that more identities share than this find nobody."""
_HOST = 20
_NOTHING: frozenset[str] = frozenset()
_Words = tuple[str, ...]
_Hosts = dict[PrincipalId, dict[names.Name, str]]
"""Names of an identity's hosts, the first of each: an identity of a policy is on every host of a tenant."""


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    same: defaultdict[_Words, list[PrincipalId]] = defaultdict(list)
    near: defaultdict[_Words, list[PrincipalId]] = defaultdict(list)
    for key, name in facts.identity_names.items():
        same[name.words].append(key)
        for words in _shorter(name.words):
            near[words].append(key)
    hosts: _Hosts = {}
    for application in facts.applications:
        name = facts.application_names[application.client_id]
        namesakes = same.get(name.words, ())
        found = _near(near, name.words) if not namesakes else set(namesakes if len(namesakes) <= _COMMON else ())
        for identity in found.union(pairs.get(application.client_id, ())):
            hint = _hint(facts, application, name, identity, hosts)
            if hint is not None:
                yield hint


def _shorter(words: _Words) -> set[_Words]:
    """Return the words with each one left out, so that names meet that differ in one word or have one more."""
    return {words, *(words[:at] + words[at + 1 :] for at in range(len(words)))} if len(words) > 1 else {words}


def _near(near: dict[_Words, list[PrincipalId]], words: _Words) -> set[PrincipalId]:
    groups = (near.get(one, ()) for one in _shorter(words))
    return {identity for group in groups if len(group) <= _COMMON for identity in group}


def _hint(
    facts: Facts,
    application: Application,
    name: names.Name,
    identity: PrincipalId,
    hosts: _Hosts,
) -> Hint | None:
    own, said = facts.identity_names[identity], facts.said_of_identities.get(identity, _NOTHING)
    told = facts.said_of_applications.get(application.client_id, _NOTHING)
    points, reason = (
        names.points(  # where only one of the names states an environment, a tag may state it for the other
            names.completed(name, told) if own.environments else name,
            names.completed(own, said) if name.environments else own,
        )
    )
    if points:
        text = f"{reason}: {facts.identities[identity].name}"
        return Hint(application.client_id, identity, points, text, strong=points >= names.SAME)
    if identity not in hosts:
        hosts[identity] = {names.parse(host.name): host.name for host in reversed(facts.hosts_with.get(identity, ()))}
    if name.words and name in hosts[identity]:
        return Hint(
            application.client_id, identity, _HOST, f"the host {hosts[identity][name]} has the application's name"
        )
    return None


EVIDENCE = Evidence(name="names", stage=Stage.FINDS_MORE, hints=_hints)
