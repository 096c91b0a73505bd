"""Tags of the application that name an identity: by its name, client id, principal id or ARM id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.model import PrincipalId
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_POINTS = 40


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    marks: defaultdict[str, set[PrincipalId]] = defaultdict(set)
    for key, identity in facts.identities.items():
        for mark in (identity.name, identity.client_id, key, identity.resource_id or ""):
            marks[mark.casefold()].add(key)
    marks.pop("", None)
    for application in facts.applications:
        seen: set[PrincipalId] = set()
        for tag in sorted(application.tags):
            named = marks.get(tag.casefold().rpartition("=")[2], set()) | marks.get(tag.casefold(), set())
            for key in sorted(named - seen):
                yield Hint(application.client_id, key, _POINTS // len(named), f"tag {tag} names it")
            seen |= named


EVIDENCE = Evidence(name="tags", stage=Stage.FINDS, hints=_hints)
