"""The end of break-glass secrets, written down for every application that the journal knows, of whichever plan.

A secret ends by itself, at the tenant's own time. Until that is written down, ``status`` and the gate
``application-unchanged`` take it for one that lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inventory.model import ClientId
from migrate import rollout
from migrate.entry import Entry, Json, Kind
from migrate.errors import LeaseHeldError
from migrate.glass import GlassSecret
from migrate.ports import Journal

_KINDS = (Kind.BREAK_GLASS_MADE, Kind.BREAK_GLASS_OVER, Kind.RETIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A break-glass secret that has ended, and whether that could be written down now."""

    client_id: ClientId
    name: str
    """Display name of the application, or its client id where no plan of the journal has it."""
    secret: GlassSecret
    because: str = ""
    """Why it was not written down: somebody else acts on the application; the next look does it."""


def note_ended(journal: Journal, plan: str, now: datetime) -> tuple[Over, ...]:
    """Write down every break-glass secret of the journal that has ended at ``now``, the tenant's own time.

    ``plan`` is the digest of the plan that is being looked after. Raises JournalError, LeaseLostError.
    """
    ended = {app: _over(found, now) for app, found in rollout.glass_left(journal.entries(kinds=_KINDS)).items()}
    if not any(ended.values()):
        return ()
    known = rollout.names(journal.entries(kinds=(Kind.PLAN,)))
    results: list[Over] = []
    for app, found in ended.items():
        because = _noted(journal, plan, app, now) if found else ""
        results += [Over(client_id=app, name=known.get(app, app), secret=each, because=because) for each in found]
    return tuple(results)


def note_ended_of(journal: Journal, plan: str, app: ClientId, now: datetime) -> tuple[GlassSecret, ...]:
    """Write it down for one application, under its lease; return the break-glass secrets that have not ended."""
    left = rollout.glass_left(journal.entries(kinds=_KINDS, application=app)).get(app, ())
    for each in _over(left, now):
        data: dict[str, Json] = {"because": f"it ended at {each.until.isoformat()}", "removed": []}
        journal.record(Entry(kind=Kind.BREAK_GLASS_OVER, plan=plan, application=app, subject=each.label, data=data))
    return tuple(each for each in left if each.until > now)


def _noted(journal: Journal, plan: str, app: ClientId, now: datetime) -> str:
    try:
        with journal.lease(app):
            note_ended_of(journal, plan, app, now)
    except LeaseHeldError as error:
        return str(error)
    return ""


def _over(found: Iterable[GlassSecret], now: datetime) -> tuple[GlassSecret, ...]:
    return tuple(each for each in found if each.until <= now)
