"""Retirement policies on past sign-ins: longer windows never break more, and what is not covered is never quiet."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import ClientId, KeyId
from inventory.usage import DayOfUse
from migrate.cli.main import main
from migrate.replay import Covered, Result, Trial, longest_quiet, replay, timelines
from tests.support.exported import TENANT, export, record

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COVERED = Covered(since=BEGIN, until=BEGIN + timedelta(days=120))
CLIENT = "dddddddd-0000-4000-8000-000000000001"
OTHER = "dddddddd-0000-4000-8000-000000000002"
KEY = "eeeeeeee-0000-4000-8000-000000000001"
SECOND = "eeeeeeee-0000-4000-8000-000000000002"
HOURS = st.lists(st.integers(-100, 24 * 130), max_size=12)


def use(hours: float, key: str | None = KEY, **changes: Any) -> DayOfUse:
    at = BEGIN + timedelta(hours=hours)
    facts: dict[str, Any] = {
        "client_id": ClientId(CLIENT),
        "key_id": KeyId(key) if key else None,
        "thumbprint": None,
        "federated_credential_id": None,
        "credential_type": "clientSecret",
        "address": "203.0.113.7",
        "first": at,
        "last": at,
        "count": 1,
    }
    return DayOfUse(**{**facts, **changes})


def run(days: list[DayOfUse], unused: int, soak: int = 0) -> Result:
    return replay(timelines(days, COVERED), COVERED, Trial(name="x", unused_days=unused, soak_hours=soak))


@given(st.lists(HOURS, max_size=4), st.integers(1, 130), st.integers(0, 130), st.integers(0, 200))
def test_a_longer_quiet_time_never_breaks_or_removes_more(
    uses: list[list[int]], days: int, more: int, soak: int
) -> None:
    keys = [f"eeeeeeee-0000-4000-8000-{number:012}" for number in range(len(uses))]
    history = [use(hour, key) for key, hours in zip(keys, uses, strict=True) for hour in hours]
    shorter, longer = run(history, days), run(history, days + more, soak)

    def broken(result: Result) -> set[str]:
        return {each.timeline.credential for each in result.broken}

    def removed(result: Result) -> set[str]:
        return {each.timeline.credential for each in result.removals}

    assert broken(longer) <= broken(shorter)
    assert removed(longer) <= removed(shorter)
    gained = {each.timeline.credential: each.at for each in shorter.removals}
    assert all(each.at >= gained[each.timeline.credential] for each in longer.removals)


@given(HOURS, st.integers(1, 130), st.integers(0, 200))
def test_it_is_what_a_removal_hour_by_hour_comes_to(hours: list[int], days: int, soak: int) -> None:
    quiet, end = days * 24 + soak, 24 * 120
    known = sorted({hour for hour in hours if 0 <= hour <= end})
    expected: tuple[int, int | None] | None = None
    for now in range(end + 1):
        before = [hour for hour in known if hour < now]
        if before and now - before[-1] >= quiet and now not in known:
            expected = (now, next((hour for hour in known if hour > now), None))
            break
    found = [
        ((each.at - BEGIN) / timedelta(hours=1), each.broken and (each.broken.at - BEGIN) / timedelta(hours=1))
        for each in run([use(hour) for hour in hours], days, soak).removals
    ]
    assert found == ([] if expected is None else [expected])


@given(HOURS)
def test_the_longest_quiet_time_is_the_first_that_breaks_nobody(hours: list[int]) -> None:
    lines = timelines([use(hour) for hour in hours], COVERED)
    quiet = longest_quiet(lines)
    days, rest = divmod(quiet, timedelta(days=1))
    safe = Trial(name="x", unused_days=days, soak_hours=int(rest / timedelta(hours=1)))
    assert not replay(lines, COVERED, safe).broken
    if quiet:
        shorter = Trial(name="x", unused_days=0, soak_hours=int(quiet / timedelta(hours=1)) - 1)
        assert replay(lines, COVERED, shorter).broken


def test_nothing_is_removed_that_the_log_does_not_cover() -> None:
    assert run([use(0)], 121).removals == ()
    assert run([use(24 * 100)], 28).removals == (), "the log ends too early"
    assert run([use(-5)], 28).removals == (), "its use is older than what is covered"
    assert run([], 28).removals == ()


def test_a_record_that_names_no_credential_is_use_of_each() -> None:
    days = [use(0), use(0, SECOND)]
    assert len(run(days, 28).removals) == 2
    unclear = [use(hour, None, credential_type=None) for hour in range(0, 24 * 120, 24)]
    assert run([*days, *unclear], 28).removals == ()
    federated = [use(hour, None, federated_credential_id=SECOND) for hour in range(0, 24 * 120, 24)]
    assert len(run([*days, *federated], 28).removals) == 2
    assert len(run([*days, *[use(24, None, client_id=ClientId(OTHER), credential_type=None)]], 28).removals) == 2


def test_a_certificate_is_known_by_its_thumbprint_too() -> None:
    digest = "AB" * 20
    named = use(0, thumbprint=digest, credential_type="certificate")
    bare = use(24 * 60, None, thumbprint=digest, credential_type="certificate")
    (removal,) = run([named, bare], 28).removals
    assert removal.broken is not None
    assert removal.timeline.credential == KEY
    (alone,) = timelines([bare], COVERED)
    assert alone.credential == digest


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A hundred days of a busy application, of a monthly job, and of one that ended."""
    records = []
    for day in range(100):
        at = BEGIN + timedelta(days=day, hours=3)
        records.append(record(at, CLIENT, servicePrincipalCredentialKeyId=KEY))
        if day in {5, 40, 75}:
            records.append(record(at, OTHER, servicePrincipalCredentialKeyId=SECOND, ipAddress="203.0.113.9"))
        if day in {50, 90}:
            records.append(record(at, OTHER, servicePrincipalCredentialKeyId=SECOND, error=7000222))
        if day == 1:
            records.append(record(at, OTHER, servicePrincipalCredentialKeyId=KEY.replace("1", "3")))
    export(tmp_path / "logs", records)
    (tmp_path / "strict.toml").write_text("[retire]\nunused_days = 28\nsoak_hours = 240\n")
    return tmp_path / "logs"


def test_a_monthly_job_is_broken_by_28_days_and_not_by_28_with_a_soak(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(logs.parent)
    given = ["replay", "--logs", "logs", "--tenant", TENANT.upper(), "--format", "json"]
    assert main([*given, "--policy", "strict.toml"]) == 0
    (strict,) = json.loads(capsys.readouterr().out)["policies"]
    assert (strict["removals"], strict["broken"]) == (1, 0)
    assert main([*given, "--unused-days", "28, 60"]) == 1
    told = json.loads(capsys.readouterr().out)
    short, long = told["policies"]
    assert (short["removals"], short["broken"], long["removals"], long["broken"]) == (2, 1, 1, 0)
    assert short["exposure_days"] == 70 + 7
    assert short["breaks"] == [
        {
            "application": OTHER,
            "credential": SECOND,
            "removed": "2026-02-03",
            "next_use": "2026-02-10",
            "address": "203.0.113.9",
            "addresses": ["203.0.113.9"],
        }
    ]
    assert (told["credentials"], told["longest_quiet_days"]) == (3, 35)
    assert [each["broken"] for each in told["curve"] if each["unused_days"] in {28, 30, 35, 42}] == [1, 1, 0, 0]
    assert main([*given[:-2], "--unused-days", "28"]) == 1
    text = capsys.readouterr().out
    assert "used again 2026-02-10 from 203.0.113.9" in text
    assert "from 35 days without use on" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tenant", OTHER], "shows nothing"),
        ([], "--tenant ID"),
        (["--tenant", TENANT, "--unused-days", "0"], "numbers of days"),
        (["--tenant", TENANT, "--policy", "none.toml"], "none.toml"),
    ],
)
def test_what_cannot_be_tried_is_told_in_one_line(
    arguments: list[str], told: str, logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(logs.parent)
    monkeypatch.delenv("AZURE_TENANT_ID", raising=False)
    assert main(["replay", "--logs", "logs", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
