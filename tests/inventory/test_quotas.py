from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import quotas
from inventory.quotas import Charge, Quotas, charge
from inventory.retry_after import retry_after, whole_seconds

_ID = "aaaaaaaa-0000-4000-8000-000000000001"
_LOW = Charge(kind="GET /x?", units=1, low=True)
_REPORT = Charge(kind="GET /reports/x?", units=1, report=True, low=True)
_WARNED = {"x-ms-throttle-limit-percentage": "0.85"}


@pytest.mark.parametrize(
    ("target", "units"),
    [
        ("/v1.0/applications?$top=999&$expand=owners", 3),
        ("/v1.0/applications?$top=999&$select=id&$expand=federatedIdentityCredentials", 2),
        ("/v1.0/applications?%24top=999&%24select=id", 1),
        ("/v1.0/applications?$top=1&$select=id", 1),
        ("/beta/applications", 2),
        (f"/v1.0/applications/{_ID}?$expand=owners", 2),
        ("/v1.0/servicePrincipals?$top=999&$expand=owners", 2),
        (f"/v1.0/servicePrincipals/{_ID}/appRoleAssignments", 2),
        (f"/v1.0/servicePrincipals/{_ID}/appRoleAssignedTo", 1),
        ("/v1.0/organization?$select=id", 1),
    ],
)
def test_reads_cost_what_graph_documents(target: str, units: int) -> None:
    path, _, query = target.partition("?")
    found = charge("GET", path, query, b"", low=True)
    assert (found.units, found.report, found.low) == (units, False, True)


def test_a_batch_costs_what_its_parts_cost() -> None:
    parts = [{"id": "1", "method": "GET", "url": f"/applications/{_ID}?$expand=owners"}] * 20
    assert charge("POST", "/v1.0/$batch", "", json.dumps({"requests": parts}).encode(), low=True).units == 40
    assert charge("POST", "/v1.0/$batch", "", b"odd", low=True).units == 1


@pytest.mark.parametrize("path", ["/beta/auditLogs/signIns", "/beta/reports/appCredentialSignInActivities"])
def test_reports_and_logs_have_a_limit_of_their_own(path: str) -> None:
    assert charge("GET", path, "$top=1", b"", low=True).report


def _run(job: object) -> None:
    asyncio.run(job())  # type: ignore[operator]


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "SIZES", (100, 200, 400))
    monkeypatch.setattr(quotas, "PERIOD", 1.0)


@pytest.mark.usefixtures("fast")
def test_three_quarters_are_used_at_once_and_the_rest_waits() -> None:
    async def job() -> None:
        loop, kept = asyncio.get_running_loop(), Quotas()
        start, spent = loop.time(), 0
        while not await kept.spend(_LOW):
            spent += 1
        assert 75 <= spent <= 75 + (loop.time() - start) * 100, "then comes the probe"
        await kept.learn(_LOW, 200, _WARNED, probe=True)
        for _ in range(30):
            assert await kept.spend(_LOW) is False
        assert loop.time() - start >= (spent + 1 + 30 - 75) / 100
        assert kept.size == 100

    _run(job)


@pytest.mark.usefixtures("fast")
def test_a_larger_tenant_is_found_out_by_the_missing_warning() -> None:
    async def job() -> None:
        kept = Quotas()
        for size in (200, 400):
            while not await kept.spend(_LOW):
                pass
            assert await asyncio.wait_for(kept.spend(_LOW), 1) is False, "one probe at a time"
            await kept.learn(_LOW, 200, {}, probe=True)
            assert kept.size == size
        start = asyncio.get_running_loop().time()
        for _ in range(350):
            assert await kept.spend(_LOW) is False
        assert asyncio.get_running_loop().time() - start > 0.2, "the largest size is not gone beyond"

    _run(job)


@pytest.mark.usefixtures("fast")
def test_a_probe_that_is_throttled_or_lost_proves_nothing_larger() -> None:
    async def job() -> None:
        kept = Quotas()
        while not await kept.spend(_LOW):
            pass
        kept.abandon(_LOW, probe=True)
        while not await kept.spend(_LOW):
            pass
        start = asyncio.get_running_loop().time()
        await kept.learn(_LOW, 429, {"retry-after": "0.1"}, probe=True)
        assert kept.size == 100
        await kept.spend(_LOW)
        assert asyncio.get_running_loop().time() - start >= 0.09, "nobody goes on while one is told to wait"

    _run(job)


def test_what_an_answer_says_it_cost_goes_before_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "SIZES", (16, 20, 40))

    async def job() -> None:
        kept = Quotas()
        await kept.learn(_LOW, 200, {"x-ms-resource-unit": "4"})
        assert [await kept.spend(_LOW) for _ in range(4)] == [False, False, False, True]

    _run(job)


@pytest.mark.usefixtures("fast")
def test_reports_are_four_in_any_period_counted_from_their_answers() -> None:
    async def job() -> None:
        loop, kept = asyncio.get_running_loop(), Quotas()
        spans: dict[int, tuple[float, float]] = {}

        async def one(number: int) -> None:
            await kept.spend(_REPORT)
            entered = loop.time()
            await asyncio.sleep(0.05 * (number % 3))
            spans[number] = (entered, loop.time())
            if number == 5:
                kept.abandon(_REPORT, probe=False)
            else:
                await kept.learn(_REPORT, 200, {})

        await asyncio.gather(*(one(number) for number in range(10)))
        in_order = sorted(spans.values())
        for at, (entered, _) in enumerate(in_order):
            assert sum(answered > entered - 1.0 for _, answered in in_order[:at]) < 4

    _run(job)


def test_whoever_is_waited_for_never_waits() -> None:
    async def job() -> None:
        kept, urgent = Quotas(), Charge(kind="GET /reports/x?", units=1, report=True)
        for _ in range(100):
            await asyncio.wait_for(kept.spend(urgent), 0.5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(kept.spend(_REPORT), 0.5)

    _run(job)


@pytest.mark.parametrize(
    ("said", "seconds", "whole"),
    [
        ("2.128", 2.128, "3"),
        ("2", 2, "2"),
        ("0.0", 0, "0"),
        ("Mon, 02 Mar 2026 10:00:07 GMT", 7, "7"),
        ("Mon, 02 Mar 2026 09:00:00 GMT", 0, "0"),
        ("soon", None, None),
        ("-3", None, None),
        ("1e3", None, None),
        ("", None, None),
    ],
)
def test_the_wait_is_read_as_seconds_or_as_a_date_by_the_answers_own_clock(
    said: str, seconds: float | None, whole: str | None
) -> None:
    headers = {"retry-after": said, "date": "Mon, 02 Mar 2026 10:00:00 GMT"}
    assert (retry_after(headers), whole_seconds(headers)) == (seconds, whole)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_the_reading_of_a_wait(said: str, date: str) -> None:
    found = retry_after({"retry-after": said, "date": date})
    assert found is None or found >= 0


@given(st.integers(10**6, 4 * 10**9), st.integers(0, 10**6))
def test_a_date_is_as_long_away_as_it_says(second: int, seconds: int) -> None:
    now, until = (datetime.fromtimestamp(one, UTC) for one in (second, second + seconds))
    headers = {"retry-after": format_datetime(until, usegmt=True), "date": format_datetime(now, usegmt=True)}
    assert retry_after(headers) == seconds
