"""Requests for proofs from hosts without the journal: what signs in meanwhile may be such an exchange of ours. Pure.

Only the id of its token tells that a record of the sign-in log is an exchange of ours, and the journal does not know
that before the file of the host is imported. A correlation id of our own could tell which records are ours, and not
which are none: it is what a client sends (Microsoft Graph, "signIn resource type": correlationId), and nothing
documents that each record of an application keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from migrate.entry import Entry, Kind

KINDS: Final = (Kind.PROOF_REQUESTED, Kind.PROOF_IMPORTED)
LONGEST: Final = timedelta(days=7)
"""How long a request may be answered."""
_SKEW: Final = timedelta(minutes=10)
"""By how much the journal's clock and the tenant's may differ, as for what a file of proofs may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    at: datetime
    until: datetime
    """When its answer was imported, else when it cannot be any more."""

    def holds(self, moment: datetime) -> bool:
        """Whether an exchange of this moment, by the tenant's clock, may answer it."""
        return self.at - _SKEW <= moment <= self.until + _SKEW


class Requests:
    """The requests that the journal tells, each entry taken once and in order."""

    def __init__(self) -> None:
        """Know of none."""
        self._known: dict[str, tuple[frozenset[str], Asked]] = {}

    def take(self, entry: Entry) -> None:
        """Take an entry of ``KINDS``; its subject is the nonce."""
        at = entry.tenant_time
        if entry.kind is Kind.PROOF_REQUESTED:
            told = entry.data.get("applications")
            whose = frozenset(map(str, told)) if isinstance(told, list) else frozenset()
            self._known[entry.subject] = whose, Asked(at=at, until=at + LONGEST)
        elif entry.subject in self._known:
            # What lies before stays in doubt: the host may have tried more often than its file tells.
            whose, one = self._known[entry.subject]
            self._known[entry.subject] = whose, replace(one, until=min(one.until, at))

    def of(self, client_id: str) -> tuple[Asked, ...]:
        """Return the requests that an application is among."""
        return tuple(one for whose, one in self._known.values() if client_id in whose)


def answered_by(asked: Iterable[Asked], moment: datetime) -> Asked | None:
    """Return a request that an exchange of this moment may answer."""
    return next((each for each in asked if each.holds(moment)), None)
