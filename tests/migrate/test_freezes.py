from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from migrate import freezes
from migrate.clock import SystemClock
from migrate.days import Freeze
from migrate.entry import Kind
from migrate.errors import FrozenError
from migrate.journal.store import SqlJournal
from migrate.planning.plan import make_plan
from tests.support.tenants import snapshot

YEAR_END = Freeze(first=date(2026, 12, 15), last=date(2027, 1, 5), reason="end of the year")
AUDIT = Freeze(first=date(2027, 1, 4), last=date(2027, 1, 8), reason="audit")
PLAN = make_plan(snapshot())


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (datetime(2026, 12, 14, 9, 59, tzinfo=UTC), None),
        (datetime(2026, 12, 14, 10, 0, tzinfo=UTC), YEAR_END),
        (datetime(2027, 1, 5, 23, 59, tzinfo=UTC), AUDIT),
        (datetime(2027, 1, 9, 11, 59, tzinfo=UTC), AUDIT),
        (datetime(2027, 1, 9, 12, 0, tzinfo=UTC), None),
    ],
)
def test_both_days_belong_to_a_window_and_the_one_that_ends_last_counts(now: datetime, found: Freeze | None) -> None:
    assert freezes.current((YEAR_END, AUDIT), now) == found


def test_a_reason_is_written_down_and_without_one_nothing_is_changed(tmp_path: Path) -> None:
    journal = SqlJournal(f"sqlite:///{tmp_path / 'j.db'}", SystemClock())
    now = datetime(2026, 12, 24, tzinfo=UTC)
    with pytest.raises(FrozenError, match="wait until 2027-01-05 has ended everywhere"):
        freezes.check(PLAN, (YEAR_END,), now, journal, reason="")
    assert journal.entries() == ()
    freezes.check(PLAN, (YEAR_END,), now, journal, reason="the secret leaked")
    (entry,) = journal.entries()
    assert (entry.kind, entry.data["reason"]) == (Kind.FREEZE_OVERRIDDEN, "the secret leaked")
    freezes.check(PLAN, (), now, journal, reason="unneeded")
    assert len(journal.entries()) == 1
    journal.close()
