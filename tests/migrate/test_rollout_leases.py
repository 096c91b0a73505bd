"""Two operators on one tenant: who comes second leaves an application alone, who was too slow changes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from inventory.directory import Directory
from inventory.model import ClientId, SignInHistory
from migrate.entry import Kind
from migrate.errors import LeaseLostError
from migrate.exchange import NotProven, Proven
from migrate.federation import Created, NotCreated
from migrate.retirement import Held, Retired
from tests.support.journals import SetClock, journal
from tests.support.rollout import Rollout, rollout


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    with rollout(tmp_path, monkeypatch, apps=12) as ready:
        yield ready


def url_of(tenant: Rollout) -> str:
    return f"sqlite:///{tenant.folder / 'journal.db'}"


class TakenOver:
    """A directory in which somebody else takes an application over while its log is read."""

    def __init__(self, directory: Directory, url: str) -> None:
        self._directory = directory
        self._url = url

    def __getattr__(self, name: str) -> Any:
        return getattr(self._directory, name)

    async def sign_ins(self, application: ClientId, since: datetime) -> SignInHistory:
        later = SetClock(datetime.now(UTC) + timedelta(minutes=16))
        with journal(self._url, clock=later) as other, other.lease(application):
            return await self._directory.sign_ins(application, since)


def test_what_somebody_else_acts_on_is_left_alone_and_told(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.plan()
        taken = next(each for each in plan.pairings if not each.federated.exists and each.credentials)
        whose = taken.application.client_id
        before = tenant.keys_left()
        with journal(url_of(tenant)) as other, other.lease(whose):
            federated = await tenant.federate(plan)
            (left,) = (each for each in federated if isinstance(each, NotCreated))
            assert left.pairing == taken
            assert f"acts on application {whose} until" in left.message
            assert Counter(type(each) for each in federated)[Created] > 0
            (verdict,) = (each for each in await tenant.verify(plan, tries=1) if each.pairing == taken)
            assert isinstance(verdict, NotProven)
            held = await tenant.retire(plan, only=(taken,))
            assert [name for each in held if isinstance(each, Held) for name, _ in each.closed] == [
                "one-operator"
            ] * len(held)
            assert other.entries(application=whose) == ()
        assert tenant.keys_left() == before
        assert [type(each) for each in await tenant.federate(plan) if each.pairing == taken] == [Created]
        assert [type(each) for each in await tenant.verify(plan, tries=1) if each.pairing == taken] == [Proven]

    asyncio.run(story())


def test_whoever_was_so_slow_that_another_took_over_removes_nothing(tenant: Rollout) -> None:
    async def story() -> None:
        plan = await tenant.ready()
        before = tenant.keys_left()
        url = url_of(tenant)
        with pytest.raises(LeaseLostError, match="taken it over"):
            await tenant.retire(plan, seen_by=lambda directory: cast("Directory", TakenOver(directory, url)))
        assert tenant.keys_left() == before
        assert Kind.RETIRE_MEANT not in tenant.kinds()
        retired = [each for each in await tenant.retire(plan) if isinstance(each, Retired)]
        assert len(retired) > 1
        assert len(before - tenant.keys_left()) == len(retired)
        entries = tenant.journal.entries(kinds=(Kind.RETIRE_MEANT, Kind.RETIRED))
        for meant, done in zip(entries[::2], entries[1::2], strict=True):
            assert meant.meant == {"remove": meant.subject}
            assert meant.subject in cast("list[str]", meant.seen_before["credentials"])
            assert meant.subject not in cast("list[str]", done.seen_after["credentials"])
            assert done.done == {"removed": True}

    asyncio.run(story())
