"""Tags of identities that name an application: by an id, or by its display name or service reference.

A tag that several identities have was copied from a template, or names what is larger than one application: it says
nothing of any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.model import Application, PrincipalId
from migrate.planning import tagging
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

_BY_ID, _BY_NAME = 55, 30


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    ids: defaultdict[str, set[PrincipalId]] = defaultdict(set)
    named: defaultdict[str, set[PrincipalId]] = defaultdict(set)
    for key, identity in facts.identities.items():
        for _name, value in identity.tags or ():
            ids[value.strip().casefold()].add(key)
        for value in tagging.values(identity.tags or (), tagging.WORKLOAD):
            named[value].add(key)
    for application in facts.applications if ids else ():
        yield from _of(application, ids, named, facts)


def _of(
    application: Application,
    ids: dict[str, set[PrincipalId]],
    named: dict[str, set[PrincipalId]],
    facts: Facts,
) -> Iterator[Hint]:
    pointed = {key for text in (application.client_id, application.id) for key in ids.get(text.casefold(), ())}
    if len(pointed) == 1:
        (identity,) = pointed
        yield Hint(application.client_id, identity, _BY_ID, "a tag of it is the application's id", strong=True)
        return
    names = {application.display_name.casefold()} & facts.unique_names
    names |= {(application.management_reference or "").casefold()} & facts.unique_references
    meant = {key for name in names if len(named.get(name, ())) == 1 for key in named[name]}
    if len(meant) == 1 and not pointed:
        (identity,) = meant
        reason = "a tag of it, and of no other identity, names the application"
        yield Hint(application.client_id, identity, _BY_NAME, reason)


EVIDENCE = Evidence(name="tags of identities", stage=Stage.FINDS, hints=_hints)
