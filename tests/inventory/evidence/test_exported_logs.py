"""Exported logs in every form and under every name, read by DuckDB; what is broken is told."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.errors import CursorExpiredError
from inventory.evidence.exported_logs import SOURCE
from inventory.evidence_source import EvidenceRequest
from inventory.logs.tally import merged
from inventory.model import TenantId
from inventory.usage import Use
from tests.inventory.evidence.support import CLIENT, KEY, NOW, Told, read, reading, told
from tests.support.examples import share
from tests.support.exported import TENANT, blob, export, flat, lines, record

OTHER = "dddddddd-0000-4000-8000-000000000002"
HOURS = 24 * 5


def ask(folder: Path) -> Told:
    return read(SOURCE, EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=folder))


def history() -> list[dict[str, Any]]:
    """Five days of a busy application, one of another and one of an identity, a record an hour."""
    found = []
    for number in range(HOURS):
        at = NOW - timedelta(hours=HOURS - number, minutes=number % 60, microseconds=number)
        address = f"203.0.113.{number % 2}"
        error = 7000222 if number % 4 == 3 else 0
        found.append(record(at, CLIENT, error=error, servicePrincipalCredentialKeyId=KEY, ipAddress=address))
        if number % 24 == 0:
            named: dict[str, Any] = {
                "servicePrincipalCredentialThumbprint": "ab" * 20,
                "clientCredentialType": "certificate",
            }
            found.append(record(at, OTHER, **named))
            found.append(record(at, OTHER, event="managedIdentity", clientCredentialType="managedIdentity"))
    return found


def bare(uses: tuple[Use, ...]) -> set[Use]:
    """Uses without what a workspace's export does not tell."""
    return {dataclasses.replace(use, credential_type=None) for use in uses}


def test_a_folder_of_blobs_is_added_up(tmp_path: Path) -> None:
    export(tmp_path, history())
    found = ask(tmp_path)
    counts = {(use.client_id, use.credential_type, use.address): (use.successes, use.failures) for use in found.uses}
    assert counts == {
        (CLIENT, "clientSecret", "203.0.113.0"): (60, 0),
        (CLIENT, "clientSecret", "203.0.113.1"): (30, 30),
        (OTHER, "certificate", "203.0.113.7"): (5, 0),
        (OTHER, "managedIdentity", "203.0.113.7"): (5, 0),
    }
    times = [datetime.fromisoformat(one["properties"]["createdDateTime"]) for one in history()]
    assert (found.source.since, found.source.until) == (min(times), max(times))
    assert (found.source.missing, found.notes) == ("", ())
    assert {use.thumbprint for use in found.uses if use.credential_type == "certificate"} == {"AB" * 20}


def _json(folder: Path, records: list[dict[str, Any]], *, write: Callable[[list[dict[str, Any]]], bytes]) -> None:
    (folder / "all.json").write_bytes(write(records))


def _parquet(folder: Path, records: list[dict[str, Any]], query: str) -> None:
    source = folder / "source.txt"
    source.write_bytes(lines(records))
    duckdb.execute(
        f"COPY ({query.format(source='read_json(?, format=$$newline_delimited$$)')}) TO '{folder / 'all.parquet'}'",
        [str(source)],
    )
    source.unlink()


FORMS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {
    "blobs": export,
    "zipped blobs": lambda folder, records: export(folder, records, zipped=True),
    "lines": lambda folder, records: _json(folder, records, write=lines),
    "zipped under a plain name": lambda folder, records: _json(
        folder, records, write=lambda all_: gzip.compress(lines(all_))
    ),
    "byte order mark": lambda folder, records: _json(folder, records, write=lambda all_: b"\xef\xbb\xbf" + lines(all_)),
    "records": lambda folder, records: _json(
        folder, records, write=lambda all_: json.dumps({"records": all_}).encode()
    ),
    "indented records": lambda folder, records: _json(
        folder, records, write=lambda all_: json.dumps({"records": all_}, indent=2).encode()
    ),
    "array": lambda folder, records: _json(folder, records, write=lambda all_: json.dumps(all_).encode()),
    "parquet": lambda folder, records: _parquet(folder, records, "SELECT * FROM {source}"),
    "parquet with text in properties": lambda folder, records: _parquet(
        folder,
        records,
        "SELECT time, tenantId, category, resultType, to_json(properties)::VARCHAR AS properties FROM {source}",
    ),
}
FLAT_FORMS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {
    "tables": lambda folder, records: _json(folder, records, write=lines),
    "parquet": lambda folder, records: _parquet(folder, records, "SELECT * FROM {source}"),
    "parquet with times": lambda folder, records: _parquet(
        folder, records, "SELECT * REPLACE (CreatedDateTime::TIMESTAMPTZ AS CreatedDateTime) FROM {source}"
    ),
    "parquet in lower case": lambda folder, records: _parquet(
        folder,
        [{name.lower(): value for name, value in one.items()} for one in records],
        "SELECT * FROM {source}",
    ),
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("reference")
    export(folder, history())
    return ask(folder)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(tmp_path: Path, reference: Told, form: str) -> None:
    FORMS[form](tmp_path, history())
    found = ask(tmp_path)
    assert found.notes == ()
    assert found.uses == reference.uses
    assert found.source == reference.source


@pytest.mark.parametrize("form", FLAT_FORMS)
def test_tables_of_a_workspace_say_the_same_without_the_type(tmp_path: Path, reference: Told, form: str) -> None:
    FLAT_FORMS[form](tmp_path, [flat(one) for one in history()])
    found = ask(tmp_path)
    assert found.notes == ()
    assert bare(found.uses) == bare(reference.uses)
    assert found.source == reference.source


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-03-01T08:00:00.1234567Z", "2026-03-01T08:00:00.123456+00:00"),
        ("2026-03-01T08:00:00.1234567+02:00", "2026-03-01T06:00:00.123456+00:00"),
        ("2026-03-01T08:00:00-8:00", "2026-03-01T16:00:00+00:00"),
        ("2026-03-01T08:00:00", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01 08:00:00.5", "2026-03-01T08:00:00.500000+00:00"),
        ("3/1/2026 8:00:00 PM", "2026-03-01T20:00:00+00:00"),
    ],
)
def test_times_are_read_in_every_form(tmp_path: Path, stamp: str, expected: str) -> None:
    _json(tmp_path, [record(NOW, CLIENT, createdDateTime=stamp)], write=lines)
    (use,) = ask(tmp_path).uses
    assert use.last == datetime.fromisoformat(expected)


HOSTILE = [
    "x[1].json",
    "st*r.json",
    "what?.json",
    "q'uo\"te;--.json",
    "new\nline.json",
    "{a,b}.json",
    "back\\slash.json",
    "~.json",
    "$HOME.json",
    "s3:x.json",
    "sp ace.json",
    "' UNION SELECT 1 --.json",
    "ünïcode\u202e.json",
    "-rf.json",
]


def test_names_may_be_anything(tmp_path: Path) -> None:
    for number, name in enumerate(HOSTILE):
        pattern = "" if "\\" in name else "[*]"  # a backslash behind a pattern is more than DuckDB takes, and is told
        folder = tmp_path / f"y={number}{pattern}'"
        folder.mkdir()
        at = NOW - timedelta(hours=number)
        (folder / name).write_bytes(lines([record(at, CLIENT, ipAddress=f"203.0.113.{number}")]))
    found = ask(tmp_path)
    assert found.notes == ()
    assert len(found.uses) == len(HOSTILE)
    assert sum(use.successes or 0 for use in found.uses) == len(HOSTILE), "a pattern would read some of them twice"


def test_a_name_that_cannot_be_given_to_the_engine_is_told(tmp_path: Path) -> None:
    (tmp_path / "[*]").mkdir()
    (tmp_path / "[*]" / "back\\slash.json").write_bytes(lines([record(NOW, CLIENT)]))
    assert ask(tmp_path).source.missing == "1 records or files cannot be read: usage is unknown"


def test_a_name_that_is_no_text_is_told_and_does_not_end_anything(tmp_path: Path) -> None:
    export(tmp_path, history())
    odd = os.fsencode(tmp_path) + b"/\xff.json"
    with open(odd, "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(lines([record(NOW, CLIENT)]))
    found = ask(tmp_path)
    assert [note.text for note in found.notes] == ["unreadable: its name is not UTF-8"]
    assert "\udcff" not in found.notes[0].subject
    assert found.source.missing == "1 records or files cannot be read: usage is unknown"
    assert len(found.uses) == 4


def test_other_logs_and_other_files_are_left_alone(tmp_path: Path) -> None:
    export(tmp_path, history())
    before = ask(tmp_path)
    for category in ("AuditLogs", "SignInLogs", "NonInteractiveUserSignInLogs", "MicrosoftServicePrincipalSignInLogs"):
        blob(tmp_path, NOW, category).write_bytes(b"{broken")
    (tmp_path / "mixed.json").write_bytes(lines([{**record(NOW, CLIENT), "category": "AuditLogs"}]))
    (tmp_path / "readme.txt").write_text("{")
    after = ask(tmp_path)
    assert (after.uses, after.notes) == (before.uses, ())
    assert dataclasses.replace(after.source, blind_spots=before.source.blind_spots) == before.source
    assert "1 files are no logs by their names, one of them readme.txt" in after.source.blind_spots


BROKEN: dict[str, bytes] = {
    "a line cut short": b'{"time":"2026-03-01T0',
    "no JSON": b"<html></html>\n",
    "NUL": b"\x00\x00\x00\n",
    "no UTF-8": b'{"a":"\xff\xfe"}\n',
    "another shape": b'"text"\n[1]\n7\nnull\n',
    "no time": lines([{"category": "ServicePrincipalSignInLogs", "properties": {"appId": CLIENT}}]),
    "no application": lines([record(NOW, "")]),
    "a time that is none": lines([record(NOW, CLIENT, createdDateTime="soon")]),
    "a time to come": lines([record(NOW + timedelta(days=400), CLIENT)]),
}
TYPICAL = {"a line cut short", "another shape", "no time", "a time to come"}
"""One of each way to be broken: no JSON, no object, a field that is missing, one that says what cannot be."""


@pytest.mark.parametrize(
    "broken", [pytest.param(each, marks=[pytest.mark.slow] * (each not in TYPICAL)) for each in BROKEN]
)
def test_a_broken_record_costs_its_hour(tmp_path: Path, broken: str) -> None:
    export(tmp_path, history())
    whole = ask(tmp_path)
    hour = (NOW - timedelta(days=2)).replace(minute=0)
    with blob(tmp_path, hour).open("ab") as file:
        file.write(BROKEN[broken])
    found = ask(tmp_path)
    assert found.uses == whole.uses
    assert [note.text for note in found.notes] == [f"{4 if broken == 'another shape' else 1} records unreadable"]
    assert found.source.missing == ""
    assert found.source.since == hour + timedelta(hours=1)
    assert found.source.until == whole.source.until
    assert any("records lost from 2026-02-27 10:00 to 2026-02-28 11:00" in spot for spot in found.source.blind_spots)


def test_a_broken_record_that_belongs_to_no_hour_makes_all_of_it_unknown(tmp_path: Path) -> None:
    export(tmp_path, history())
    (tmp_path / "more.json").write_bytes(b"{\n{\n")
    found = ask(tmp_path)
    assert found.source.missing == "2 records or files cannot be read: usage is unknown"
    assert len(found.uses) == 4


@pytest.mark.parametrize("year", [1, 1500, 9000, 9999])
def test_an_hour_that_cannot_be_is_none(tmp_path: Path, year: int) -> None:
    export(tmp_path, history())
    path = tmp_path / f"y={year:04d}" / "m=12" / "d=31" / "h=23" / "PT1H.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{")
    assert ask(tmp_path).source.missing == "1 records or files cannot be read: usage is unknown"


@pytest.mark.parametrize(
    "raw",
    [
        gzip.compress(lines(history()[:50]))[:-30],
        b"\x1f\x8b" + b"junk" * 50,
        b"PAR1" + b"junk" * 50,
        b'{"records": [{"time": "',
        b'[{"time": "2026',
    ],
    ids=["zip cut short", "no zip", "no parquet", "records cut short", "array cut short"],
)
def test_a_broken_file_costs_its_hour_and_no_other_file(tmp_path: Path, raw: bytes) -> None:
    export(tmp_path, history())
    hour = (NOW - timedelta(days=2)).replace(minute=0)
    before = ask(tmp_path)
    blob(tmp_path, hour, name="PT1H-2.json").write_bytes(raw)
    blob(tmp_path, hour, name="PT1H-3.parquet").write_bytes(raw)
    found = ask(tmp_path)
    assert found.uses == before.uses
    assert len(found.notes) == 2
    assert all(
        any(word in note.text for word in ("DuckDB says", "records unreadable", "no whole gzip"))
        for note in found.notes
    )
    assert (found.source.since, found.source.missing) == (hour + timedelta(hours=1), "")


def test_days_without_a_record_are_a_gap(tmp_path: Path) -> None:
    gap = NOW - timedelta(days=4), NOW - timedelta(days=2)
    kept = [one for one in history() if not gap[0] < datetime.fromisoformat(one["time"]) < gap[1]]
    export(tmp_path, kept)
    source = ask(tmp_path).source
    assert source.since is not None
    assert source.since >= gap[1] - timedelta(hours=1)
    assert any(spot.startswith("no record of anybody from 2026-02-26") for spot in source.blind_spots)


def test_a_folder_without_the_log_of_applications_covers_nothing(tmp_path: Path) -> None:
    export(tmp_path, [one for one in history() if one["category"].startswith("Managed")])
    found = ask(tmp_path)
    assert len(found.uses) == 1
    assert (found.source.since, found.source.until) == (None, None)


def test_an_empty_folder_and_no_folder_are_told(tmp_path: Path) -> None:
    assert ask(tmp_path).source.missing == "the folder holds no sign-in logs: usage is unknown"
    assert "is no folder" in ask(tmp_path / "nowhere").source.missing


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "pip install 'unsecret[logs]'" in ask(tmp_path).source.missing


@pytest.mark.parametrize(
    ("expected", "results"),
    [
        ((None, None), [None, "", "OK", "false", "nan"]),  # not understood: no success, and no failure either
        ((1, 0), ["0", 0, "Success", "success", "0.0", 0.0, " 0", "Success "]),
        ((0, 1), ["7000215", 7000215, "7000215.0", "Failure"]),
    ],
)
def test_results_are_read_in_every_form(
    tmp_path: Path, expected: tuple[int | None, int | None], results: list[Any]
) -> None:
    for number, result in enumerate(results):
        folder = tmp_path / str(number)
        folder.mkdir()
        _json(folder, [{**flat(record(NOW - timedelta(hours=1), CLIENT)), "ResultType": result}], write=lines)
        (use,) = ask(folder).uses
        assert (use.successes, use.failures) == expected, result


def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "PT1H.json")
    assert any("no regular file" in note.text for note in ask(tmp_path).notes)


def test_a_reading_can_go_on_after_every_cursor_with_nothing_lost_or_twice(
    tmp_path: Path, reference: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory.log_engine._PORTION", 20_000)
    export(tmp_path, history())
    (tmp_path / "[z].json").write_bytes(b"{\n")

    async def run() -> None:
        request = EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=tmp_path)
        whole = [page async for page in SOURCE.read(request)]
        assert len(whole) > 5
        first = told(entry for page in whole for entry in page.entries)
        assert merged(first.uses) == reference.uses
        for place, page in enumerate(whole[:-1], 1):
            rest = await reading(SOURCE, request, page.cursor)
            before = [entry for earlier in whole[:place] for entry in earlier.entries]
            again = told((*before, *rest.uses, *rest.notes, rest.source))
            assert merged(again.uses) == reference.uses
            assert (again.source, set(again.notes)) == (first.source, set(first.notes))

    asyncio.run(run())


WEEKEND = (NOW - timedelta(days=4), NOW - timedelta(days=1, hours=2))
"""70 hours."""


def _silent(folder: Path, begin: datetime, end: datetime) -> None:
    own = [one for one in history() if one["category"] == "ServicePrincipalSignInLogs"]
    export(folder, [one for one in own if not begin < datetime.fromisoformat(one["time"]) < end])


def _others(
    folder: Path, hours: range, category: str = "AuditLogs", content: bytes = b"{}", place: str = TENANT
) -> None:
    for number in hours:
        path = blob(folder, NOW - timedelta(hours=number), category, tenant=place)
        path.write_bytes(content)


@pytest.mark.parametrize("category", ["AuditLogs", "SignInLogs", "NonInteractiveUserSignInLogs"])
def test_a_weekend_is_quiet_where_other_logs_of_the_export_were_written(tmp_path: Path, category: str) -> None:
    _silent(tmp_path, *WEEKEND)
    _others(tmp_path, range(0, HOURS, 20), category)
    source = ask(tmp_path).source
    assert source.since is not None
    assert source.since <= NOW - timedelta(hours=HOURS - 2)
    assert any("no application signed in from" in spot and "other logs" in spot for spot in source.blind_spots)


@pytest.mark.parametrize(
    "other",
    [
        {"hours": range(0)},
        {"hours": range(0, 60, 12)},
        {"hours": range(60, HOURS, 12)},
        {"hours": range(0, HOURS, 12), "content": b""},
        {"hours": range(0, HOURS, 12), "place": "another"},
        {"hours": range(0, HOURS, 12), "category": "AuditEvent"},
        {"hours": range(0, HOURS, 60)},
    ],
    ids=["none", "it ended too", "it began then", "empty blobs", "another tenant", "a key vault", "silent as well"],
)
def test_a_weekend_is_a_gap_where_nothing_shows_that_the_export_went_on(tmp_path: Path, other: dict[str, Any]) -> None:
    _silent(tmp_path, *WEEKEND)
    _others(tmp_path, **other)
    source = ask(tmp_path).source
    assert source.since is not None
    assert source.since >= WEEKEND[1] - timedelta(hours=1)
    assert any("no record of anybody from" in spot for spot in source.blind_spots)


def test_a_silence_longer_than_a_weekend_is_a_gap_whatever_else_was_exported(tmp_path: Path) -> None:
    begin, end = NOW - timedelta(hours=110), NOW - timedelta(hours=20)
    _silent(tmp_path, begin, end)
    _others(tmp_path, range(HOURS))
    source = ask(tmp_path).source
    assert source.since is not None
    assert source.since >= end - timedelta(hours=1)


def test_a_record_that_is_lost_in_a_quiet_weekend_is_a_gap_all_the_same(tmp_path: Path) -> None:
    _silent(tmp_path, *WEEKEND)
    _others(tmp_path, range(0, HOURS, 12))
    broken = NOW - timedelta(days=2)
    blob(tmp_path, broken).write_bytes(b"{")
    source = ask(tmp_path).source
    assert source.since is None or source.since >= broken


def test_a_cursor_of_somebody_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(CursorExpiredError):
        read(SOURCE, EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=tmp_path), "{")


TEXTS = st.none() | st.text(max_size=8) | st.sampled_from(["0", KEY, "2026-03-01T08:00:00Z", "0001-01-01T00:00:00Z"])
VALUES = (
    TEXTS
    | st.integers()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(TEXTS, max_size=2)
    | st.just({"errorCode": 0})
)


@settings(max_examples=share(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(sorted(record(NOW, CLIENT)["properties"])), VALUES), max_size=4),
    st.lists(st.tuples(st.sampled_from(sorted(record(NOW, CLIENT))), VALUES), max_size=3),
)
def test_no_record_whatever_it_says_ends_the_reading(
    tmp_path: Path, inner: list[tuple[str, Any]], outer: list[tuple[str, Any]]
) -> None:
    """With fields missing or of another type, a record is kept, told as lost, or belongs to another log or tenant."""
    one = record(NOW - timedelta(hours=1), CLIENT, servicePrincipalCredentialKeyId=KEY)
    one["properties"].update(inner)
    one.update(outer)
    whole = record(NOW - timedelta(hours=2), OTHER)
    _json(tmp_path, [whole, one], write=lines)
    found = ask(tmp_path)
    assert any(use.client_id == OTHER and use.successes == 1 for use in found.uses)
    counted = sum((use.successes or 0) + (use.failures or 0) if use.successes is not None else 1 for use in found.uses)
    lost = sum(int(note.text.split()[0]) for note in found.notes)
    apart = sum(int(spot.split()[0]) for spot in found.source.blind_spots if "records are of other" in spot)
    assert counted + lost + apart == 2
