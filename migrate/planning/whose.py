"""Whose an application or a resource is: by Graph's owners and by ``[[owner]]``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from inventory.model import Application
from migrate.planning.decisions import OwnerRule


class Owners:
    """Answers in names without regard to case, so that they can be compared with tags."""

    def __init__(self, rules: Iterable[OwnerRule]) -> None:
        self._rules = tuple(rules)

    def of(self, application: Application) -> frozenset[str]:
        """Return everybody who owns an application: the rules that match it, and Graph's owners that are not gone."""
        return frozenset(
            {rule.name.casefold() for rule in self._rules if _matches(application, rule.applications)}
            | {
                (one.display_name or one.object_id).casefold()
                for one in application.owners or ()
                if one.enabled is not False
            }
        )

    def of_resource(self, resource_id: str) -> set[str]:
        """Return the owners of the subscription or resource group that a resource is in."""
        parts = resource_id.lower().split("/")
        if not self._rules or len(parts) <= 4:  # noqa: PLR2004 - /subscriptions/S/resourceGroups/G
            return set()
        return {
            rule.name.casefold()
            for rule in self._rules
            if _any(parts[2], rule.subscriptions) or _any(parts[4], rule.resource_groups)
        }

    def first(self, application: Application) -> str:
        """Return the owner that a limit counts: a rule's before Graph's; empty where there is none."""
        for rule in self._rules:
            if _matches(application, rule.applications):
                return rule.name
        owners = sorted(
            one.display_name or one.object_id for one in application.owners or () if one.enabled is not False
        )
        return owners[0] if owners else ""


def _matches(application: Application, patterns: tuple[str, ...]) -> bool:
    return _any(application.client_id, patterns) or _any(application.display_name.casefold(), patterns)


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern.casefold()) for pattern in patterns)
