"""Retirement policies on past sign-ins: longer windows never break more, and what is not covered is never quiet."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import ClientId, KeyId
from inventory.usage import DayOfUse
from migrate.cli.main import main
from migrate.replay import Covered, Moment, Result, Road, Trial, deactivate, longest_quiet, replay, timelines, wholes
from tests.support.exported import TENANT

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


def road(days: list[DayOfUse], unused: int, scream: int) -> Road:
    trial = Trial(name="x", unused_days=unused, scream_days=scream)
    return deactivate(wholes(days, timelines(days, COVERED), COVERED), COVERED, trial)


def hour_of(when: datetime | Moment | None) -> float | None:
    at = when.at if isinstance(when, Moment) else when
    return None if at is None else (at - BEGIN) / timedelta(hours=1)


@given(HOURS, st.integers(1, 100), st.integers(1, 60))
def test_deactivating_is_what_hour_by_hour_comes_to(hours: list[int], unused: int, scream: int) -> None:
    end, known = 24 * 120, sorted({hour for hour in hours if 0 <= hour <= 24 * 120})
    expected: list[tuple[float | None, ...]] = []
    for now in range(end + 1):
        before = [hour for hour in known if hour < now]
        if before and now - before[-1] >= unused * 24 and now not in known:
            gone, later = now + scream * 24, next((hour for hour in known if hour > now), None)
            missed = later if later is not None and later <= gone else None
            removed = gone if missed is None and gone <= end else None
            expected = [(now, missed, removed, later if removed is not None else None)]
            break
    found = [
        (hour_of(each.at), hour_of(each.missed), hour_of(each.removed), hour_of(each.broken))
        for each in road([use(hour) for hour in hours], unused, scream).stops
    ]  # fmt: skip
    assert found == expected


@given(HOURS, st.integers(1, 100), st.integers(0, 60))
def test_deactivating_one_credential_first_never_breaks_what_removing_it_at_once_does_not(
    hours: list[int], unused: int, scream: int
) -> None:
    history = [use(hour) for hour in hours]
    assert bool(road(history, unused, scream).broken) <= bool(run(history, unused).broken)


def test_a_first_use_of_another_credential_breaks_it_too() -> None:
    (stop,) = road([use(0), use(24 * 100, SECOND)], 28, 30).stops
    assert stop.broken is not None
    assert run([use(0), use(24 * 100, SECOND)], 28).broken == ()


def test_whoever_uses_the_application_keeps_it_by_whatever_credential() -> None:
    days = [use(0), use(0, SECOND)]
    (stop,) = road(days, 28, 30).stops
    assert (stop.whole.credentials, stop.missed, stop.broken) == (2, None, None)
    assert road(days, 28, 30).removals == 2
    assert road(days, 28, 30).exposure_days == 2 * (120 - 58)
    federated = [use(hour, None, federated_credential_id=SECOND) for hour in range(0, 24 * 120, 24)]
    assert road([*days, *federated], 28, 30).stops == ()
    assert road(federated, 28, 30).stops == (), "it has no credential that could go"


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
    first = short["deactivated_first"]
    assert (first["scream_days"], first["deactivated"], first["removals"], first["broken"]) == (30, 1, 0, 0)
    assert first["missed"] == [
        {
            "application": OTHER,
            "deactivated": "2026-02-03",
            "removed": None,
            "next_use": "2026-02-10",
            "address": "203.0.113.9",
        }
    ]
    assert [each["broken"] for each in told["curve"] if each["unused_days"] in {28, 30, 35, 42}] == [1, 1, 0, 0]
    assert main([*given[:-2], "--unused-days", "28"]) == 1
    text = capsys.readouterr().out
    assert "used again 2026-02-10 from 203.0.113.9" in text
    assert "from 35 days without use on" in text
    assert "28 days, deactivated first: 1 applications, 1 missed in time" in text
    assert "deactivated 2026-02-03, used again 2026-02-10 from 203.0.113.9: revert mends it" in text


def test_the_page_opens_offline_and_holds_what_the_text_does(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(logs.parent)
    evil = Path("<img src=x onerror=alert(1)>.toml")
    evil.write_text("[retire]\nunused_days = 28\nscream_days = 28\n")
    given = ["replay", "--logs", "logs", "--tenant", TENANT, "--policy", str(evil), "--html", "out.html"]
    assert main(given) == 1
    page = Path("out.html").read_text("utf-8")
    assert "Content-Security-Policy" in page
    assert "<img" not in page
    assert "<svg" in page
    for told in ("deactivated first", "2026-02-10", "203.0.113.9", "missed in time", KEY[:8]):
        assert told in page, told
    Path("out.html").write_text("again")
    assert main(given) == 1
    capsys.readouterr()
    assert main([*given[:-1], str(evil)]) == 2
    assert "would be replaced" in capsys.readouterr().err
    assert evil.read_text().startswith("[retire]")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tenant", OTHER], "shows nothing"),
        ([], "--tenant ID"),
        (["--tenant", "contoso.example"], "contoso.example is no id"),
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


def test_a_tenant_that_is_none_is_told_before_the_extra_that_is_missing(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.chdir(logs.parent)
    assert main(["replay", "--logs", "logs", "--tenant", "x"]) == 2
    assert "x is no id" in capsys.readouterr().err
    assert main(["replay", "--logs", "logs", "--tenant", TENANT]) == 2
    assert "duckdb is not installed" in capsys.readouterr().err
