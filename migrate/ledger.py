"""What is written down about one application: an intent only where it may follow, and where the application stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from migrate import rollout
from migrate.entry import Entry, Json, Kind
from migrate.ports import Journal
from migrate.rollout import Course, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The journal of one application under one plan."""

    journal: Journal
    plan: str
    """Digest of the plan."""
    what: Course

    def entries(self) -> tuple[Entry, ...]:
        """Return the entries of the application; raises JournalError."""
        return self.journal.entries(application=self.what.client_id)

    def standing(self) -> Standing:
        """Return where the application stands; raises JournalError."""
        return rollout.fold(self.what, self.entries())

    def intend(self, kind: Kind, subject: str, /, **data: Json) -> None:
        """Write down what is meant, before it is done.

        Raises:
            IllegalTransitionError: it does not follow from where the application stands; nothing was written.
            JournalError: it could not be written; do not do it.

        """
        entry = self._entry(kind, subject, data)
        rollout.admit(self.what, self.standing(), entry)
        self.journal.record(replace(entry, meant=data))

    def saw(self, kind: Kind, subject: str, /, **data: Json) -> None:
        """Write down what was seen; raises JournalError."""
        self.journal.record(self._entry(kind, subject, data))

    def meant(self, kind: Kind, subject: str) -> Entry | None:
        """Return the last intent of a kind about something, None where there is none."""
        found = (entry for entry in reversed(self.entries()) if entry.kind is kind and entry.subject == subject)
        return next(found, None)

    def _entry(self, kind: Kind, subject: str, data: dict[str, Json]) -> Entry:
        return Entry(kind=kind, plan=self.plan, application=self.what.client_id, subject=subject, data=data)
