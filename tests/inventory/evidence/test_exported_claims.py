"""What a folder of exported logs may claim: no more than records of this tenant show, with nothing left out unsaid."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import CursorExpiredError
from inventory.evidence.exported_logs import SOURCE
from inventory.evidence_source import EvidenceRequest
from inventory.model import ClientId, TenantId
from inventory.usage_subject import Subject
from inventory.usage_verdict import Unknown, Unused, verdict
from tests.inventory.evidence.support import CLIENT, KEY, NOW, Told, read, told
from tests.support.examples import share
from tests.support.exported import TENANT, blob, export, flat, lines, record

FOREIGN = "bbbbbbbb-0000-4000-8000-000000000000"
HOURS = 24 * 5


def ask(folder: Path, tenant: str | None = TENANT) -> Told:
    return read(SOURCE, EvidenceRequest(at=NOW, tenant_id=TenantId(tenant) if tenant else None, folder=folder))


def history(tenant: str = TENANT, hours: Iterable[int] = range(HOURS)) -> list[dict[str, Any]]:
    named: dict[str, Any] = {"servicePrincipalCredentialKeyId": KEY}
    return [record(NOW - timedelta(hours=HOURS - number), CLIENT, tenant=tenant, **named) for number in hours]


def without_tenant(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in {"tenantId", "resourceId"}}


def as_parquet(folder: Path, records: list[dict[str, Any]]) -> None:
    source = folder / "source.txt"
    source.write_bytes(lines(records))
    duckdb.read_json(str(source), format="newline_delimited").write_parquet(str(folder / "all.parquet"))
    source.unlink()


def spots(found: Told) -> str:
    return "\n".join(found.source.blind_spots)


FORMS: dict[str, Callable[[Path, list[dict[str, Any]]], object]] = {
    "lines": lambda folder, records: (folder / "all.json").write_bytes(lines(records)),
    "records": lambda folder, records: (folder / "all.json").write_text(json.dumps({"records": records})),
    "parquet": as_parquet,
    "tables": lambda folder, records: (folder / "all.json").write_bytes(lines(map(flat, records))),
    "parquet tables": lambda folder, records: as_parquet(folder, [flat(one) for one in records]),
}


@pytest.mark.parametrize("form", FORMS)
def test_records_of_another_tenant_are_neither_use_nor_coverage(tmp_path: Path, form: str) -> None:
    FORMS[form](tmp_path, history(FOREIGN))
    found = ask(tmp_path)
    assert found.uses == ()
    assert (found.source.since, found.source.until) == (None, None)
    assert "120 records are of other tenants" in spots(found)


@pytest.mark.parametrize("form", FORMS)
def test_records_of_this_tenant_count_among_those_of_another(tmp_path: Path, form: str) -> None:
    ours = history(hours=range(HOURS - 10, HOURS))
    FORMS[form](tmp_path, [*history(FOREIGN), *ours])
    found = ask(tmp_path)
    assert sum(use.successes or 0 for use in found.uses) == 10
    assert found.source.since == NOW - timedelta(hours=10)


def test_blobs_under_the_name_of_another_tenant_are_left_out_and_told(tmp_path: Path) -> None:
    for one in history(FOREIGN):
        moment = datetime.fromisoformat(one["time"])
        blob(tmp_path, moment, tenant=FOREIGN.upper()).write_bytes(lines([without_tenant(one)]))
    found = ask(tmp_path)
    assert (found.uses, found.source.since, found.source.until) == ((), None, None)
    assert "120 files lie under the name of another tenant" in spots(found)


def test_the_folder_of_a_blob_tells_the_tenant_of_records_that_do_not(tmp_path: Path) -> None:
    export(tmp_path, [without_tenant(one) for one in history()])
    assert ask(tmp_path).source.since == NOW - timedelta(hours=HOURS)


def test_records_that_tell_no_tenant_are_use_and_no_coverage(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_bytes(lines(map(without_tenant, history())))
    found = ask(tmp_path)
    assert sum(use.successes or 0 for use in found.uses) == HOURS
    assert (found.source.since, found.source.until) == (None, None)
    assert "120 records do not tell their tenant" in spots(found)


def test_records_that_contradict_their_folder_are_use_and_no_coverage(tmp_path: Path) -> None:
    export(tmp_path, history(FOREIGN))  # as if copied into the folders of this tenant
    found = ask(tmp_path)
    assert sum(use.successes or 0 for use in found.uses) == HOURS
    assert found.source.since is None
    assert "120 records do not tell their tenant" in spots(found)


def test_without_a_tenant_to_compare_with_nothing_is_covered(tmp_path: Path) -> None:
    export(tmp_path, history())
    found = ask(tmp_path, None)
    assert len(found.uses) == 1
    assert found.source.since is None


def test_the_id_of_a_workspace_is_not_taken_for_a_tenant(tmp_path: Path) -> None:
    rows = [{**flat(one), "TenantId": FOREIGN} for one in history()]
    (tmp_path / "all.json").write_bytes(lines(rows))
    assert ask(tmp_path).source.since == NOW - timedelta(hours=HOURS)


def test_a_weekend_is_not_bridged_by_the_logs_of_another_tenant(tmp_path: Path) -> None:
    begin, end = NOW - timedelta(days=4), NOW - timedelta(days=1, hours=2)
    export(tmp_path, [one for one in history() if not begin < datetime.fromisoformat(one["time"]) < end])
    blob(tmp_path, NOW - timedelta(hours=1), tenant=FOREIGN).write_bytes(lines(history(FOREIGN, [HOURS - 1])))
    for number in range(0, HOURS, 12):
        blob(tmp_path, NOW - timedelta(hours=number), "AuditLogs", tenant=FOREIGN).write_bytes(b"{}")
    since = ask(tmp_path).source.since
    assert since is not None
    assert since >= end - timedelta(hours=1)


def _pages(folder: Path) -> list[tuple[tuple[Any, ...], str | None]]:
    async def run() -> list[tuple[tuple[Any, ...], str | None]]:
        request = EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=folder)
        return [(tuple(page.entries), page.cursor) async for page in SOURCE.read(request)]

    return asyncio.run(run())


def _again(folder: Path, cursor: str | None) -> Told:
    request = EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=folder)
    return read(SOURCE, request, cursor)


def _another_folder(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.with_name("other")))


def _behind(folder: Path) -> Path:
    blob(folder, NOW - timedelta(days=20)).write_bytes(lines(history(hours=[0])))
    return folder


def _gone(folder: Path) -> Path:
    next(iter(sorted(folder.rglob("PT1H.json")))).unlink()
    return folder


def _longer(folder: Path) -> Path:
    with next(iter(sorted(folder.rglob("PT1H.json")))).open("ab") as file:
        file.write(lines(history(hours=[1])))
    return folder


def _same_size(folder: Path) -> Path:
    path = next(iter(sorted(folder.rglob("PT1H.json"))))
    path.write_bytes(path.read_bytes().replace(KEY.encode(), b"f" * len(KEY)))
    os.utime(path, ns=(1, 1))
    return folder


@pytest.mark.parametrize("change", [_another_folder, _behind, _gone, _longer, _same_size])
def test_a_folder_that_changed_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], Path]
) -> None:
    monkeypatch.setattr("inventory.log_engine._PORTION", 20_000)
    folder = tmp_path / "one"
    export(folder, history())
    cursor = _pages(folder)[1][1]
    assert cursor is not None
    with pytest.raises(CursorExpiredError, match="changed"):
        _again(change(folder), cursor)


def test_a_folder_that_is_written_to_while_it_is_read_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory.log_engine._PORTION", 20_000)
    export(tmp_path, history())

    async def run() -> list[Any]:
        entries: list[Any] = []
        request = EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=tmp_path)
        async for page in SOURCE.read(request):
            if not entries:
                _behind(tmp_path)
            entries.extend(page.entries)
        return entries

    assert "changed while it was read" in told(asyncio.run(run())).source.missing


HOUR = (NOW - timedelta(days=2)).replace(minute=0)
LEFT_OUT: dict[str, Callable[[Path], object]] = {
    "zstandard": lambda folder: blob(folder, HOUR, name="PT1H.json.zst").write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 40),
    "bzip2": lambda folder: blob(folder, HOUR, name="PT1H.json.bz2").write_bytes(b"BZh9" + b"x" * 40),
    "a table of text": lambda folder: blob(folder, HOUR, name="PT1H.csv").write_bytes(b"time,appId\n1,2\n"),
    "a download that was cut off": lambda folder: blob(folder, HOUR, name=".azDownload-1-PT1H.json").write_bytes(b"\0"),
    "a broken link": lambda folder: blob(folder, HOUR, name="PT1H-2.json").symlink_to(folder / "nowhere"),
    "a link without a suffix": lambda folder: blob(folder, HOUR, name="PT1H-2").symlink_to(folder / "nowhere"),
    "a flat record behind records": lambda folder: blob(folder, HOUR, name="PT1H-2.json").write_bytes(
        json.dumps({"records": history(hours=[3])}).encode() + b'\n{"appId": 7}\n'
    ),
    "records behind a flat record": lambda folder: blob(folder, HOUR, name="PT1H-2.json").write_bytes(
        lines(history(hours=[3])) + json.dumps({"records": history(hours=[3])}).encode()
    ),
    "an unknown category": lambda folder: blob(folder, HOUR, name="PT1H-2.json").write_bytes(
        lines([{**history(hours=[3])[0], "category": "ServicePrincipalSignInLogsV2"}])
    ),
    "a checksum that is wrong": lambda folder: blob(folder, HOUR, name="PT1H-2.json").write_bytes(
        _flipped(gzip.compress(lines(history(hours=[3]))))
    ),
    "a zip without its end": lambda folder: blob(folder, HOUR, name="PT1H-2.json").write_bytes(
        gzip.compress(lines(history(hours=[3])))[:-8]
    ),
    "something behind a zip": lambda folder: blob(folder, HOUR, name="PT1H-2.json").write_bytes(
        gzip.compress(lines(history(hours=[3]))) + lines(history(hours=[3]))
    ),
}


def _flipped(raw: bytes) -> bytes:
    return raw[:-6] + bytes([raw[-6] ^ 1]) + raw[-5:]


@pytest.mark.parametrize("what", LEFT_OUT)
def test_what_is_left_out_of_an_hour_is_told_and_not_covered(tmp_path: Path, what: str) -> None:
    export(tmp_path, history())
    assert ask(tmp_path).source.since == NOW - timedelta(hours=HOURS)
    LEFT_OUT[what](tmp_path)
    found = ask(tmp_path)
    assert len(found.notes) == 1
    assert (found.source.since, found.source.missing) == (HOUR + timedelta(hours=1), "")


OF_NO_HOUR: dict[str, Callable[[Path], object]] = {
    "a link to a folder": lambda folder: (folder / "more").symlink_to(Path(shutil.copytree(folder, f"{folder}-2"))),
    "a link to itself": lambda folder: (folder / "more").symlink_to(folder),
    "zstandard": lambda folder: (folder / "all.json.zst").write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 40),
    "a table of text": lambda folder: (folder / "all.csv").write_bytes(b"time,appId\n1,2\n"),
    "a pipe": lambda folder: os.mkfifo(folder / "pipe"),
}


@pytest.mark.parametrize("what", OF_NO_HOUR)
def test_what_is_left_out_and_belongs_to_no_hour_makes_all_of_it_unknown(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "logs"
    export(folder, history())
    OF_NO_HOUR[what](folder)
    found = ask(folder)
    assert len(found.notes) == 1
    assert found.source.missing == "1 records or files cannot be read: usage is unknown"
    assert len(found.uses) == 1


READ: dict[str, Callable[[Path, bytes], object]] = {
    "no suffix": lambda folder, raw: (folder / "all").write_bytes(raw),
    "a dot in front": lambda folder, raw: (folder / ".all.json").write_bytes(raw),
    "a suffix of its own": lambda folder, raw: (folder / "all.log").write_bytes(raw),
    "zipped under another suffix": lambda folder, raw: (folder / "all.gzip").write_bytes(gzip.compress(raw)),
    "two zips in one": lambda folder, raw: (folder / "all.gz").write_bytes(gzip.compress(raw) + gzip.compress(b"\n")),
    "a zipped list": lambda folder, raw: (folder / "all.gz").write_bytes(
        gzip.compress(b"[" + b",".join(raw.splitlines()) + b"]")
    ),
    "zipped records": lambda folder, raw: (folder / "all.gz").write_bytes(
        gzip.compress(b'{"records": [' + b",".join(raw.splitlines()) + b"]}")
    ),
    "a container with a blank": lambda folder, raw: _into(folder, "insights-logs-serviceprincipalsigninlogs ", raw),
    "a copy of the container": lambda folder, raw: _into(folder, "insights-logs-serviceprincipalsigninlogs-copy", raw),
    "a table's own name": lambda folder, raw: _into(folder, "am-AADServicePrincipalSignInLogs_CL", raw),
    "a hidden folder": lambda folder, raw: _into(folder, ".hidden", raw),
    "a flat record behind records": lambda folder, raw: (folder / "all.json").write_bytes(
        json.dumps({"records": [json.loads(raw.splitlines()[0])]}).encode()
        + b"\n"
        + b"".join(raw.splitlines(keepends=True)[1:])
    ),
    "a category with a blank": lambda folder, raw: (folder / "all.json").write_bytes(
        raw.replace(b'"ServicePrincipalSignInLogs"', b'" serviceprincipalSignInLogs "')
    ),
}


def _into(folder: Path, name: str, raw: bytes) -> None:
    (folder / name).mkdir()
    (folder / name / "all.json").write_bytes(raw)


@pytest.mark.parametrize("name", READ)
def test_logs_are_known_by_what_they_are_under_any_name(tmp_path: Path, name: str) -> None:
    READ[name](tmp_path, lines(history()))
    found = ask(tmp_path)
    assert sum(use.successes or 0 for use in found.uses) == HOURS
    assert (found.source.since, found.source.missing, found.notes) == (NOW - timedelta(hours=HOURS), "", ())


def test_files_that_cannot_be_logs_and_containers_of_other_services_are_counted(tmp_path: Path) -> None:
    export(tmp_path, history())
    (tmp_path / "readme.txt").write_text("words")
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    blob(tmp_path, HOUR, name="._PT1H.json").write_bytes(b"\0\5\26\7")
    blob(tmp_path, HOUR, name="empty.tmp").write_bytes(b"")
    blob(tmp_path, HOUR, "AuditEvent").write_bytes(b"{broken")
    found = ask(tmp_path)
    assert (found.source.missing, found.source.since, found.notes) == ("", NOW - timedelta(hours=HOURS), ())
    assert "3 files are no logs by their names, one of them .DS_Store" in spots(found)
    assert "1 folders are of other services by their names, one of them insights-logs-auditevent" in spots(found)


@pytest.mark.parametrize("client", [" ", "N/A", "{" + CLIENT + "}", "00000000"])
def test_a_record_of_no_application_is_lost(tmp_path: Path, client: Any) -> None:
    export(tmp_path, history())
    with blob(tmp_path, HOUR).open("ab") as file:
        file.write(lines([record(HOUR, client)]))
    found = ask(tmp_path)
    assert [note.text for note in found.notes] == ["1 records unreadable"]
    assert found.source.since == HOUR + timedelta(hours=1)


@pytest.mark.parametrize("spelling", [CLIENT.upper(), f" {CLIENT} "])
def test_an_application_is_known_in_any_spelling_of_its_id(tmp_path: Path, spelling: str) -> None:
    _into(tmp_path, "all", lines([record(NOW - timedelta(hours=1), spelling)]))
    (use,) = ask(tmp_path).uses
    assert use.client_id == CLIENT


@pytest.mark.parametrize("nothing", ["N/A", "none", "00000000-0000-0000-0000-000000000000", "{" + KEY + "}"])
def test_a_record_that_names_no_credential_leaves_a_secret_unknown(tmp_path: Path, nothing: str) -> None:
    """A used secret must not become unused by a word in a column of ids."""
    unnamed: dict[str, Any] = {
        "servicePrincipalCredentialKeyId": nothing,
        "servicePrincipalCredentialThumbprint": nothing,
        "federatedCredentialId": nothing,
    }
    moments = [NOW - timedelta(hours=number) for number in range(0, 24 * 40, 6)]
    _into(tmp_path, "all", lines([record(each, CLIENT, **unnamed) for each in moments]))
    found = ask(tmp_path)
    begins = NOW - timedelta(days=400)
    asked = Subject(client_id=ClientId(CLIENT), kind="secret", id=KEY, thumbprint=None, elsewhere=False, begins=begins)
    assert found.source.since is not None
    assert found.source.since < NOW - timedelta(days=39)
    assert isinstance(verdict(asked, found.uses, [found.source], NOW), Unknown)


_PARTS = st.fixed_dictionaries(
    {
        "tenant": st.sampled_from([TENANT, TENANT, TENANT, FOREIGN]),
        "folder": st.sampled_from([TENANT, TENANT, FOREIGN]),
        "key": st.sampled_from([KEY, KEY, "f" * 8 + KEY[8:], "", "N/A"]),
        "type": st.sampled_from(["clientSecret", "clientSecret", "", "certificate"]),
        "error": st.sampled_from([0, 0, 7000222]),
        "told": st.booleans(),
        "name": st.sampled_from(["PT1H.json", "PT1H.json.gz", "PT1H.json.zst", "PT1H", ".PT1H.json"]),
        "hour": st.integers(0, 40 * 24),
        "cut": st.sampled_from([0, 0, 0, 9]),
    }
)


@pytest.mark.slow
@settings(max_examples=share(60), deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=5), st.booleans())
def test_a_secret_whose_use_is_anywhere_in_the_folder_is_never_unused(parts: list[dict[str, Any]], bare: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever else is odd about the file that tells of it: the verdict is used, or unknown."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        other: dict[str, Any] = {"servicePrincipalCredentialKeyId": "f" * 8 + KEY[8:]}
        if not bare:
            rest = [record(NOW - timedelta(hours=number), KEY, **other) for number in range(0, 24 * 40, 12)]
            (folder / "all.json").write_bytes(lines(rest))
        wrote = [_put(folder, part) for part in parts]
        found = ask(folder)
        begins = NOW - timedelta(days=400)
        asked = Subject(
            client_id=ClientId(CLIENT), kind="secret", id=KEY, thumbprint=None, elsewhere=False, begins=begins
        )
        if any(wrote):
            assert not isinstance(verdict(asked, found.uses, [found.source], NOW), Unused)


def _put(folder: Path, part: dict[str, Any]) -> bool:
    """Write one record as told, and tell whether it is a success, or may be one, of the secret inside the window."""
    at = NOW - timedelta(hours=part["hour"])
    named: dict[str, Any] = {"servicePrincipalCredentialKeyId": part["key"], "clientCredentialType": part["type"]}
    one = record(at, CLIENT, tenant=part["tenant"], error=part["error"], **named)
    raw = lines([one if part["told"] else without_tenant(one)])
    packed = gzip.compress(raw) if part["name"].endswith(".gz") else raw
    packed = b"\x28\xb5\x2f\xfd" + raw if part["name"].endswith(".zst") else packed
    path = blob(folder, at, name=f"{part['hour']}-{part['cut']}-{part['name']}", tenant=part["folder"])
    path.write_bytes(packed[: len(packed) - part["cut"]])
    of_us = part["folder"] == TENANT and (part["tenant"] == TENANT or not part["told"])
    ours = part["key"] == KEY or (part["key"] in {"", "N/A"} and part["type"] in {"clientSecret", ""})
    return of_us and ours and part["error"] == 0 and at > NOW - timedelta(days=26)
