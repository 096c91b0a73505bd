"""Tags of an identity that name another application of the tenant: it is that one's, or the tag is stale.

A tag that several identities have was copied and says nothing here either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from inventory.model import ClientId, PrincipalId
from migrate.planning import tagging
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_BY_ID, _BY_NAME = -30, -20
_Named = tuple[ClientId, int, str]


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    named = _named(facts)
    for application in facts.applications if named else ():
        for identity in pairs.get(application.client_id, ()):
            told = named.get(identity, ())
            if told and application.client_id not in {one[0] for one in told}:
                _, points, name = min(told, key=lambda one: (one[1], one[2]))
                yield Hint(application.client_id, identity, points, f"a tag of it names {name} instead")


def _named(facts: Facts) -> Mapping[PrincipalId, tuple[_Named, ...]]:
    """Return the applications that tags of each identity name, whatever else is known of them."""
    texts = {key: _texts(one.tags or ()) for key, one in facts.identities.items() if one.tags}
    often = Counter(text for one in texts.values() for text in one)
    known: dict[str, _Named] = {}
    for one in facts.snapshot.applications if texts else ():
        known[one.client_id.casefold()] = known[one.id.casefold()] = (one.client_id, _BY_ID, one.display_name)
        name = one.display_name.casefold()
        if name in facts.unique_names:
            known["=" + name] = (one.client_id, _BY_NAME, one.display_name)
    found = {
        key: [known[text] for text in sorted(one) if text in known and often[text] == 1] for key, one in texts.items()
    }
    return {key: tuple(told) for key, told in found.items() if told}


def _texts(tags: tagging.Tags) -> set[str]:
    """Return values that may be ids, and after ``=`` those that are an application's name."""
    listed = tuple(tags)
    return {value.strip().casefold() for _, value in listed} | {
        "=" + value for value in tagging.values(listed, tagging.APPLICATION)
    }


EVIDENCE = Evidence(name="tags for others", stage=Stage.JUDGES, hints=_hints)
