"""What a sign-in log covers, found by walking it, against a Graph on loopback that holds a log."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from inventory import quotas
from inventory.graph_directory import GraphDirectory
from inventory.logs.extent import QUIET, Extent
from inventory.model import ClientId, SignInHistory
from tests.inventory.madeup import MadeUpGraph
from tests.inventory.values import NOW

_CLIENT, _OTHER = ClientId("d1"), "d2"
_WINDOW = NOW - timedelta(days=29)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class LoggedGraph(MadeUpGraph):
    """Answers what is asked of the sign-in log from records: event, application, time, and what else they say."""

    records: list[tuple[str, str, datetime, dict[str, Any]]] = field(default_factory=list)
    page: int = 1000
    empty: bool = False
    """Whether every answer begins with a page that holds nothing and leads to the next."""

    def log(self, event: str, moments: Iterable[datetime], app: str = _OTHER, **more: Any) -> None:
        self.records += [(event, app, moment, more) for moment in moments]

    def _next(self, target: str) -> bytes:
        path, _, query = unquote(target).partition("?")
        if path != "/beta/auditLogs/signIns":
            return self._whole({"value": []})
        found = [row for row in self.records if self._matches(row, query)]
        found.sort(key=lambda row: row[2], reverse="createdDateTime asc" not in query)
        size = min(int(re.findall(r"\$top=(\d+)", query)[0]), self.page)
        skip = int((re.findall(r"skiptoken=(\d+)", query) or [-1])[0])
        if self.empty and skip < 0:
            return self._whole({"value": [], "@odata.nextLink": f"{self.url}{target}&$skiptoken=0"})
        skip, link = max(skip, 0), target.partition("&$skiptoken")[0]
        more = {"@odata.nextLink": f"{self.url}{link}&$skiptoken={skip + size}"} if len(found) > skip + size else {}
        return self._whole({"value": [_body(row) for row in found[skip : skip + size]], **more})

    @staticmethod
    def _matches(row: tuple[str, str, datetime, Any], query: str) -> bool:
        event, app, moment, _ = row
        asked = re.findall(r"appId eq '([^']*)'", query)
        since = re.findall(r"createdDateTime ge ([^ &]+)", query)
        until = re.findall(r"createdDateTime le ([^ &]+)", query)
        return (
            event in re.findall(r"t eq '([^']*)'", query)
            and (not asked or app in asked)
            and all(moment >= datetime.fromisoformat(one) for one in since)
            and all(moment <= datetime.fromisoformat(one) for one in until)
        )

    def history(self, since: datetime = _WINDOW, *, times: int = 1, measure_users: bool = False) -> SignInHistory:
        async def run() -> SignInHistory:
            async with self.connected() as connection:
                directory = GraphDirectory(connection, measure_users=measure_users)
                return [await directory.sign_ins(_CLIENT, since) for _ in range(times)][-1]

        return asyncio.run(run())


def _body(row: tuple[str, str, datetime, dict[str, Any]]) -> dict[str, Any]:
    _, app, moment, more = row
    return {"appId": app, "createdDateTime": moment.isoformat(), "status": {"errorCode": 0}, **more}


def _every(step: timedelta, *, days: float = 40, until: timedelta = timedelta(0)) -> list[datetime]:
    count = int((timedelta(days=days) - until) / step)
    return [NOW - until - step * number for number in range(1, count + 1)]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> LoggedGraph:
    monkeypatch.setattr(quotas, "PERIOD", 0.01)
    return LoggedGraph()


def _without(moments: list[datetime], begin: float, end: float) -> list[datetime]:
    return [one for one in moments if not NOW - timedelta(days=begin) < one < NOW - timedelta(days=end)]


@pytest.mark.parametrize(("page", "most"), [(1000, 5), (7, 30), (1, 30)])
def test_a_log_without_a_gap_covers_what_was_asked_and_is_walked_once(log: LoggedGraph, page: int, most: int) -> None:
    log.page = page
    log.log("servicePrincipal", _every(6 * _HOUR))
    found = log.history(times=2)
    assert found.covers_since is not None
    assert _WINDOW - QUIET <= found.covers_since <= _WINDOW
    assert (found.gap, found.missing) == ("", "")
    assert len(log.requests) <= most


@pytest.mark.parametrize("page", [1000, 7])
@pytest.mark.parametrize("empty", [False, True])
def test_a_hole_is_a_gap_however_the_log_is_paged(log: LoggedGraph, page: int, empty: bool) -> None:  # noqa: FBT001
    log.page, log.empty = page, empty
    log.log("servicePrincipal", _without(_every(6 * _HOUR), 12, 8))
    found = log.history()
    assert found.covers_since == NOW - 8 * _DAY
    assert found.gap == "no record of anybody from 2026-02-18 10:00 to 2026-02-22 10:00"


def test_a_log_that_stopped_covers_nothing_since(log: LoggedGraph) -> None:
    log.log("servicePrincipal", _every(6 * _HOUR, until=2 * _DAY))
    found = log.history()
    assert found.covers_since == NOW
    assert found.gap.startswith("no record of anybody from 2026-02-28")


@pytest.mark.parametrize(("days", "covered"), [(3, True), (4, False)])
def test_a_weekend_is_none_where_the_log_of_identities_goes_on(log: LoggedGraph, days: int, covered: bool) -> None:  # noqa: FBT001
    log.log("servicePrincipal", _without(_every(6 * _HOUR), 12, 12 - days))
    log.log("managedIdentity", _every(_DAY))
    found = log.history()
    assert found.covers_since is not None
    assert (found.covers_since <= _WINDOW) is covered
    log.records = [row for row in log.records if row[0] != "managedIdentity" or row[2] < NOW - 11 * _DAY]
    again = log.history()
    assert again.covers_since == NOW - (12 - days) * _DAY


def test_a_hole_in_the_log_of_users_counts_where_they_sign_in(log: LoggedGraph) -> None:
    log.log("servicePrincipal", _every(6 * _HOUR))
    log.log("nonInteractiveUser", _without(_every(12 * _HOUR), 14, 9))
    without = log.history()
    assert without.covers_since is not None
    assert without.covers_since <= _WINDOW
    assert log.history(measure_users=True).covers_since == NOW - 9 * _DAY
    log.log("interactiveUser", [NOW - _DAY], _CLIENT, clientCredentialType="certificate")
    assert log.history().covers_since == NOW - 9 * _DAY


def test_an_empty_log_of_users_says_nothing_and_an_empty_log_of_applications_covers_nothing(log: LoggedGraph) -> None:
    log.log("servicePrincipal", _every(6 * _HOUR))
    found = log.history(measure_users=True)
    assert found.covers_since is not None
    assert found.covers_since <= _WINDOW
    log.records.clear()
    log.log("interactiveUser", _every(6 * _HOUR))
    assert log.history(measure_users=True).covers_since is None


def test_records_that_tell_no_time_or_one_to_come_fill_no_hole(log: LoggedGraph) -> None:
    log.log("servicePrincipal", _without(_every(6 * _HOUR), 12, 8))
    log.log("servicePrincipal", [NOW - 10 * _DAY], createdDateTime="no time")
    log.log("servicePrincipal", [NOW + 3 * _DAY])
    assert log.history().covers_since == NOW - 8 * _DAY


@pytest.mark.parametrize("seed", range(12))
def test_walking_finds_what_reading_every_record_finds(log: LoggedGraph, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    log.page = dice.choice([1, 3, 20, 1000])
    scale = dice.choice([4, 12, 30])
    for event in ("servicePrincipal", "managedIdentity"):
        moment = NOW - 40 * _DAY
        while (moment := moment + timedelta(hours=dice.expovariate(1 / scale))) < NOW:
            log.log(event, [moment])
    found = log.history()

    def whole(event: str) -> Extent:
        first = (_WINDOW - QUIET).replace(microsecond=0)
        spans = [(moment, moment) for kind, _, moment, _ in log.records if kind == event and moment >= first]
        return Extent().with_seen([*spans, (NOW, NOW)])

    covered = whole("servicePrincipal").bridged(whole("managedIdentity").seen).covered()
    assert covered is not None
    assert found.covers_since == covered[0]


def test_what_was_walked_is_walked_on_as_time_passes(log: LoggedGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    log.log("servicePrincipal", _every(6 * _HOUR))

    async def run() -> list[SignInHistory]:
        async with log.connected() as connection:
            directory = GraphDirectory(connection)
            found = [await directory.sign_ins(_CLIENT, _WINDOW)]
            later = NOW + 5 * _DAY
            monkeypatch.setattr("tests.inventory.madeup.DATE", f"{later.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT")
            found.append(await directory.sign_ins(_CLIENT, _WINDOW))
            log.log("servicePrincipal", [NOW + _DAY * number for number in range(6)])
            found.append(await directory.sign_ins(_CLIENT, _WINDOW))
            found.append(await directory.sign_ins(_CLIENT, _WINDOW - 30 * _DAY))
            return found

    first, stopped, cached, sooner = asyncio.run(run())
    assert first.covers_since is not None
    assert first.covers_since <= _WINDOW
    assert stopped.covers_since == NOW + 5 * _DAY
    assert cached.covers_since == stopped.covers_since
    assert sooner.covers_since == NOW - 40 * _DAY
