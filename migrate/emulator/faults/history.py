"""What records were a while ago, and tables as somebody sees them whom changes reach late."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Generic, TypeVar

from migrate.emulator.state.hooks import Unsettled
from migrate.emulator.state.table import Identified, Table

R = TypeVar("R", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change(Generic[R]):
    """A record before a change; None where it did not exist."""

    moment: datetime
    before: R | None
    place: int


class History(Generic[R]):
    """The changes of a table's records, for as long as anybody may not have seen them.

    Writers hold the tenant's lock; readers see whole tuples.
    """

    def __init__(self, table: Table[R], now: Callable[[], datetime], horizon: timedelta) -> None:
        self._now = now
        self._horizon = horizon
        self._changes: dict[str, tuple[_Change[R], ...]] = {}
        self._order: deque[tuple[datetime, str, int]] = deque()
        self.table = table
        table.watch = self.note

    def note(self, object_id: str, before: R | None, place: int) -> None:
        """Keep what a record was; ``place`` is its place in the table's order."""
        moment = self._now()
        change = _Change(moment=moment, before=before, place=place)
        self._changes[object_id] = (*self._changes.get(object_id, ()), change)
        self._order.append((moment, object_id, self.table.written))
        self._forget(moment - self._horizon)

    def unsettled(self) -> list[Unsettled]:
        """List the changes for keeping them elsewhere, oldest first; writers are to be kept out meanwhile."""
        seen: Counter[str] = Counter()
        rows: list[Unsettled] = []
        for moment, object_id, number in self._order:
            change = self._changes[object_id][seen[object_id]]
            seen[object_id] += 1
            rows.append((moment, object_id, number, change.place, change.before))
        return rows

    def resume(self, rows: Iterable[Unsettled]) -> None:
        """Note changes of an earlier run."""
        for moment, object_id, number, place, before in rows:
            change: _Change[R] = _Change(moment=moment, before=before, place=place)
            self._changes[object_id] = (*self._changes.get(object_id, ()), change)
            self._order.append((moment, object_id, number))

    def _forget(self, moment: datetime) -> None:
        while self._order and self._order[0][0] < moment:
            _, object_id, _ = self._order.popleft()
            left = self._changes[object_id][1:]
            if left:
                self._changes[object_id] = left
            else:
                del self._changes[object_id]

    def as_of(self, object_id: str, moment: datetime, current: R | None) -> R | None:
        """Give a record as it was."""
        for change in self._changes.get(object_id, ()):
            if change.moment > moment:
                return change.before
        return current

    def written_at(self, moment: datetime) -> int:
        """Say how many changes the table had had by then."""
        return next((number for changed, _, number in list(self._order) if changed > moment), self.table.written)

    def gone(self) -> list[tuple[int, str]]:
        """List what was removed lately: places and object ids, in the order of the table."""
        kept = list(self._changes.items())
        return sorted((changes[-1].place, key) for key, changes in kept if self.table.get(key) is None)


View = Callable[[str, R | None], R | None]
"""Gives a record as somebody sees it, from its object id and what it is now."""


class LateTable(Table[R]):
    """A table for reading, whose records are those of the past."""

    def __init__(self, history: History[R], view: View[R], moment: datetime) -> None:
        super().__init__()
        self._history = history
        self._real = history.table
        self._moment = moment
        self.generation = self._real.generation
        self._view = view

    def __len__(self) -> int:
        return sum(1 for _ in self.after(0))

    def __iter__(self) -> Iterator[R]:
        return (record for _, record in self.after(0))

    def get(self, object_id: str) -> R | None:
        """Find by object id."""
        return self._view(object_id.lower(), self._real.get(object_id))

    def with_app_id(self, app_id: str) -> R | None:
        """Find by application id."""
        record = self._real.with_app_id(app_id)
        if record is not None:
            return self._view(record.id, record)
        gone = (self._view(object_id, None) for _, object_id in self._history.gone())
        return next((item for item in gone if item is not None and item.app_id == app_id.lower()), None)

    @property
    def written(self) -> int:
        """How many changes there had been, so that a delta query does not pass over one that does not show yet."""
        return self._history.written_at(self._moment)

    def changed_between(self, first: int, last: int) -> tuple[str, ...]:
        """Give the ids that changes touched."""
        return self._real.changed_between(first, last)

    def after(self, position: int) -> Iterator[tuple[int, R]]:
        """Walk the records from a position on, those that were removed lately in their old places."""
        removed = ((place + 1, object_id) for place, object_id in self._history.gone() if place >= position)
        present = ((place, record.id) for place, record in self._real.after(position))
        for place, object_id in merge(present, removed, key=itemgetter(0)):
            record = self._view(object_id, self._real.get(object_id))
            if record is not None:
                yield place, record
