"""Tags and notes of the application that name an identity: by its name, client id, principal id or ARM id.

Where several applications name one identity, or one tag means several identities, each gets its share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from inventory.model import Application, PrincipalId
from migrate.planning import tagging
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_POINTS = 40
_Marks = Mapping[str, set[PrincipalId]]


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    marks: defaultdict[str, set[PrincipalId]] = defaultdict(set)
    for key, one in facts.identities.items():
        for mark in (one.name, one.client_id, key, one.resource_id or ""):
            marks[mark.casefold()].add(key)
    marks.pop("", None)
    named = {one.client_id: _named(one, marks) for one in facts.applications if one.tags or one.noted}
    sharers = Counter(identity for found in named.values() for identity in found)
    for client, found in named.items():
        for identity, (where, meant) in found.items():
            points = _POINTS // meant // sharers[identity]
            others = f", as do {sharers[identity] - 1} other applications" if sharers[identity] > 1 else ""
            yield Hint(client, identity, points, f"{where} names it{others}")


def _named(application: Application, marks: _Marks) -> dict[PrincipalId, tuple[str, int]]:
    """Return the identities that an application names, where it does, and how many the same text means."""
    texts = [(f"tag {tag}", tag) for tag in sorted(application.tags)]
    texts += [(f"tag {name}={value}", value) for name, value in tagging.pairs(application)]
    texts += [("a note", one) for one in application.noted or ()]
    found: dict[PrincipalId, tuple[str, int]] = {}
    for where, text in texts:
        meant = marks.get(text.strip().casefold(), set())
        for key in sorted(meant):
            found.setdefault(key, (where, len(meant)))
    return found


EVIDENCE = Evidence(name="tags", stage=Stage.FINDS, hints=_hints)
