"""What ``unsecret.toml`` calls an application: its client id, its object id, or its display name. Pure."""

from __future__ import annotations

from collections import Counter

from migrate.model import ApplicationRef, Plan


class Named:
    """The applications of a plan by what they are called; display names are chosen by whoever owns them."""

    def __init__(self, plan: Plan) -> None:
        told = [each.application for each in plan.pairings] + [each.application for each in plan.refusals]
        known = {each.id: each for each in told}
        self._ids = frozenset(text for each in known.values() for text in (each.id, each.client_id))
        self._names = Counter(each.display_name.casefold() for each in known.values())

    def count(self, told: str) -> int:
        """Return how many applications are called so, where one of that id is meant before those of that name."""
        return 1 if told.lower() in self._ids else self._names[told.casefold()]

    def alone(self, told: str, application: ApplicationRef) -> bool:
        """Whether this application is called so, and no other: what only one may be given needs no less."""
        if told.lower() in self._ids:
            return told.lower() in {application.id, application.client_id}
        return told.casefold() == application.display_name.casefold() and self.count(told) == 1


def names(told: str, application: ApplicationRef) -> bool:
    """Whether an application is called so, it may be among others: enough for what is left alone."""
    return told.casefold() in {
        each.casefold() for each in (application.client_id, application.id, application.display_name)
    }
