"""The three sources of Microsoft Graph against scripted answers: spellings, broken rows, refusals, resuming."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.cloud import Cloud
from inventory.errors import CursorExpiredError
from inventory.evidence import graph_application_activity, graph_credential_activity, graph_sign_ins, sources
from inventory.evidence_source import EvidenceRequest, EvidenceSource
from inventory.graph import GraphConnection
from inventory.logs.tally import merged
from inventory.usage import SourceName
from inventory.usage_subject import subject
from inventory.usage_verdict import Unknown, Unused, verdict
from tests.inventory import values
from tests.inventory.evidence.support import CLIENT, KEY, NOW, Told, reading, told
from tests.inventory.madeup import MadeUpGraph

CREDENTIALS = "/beta/reports/appCredentialSignInActivities"
APPLICATIONS = "/beta/reports/servicePrincipalSignInActivities"
SIGN_INS = "/beta/auditLogs/signIns"
OWN, IDENTITY = (
    f"?$filter=signInEventTypes/any(t:%20t%20eq%20'{event}')&$top=1000"
    for event in ("servicePrincipal", "managedIdentity")
)
GRAPH_SOURCES = (graph_application_activity.SOURCE, graph_credential_activity.SOURCE, graph_sign_ins.SOURCE)
PATHS = {
    graph_application_activity.NAME: APPLICATIONS,
    graph_credential_activity.NAME: CREDENTIALS,
    graph_sign_ins.NAME: SIGN_INS,
}


def ask(graph: MadeUpGraph, source: EvidenceSource, cursor: str | None = None, cloud: Cloud = Cloud.PUBLIC) -> Told:
    async def run() -> Told:
        async with graph.connected(paced=False, cloud=cloud) as connection:
            cut = cursor.replace("{url}", graph.url) if cursor is not None else None
            return await reading(source, EvidenceRequest(at=NOW, graph=connection), cut)

    return asyncio.run(run())


def credential_row(**changes: Any) -> dict[str, Any]:
    seen = {
        "lastSignInDateTime": "2026-02-28T10:00:00.1234567Z",
        "lastSuccessfulSignInDateTime": "2026-02-27T10:00:00Z",
    }
    row = {
        "keyId": KEY.upper(),
        "appId": CLIENT.upper(),
        "keyType": "clientSecret",
        "resourceId": "AAAAAAAA-0000-4000-8000-000000000009",
        "expirationDateTime": "2027-01-01T00:00:00Z",
        "signInActivity": seen,
    }
    return {**row, **changes}


def sign_in(number: int = 0, **changes: Any) -> dict[str, Any]:
    row = {
        "id": f"{number}",
        "createdDateTime": (NOW - timedelta(hours=number + 1)).isoformat().replace("+00:00", "Z"),
        "appId": CLIENT,
        "servicePrincipalCredentialKeyId": KEY,
        "servicePrincipalCredentialThumbprint": "",
        "federatedCredentialId": "",
        "clientCredentialType": "clientSecret",
        "ipAddress": f"203.0.113.{number % 3}",
        "resourceId": "00000003-0000-0000-C000-000000000000",
        "status": {"errorCode": 0 if number % 2 == 0 else 7000222},
    }
    return {**row, **changes}


def log(graph: MadeUpGraph, *rows: dict[str, Any], identities: tuple[dict[str, Any], ...] = ()) -> None:
    graph.pages[OWN] = {"value": list(rows)}
    graph.pages[IDENTITY] = {"value": list(identities)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"keyType": "secret", "expirationDate": "2021-04-01T21:36:48-8:00", "expirationDateTime": None},
        {
            "keyType": "secret",
            "signInActivity": {
                "lastSignInDateTime": "2026-02-28T02:00:00.1234567-8:00",
                "lastSuccessfulSignInDateTime": "2026-02-27T02:00:00-8:00",
            },
        },
    ],
)
def test_both_spellings_of_the_credential_report_say_the_same(graph: MadeUpGraph, changes: dict[str, Any]) -> None:
    graph.answer(CREDENTIALS, {"value": [credential_row(**changes)]})
    found = ask(graph, graph_credential_activity.SOURCE)
    (use,) = found.uses
    assert (use.client_id, use.key_id, use.credential_type) == (CLIENT, KEY, "clientSecret")
    assert use.last == datetime(2026, 2, 28, 10, 0, 0, 123456, tzinfo=UTC)
    assert use.last_success == datetime(2026, 2, 27, 10, tzinfo=UTC)
    assert (use.successes, use.delegated, use.address) == (None, None, None)
    assert (found.source.since, found.source.until, found.source.missing) == (None, use.last, "")
    assert "federated" not in found.source.sees


@pytest.mark.parametrize("key", ["{" + KEY + "}", "N/A", ""])
def test_a_row_of_a_report_that_names_no_key_names_no_other(graph: MadeUpGraph, key: str) -> None:
    graph.answer(CREDENTIALS, {"value": [credential_row(keyId=key, appId=f" {CLIENT.upper()} ")]})
    (use,) = ask(graph, graph_credential_activity.SOURCE).uses
    assert (use.client_id, use.key_id) == (CLIENT, None)


def test_a_new_kind_of_credential_keeps_its_name(graph: MadeUpGraph) -> None:
    graph.answer(CREDENTIALS, {"value": [credential_row(keyType="passkey", signInActivity=None)]})
    (use,) = ask(graph, graph_credential_activity.SOURCE).uses
    assert (use.credential_type, use.last) == ("passkey", None)


@pytest.mark.parametrize(
    ("told", "rows"),
    [({"delegatedClientSignInActivity": None}, 1), ({"delegatedClientSignInActivity": {}}, 1), ({}, 0)],
)
def test_that_no_user_signs_in_is_only_what_a_row_says(graph: MadeUpGraph, told: dict[str, Any], rows: int) -> None:
    """A property that is not there at all says nothing."""
    graph.answer(APPLICATIONS, {"value": [{"appId": CLIENT, **told}]})
    found = ask(graph, graph_application_activity.SOURCE).uses
    assert [(use.delegated, use.last, use.last_success) for use in found] == [(True, None, None)] * rows


@pytest.mark.parametrize("cloud", list(Cloud))
def test_only_where_it_is_documented_the_silence_of_a_report_tells_of_users(graph: MadeUpGraph, cloud: Cloud) -> None:
    long_ago = {"lastSignInDateTime": "2025-02-02T00:00:00Z"}
    log = replace(values.source(SourceName("log")), read_at=NOW, since=NOW - timedelta(days=30), until=NOW)
    for seen in (None, long_ago):
        graph.answers[APPLICATIONS].clear()
        row = {"appId": CLIENT, "delegatedClientSignInActivity": seen}
        graph.answer(APPLICATIONS, {"value": [row, {"appId": KEY, "delegatedClientSignInActivity": seen}]})
        found = ask(graph, graph_application_activity.SOURCE, cloud=cloud)
        kept = [use.last for use in found.uses if use.client_id == CLIENT]
        assert kept == ([datetime(2025, 2, 2, tzinfo=UTC)] if seen else [None] if cloud is Cloud.PUBLIC else [])
        source = replace(found.source, until=NOW)
        asked = subject(values.secret(1), elsewhere=False)
        answer = verdict(asked, found.uses, (source, log), NOW)
        assert isinstance(answer, Unused if cloud is Cloud.PUBLIC else Unknown)


def test_applications_are_told_apart_by_who_signs_in(graph: MadeUpGraph) -> None:
    row = {
        "appId": CLIENT,
        "applicationAuthenticationClientSignInActivity": {"lastSignInDateTime": "2026-02-01T00:00:00-8:00"},
        "delegatedClientSignInActivity": {"lastSignInDateTime": "2026-02-02T00:00:00Z"},
        "applicationAuthenticationResourceSignInActivity": {"lastSignInDateTime": "2026-02-03T00:00:00Z"},
        "delegatedResourceSignInActivity": {"lastSignInDateTime": None},
        "lastSignInActivity": {"lastSignInDateTime": "2026-02-03T00:00:00Z"},
    }
    graph.answer(APPLICATIONS, {"value": [row]})
    found = ask(graph, graph_application_activity.SOURCE)
    assert {use.delegated: use.last for use in found.uses} == {
        False: datetime(2026, 2, 1, 8, tzinfo=UTC),
        True: datetime(2026, 2, 2, tzinfo=UTC),
    }
    assert all(use.key_id is None for use in found.uses)
    assert found.source.sees == ()


def test_sign_ins_are_added_up_by_credential_address_and_resource(graph: MadeUpGraph) -> None:
    log(graph, *(sign_in(number) for number in range(6)))
    found = ask(graph, graph_sign_ins.SOURCE)
    assert [(use.address, use.successes, use.failures) for use in found.uses] == [
        ("203.0.113.0", 1, 1),
        ("203.0.113.1", 1, 1),
        ("203.0.113.2", 1, 1),
    ]
    first = found.uses[0]
    assert (first.first, first.last, first.last_success) == (
        NOW - timedelta(hours=4),
        NOW - timedelta(hours=1),
        NOW - timedelta(hours=1),
    )
    assert first.resource == "00000003-0000-0000-c000-000000000000"
    assert (found.source.since, found.source.until) == (NOW - timedelta(hours=6), NOW - timedelta(hours=1))


def test_the_three_ways_to_name_a_credential_are_kept_apart(graph: MadeUpGraph) -> None:
    empty = {"servicePrincipalCredentialKeyId": "", "ipAddress": "203.0.113.0"}
    log(
        graph,
        sign_in(0),
        sign_in(0, **empty, servicePrincipalCredentialThumbprint="ab" * 20, clientCredentialType="certificate"),
        sign_in(0, **empty, federatedCredentialId="F1", clientCredentialType="federatedIdentityCredential"),
        sign_in(0, **{**empty, "servicePrincipalCredentialKeyId": "00000000-0000-0000-0000-000000000000"}),
        identities=(
            sign_in(0, **empty, appId="bbbbbbbb-0000-4000-8000-000000000002", clientCredentialType="managedIdentity"),
        ),
    )
    named = {
        (use.key_id, use.thumbprint, use.federated_credential_id, use.credential_type)
        for use in ask(graph, graph_sign_ins.SOURCE).uses
    }
    assert named == {
        (KEY, None, None, "clientSecret"),
        (None, "AB" * 20, None, "certificate"),
        (None, None, "f1", "federatedIdentityCredential"),
        (None, None, None, "clientSecret"),
        (None, None, None, "managedIdentity"),
    }


def test_the_window_is_that_of_applications_not_of_identities(graph: MadeUpGraph) -> None:
    log(graph, sign_in(5), identities=(sign_in(0), sign_in(200)))
    source = ask(graph, graph_sign_ins.SOURCE).source
    assert source.since == source.until == NOW - timedelta(hours=6)


def _every(hours: int, days: float, *, without: tuple[float, float] = (0, 0)) -> list[dict[str, Any]]:
    """A log of so many days with a record every so many hours, but for the time between two ages in days."""
    numbers = range(0, int(days * 24), hours)
    return [sign_in(number) for number in numbers if not without[0] * 24 < number < without[1] * 24]


def test_days_without_a_record_are_a_gap(graph: MadeUpGraph) -> None:
    log(graph, *_every(6, 30, without=(10, 13)))
    found = ask(graph, graph_sign_ins.SOURCE)
    assert found.source.since is not None
    assert NOW - timedelta(days=10, hours=1) <= found.source.since <= NOW - timedelta(days=9)
    assert (found.source.retention_days, found.source.missing) == (30, "")
    assert any("no record of anybody from 2026-02-17" in spot for spot in found.source.blind_spots)


def test_a_weekend_is_quiet_where_the_log_of_identities_has_records(graph: MadeUpGraph) -> None:
    others = tuple(sign_in(number) for number in range(0, 30 * 24, 24))
    log(graph, *_every(6, 30, without=(10, 13)), identities=others)
    found = ask(graph, graph_sign_ins.SOURCE)
    assert found.source.since is not None
    assert found.source.since <= NOW - timedelta(days=29)
    assert any("no application signed in from 2026-02-17" in spot for spot in found.source.blind_spots)


@pytest.mark.parametrize(("ages", "lost"), [((0, 1, 2), 0), ((0, 1, 2, 3, 4), 10)])
def test_a_gap_in_the_middle_of_a_page_and_between_pages_is_the_same(
    graph: MadeUpGraph, ages: tuple[int, ...], lost: int
) -> None:
    """Pages come in the order of the service, newest first or not."""
    rows = [sign_in(age * 24 + lost * 24 * (age > 2)) for age in ages]
    log(graph, *rows)
    together = ask(graph, graph_sign_ins.SOURCE).source
    for place, row in enumerate(reversed(rows)):
        follows = {"@odata.nextLink": "{url}" + f"{SIGN_INS}?$skiptoken=s{place + 1}"} if place + 1 < len(rows) else {}
        graph.pages[OWN if place == 0 else f"?$skiptoken=s{place}"] = {"value": [row], **follows}
    assert ask(graph, graph_sign_ins.SOURCE).source == together


@pytest.mark.parametrize(("types", "lost"), [(["servicePrincipal"], 0), (["interactiveUser"], 1), ([], 1), (None, 0)])
def test_a_record_of_another_kind_than_was_asked_for_covers_nothing(
    graph: MadeUpGraph, types: list[str] | None, lost: int
) -> None:
    log(graph, sign_in(0, signInEventTypes=types))
    source = ask(graph, graph_sign_ins.SOURCE).source
    assert source.missing[:1] == ("1" if lost else "")
    assert (source.since is None) == bool(lost)


@pytest.mark.parametrize(("oldest", "days"), [(29.9, 30), (6.99, 7), (15, None), (0.5, None), (3, None)])
def test_retention_is_measured_where_the_oldest_record_tells_it(
    graph: MadeUpGraph, oldest: float, days: int | None
) -> None:
    old = sign_in(1, createdDateTime=(NOW - timedelta(days=oldest)).isoformat())
    log(graph, sign_in(0), old)
    assert ask(graph, graph_sign_ins.SOURCE).source.retention_days == days


@pytest.mark.parametrize(
    "changes",
    [
        {"createdDateTime": None},
        {"createdDateTime": "yesterday"},
        {"createdDateTime": "0001-01-01T00:00:00Z"},
        {"createdDateTime": "2999-01-01T00:00:00Z"},
        {"appId": None},
        {"appId": ""},
        {"appId": "N/A"},
        {"status": "fine"},
        {"ipAddress": 7},
    ],
)
def test_a_record_that_cannot_be_understood_makes_the_log_unknown(graph: MadeUpGraph, changes: dict[str, Any]) -> None:
    log(graph, sign_in(0), sign_in(1, **changes))
    found = ask(graph, graph_sign_ins.SOURCE)
    assert len(found.uses) == 1
    assert found.source.missing.startswith("1 records cannot be read (unreadable: ")
    assert "yesterday" not in found.source.missing


@pytest.mark.parametrize("status", [None, {}, {"errorCode": None}])
def test_a_status_that_is_not_told_is_neither_success_nor_failure(graph: MadeUpGraph, status: Any) -> None:
    log(graph, sign_in(0, status=status))
    (use,) = ask(graph, graph_sign_ins.SOURCE).uses
    assert (use.successes, use.failures, use.last_success) == (None, None, None)
    assert use.last is not None


@pytest.mark.parametrize(
    ("source", "row"),
    [
        (graph_credential_activity.SOURCE, credential_row(keyId=None)),
        (graph_credential_activity.SOURCE, credential_row(signInActivity={"lastSignInDateTime": "soon"})),
        (graph_application_activity.SOURCE, {"appId": None}),
        (graph_application_activity.SOURCE, {"appId": CLIENT, "delegatedClientSignInActivity": []}),
        (graph_application_activity.SOURCE, "text"),
    ],
)
def test_a_row_of_a_report_that_cannot_be_understood_is_a_note(
    graph: MadeUpGraph, source: EvidenceSource, row: Any
) -> None:
    graph.answer(PATHS[source.name], {"value": [row]})
    found = ask(graph, source)
    assert (len(found.notes), found.uses) == (1, ())
    assert found.source.missing.startswith("1 rows cannot be read")


@pytest.mark.parametrize("source", GRAPH_SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "Authentication_MSGraphPermissionMissing", "AuditLog.Read.All not granted: usage is unknown"),
        (
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "no Microsoft Entra ID P1 or P2 licence: usage is unknown",
        ),
        (404, "ResourceNotFound", "404"),
        (400, "BadRequest", "400"),
    ],
)
def test_a_refusal_names_what_is_missing(
    graph: MadeUpGraph, source: EvidenceSource, status: int, code: str, said: str
) -> None:
    graph.answer(PATHS[source.name], {"error": {"code": code, "message": "no"}}, status=status)
    found = ask(graph, source)
    assert (found.uses, found.notes) == ((), ())
    assert said in found.source.missing
    assert found.source.missing.endswith(": usage is unknown")


@pytest.mark.parametrize("cloud", [Cloud.USGOV, Cloud.CHINA])
def test_a_cloud_that_is_documented_to_have_no_reports_is_told_apart(graph: MadeUpGraph, cloud: Cloud) -> None:
    for source in GRAPH_SOURCES:
        graph.answer(PATHS[source.name], {"error": {"code": "BadRequest", "message": "no"}}, status=400)
    missing = {source.name: ask(graph, source, cloud=cloud).source.missing for source in GRAPH_SOURCES}
    told = {name: said.startswith("this cloud has no such report (") for name, said in missing.items()}
    assert told == {name: name != graph_sign_ins.NAME for name in PATHS}


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("source", GRAPH_SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize("body", [b"<html>", b"{}", {"value": None}, {"value": {}}, b"\xff"])
def test_an_answer_that_is_none_is_told(graph: MadeUpGraph, source: EvidenceSource, body: Any) -> None:
    graph.answer(PATHS[source.name], body)
    assert ask(graph, source).source.missing.endswith(": usage is unknown")


@pytest.mark.parametrize("source", GRAPH_SOURCES, ids=lambda source: source.name)
def test_an_empty_collection_covers_nothing(graph: MadeUpGraph, source: EvidenceSource) -> None:
    graph.answer(PATHS[source.name], {"value": []})
    found = ask(graph, source)
    assert (found.uses, found.source.since, found.source.until, found.source.missing) == ((), None, None, "")


@pytest.mark.parametrize("source", GRAPH_SOURCES, ids=lambda source: source.name)
def test_a_page_that_leads_to_itself_ends(graph: MadeUpGraph, source: EvidenceSource) -> None:
    graph.pages[PATHS[source.name]] = {"value": [], "@odata.nextLink": "{url}" + PATHS[source.name] + "?$skiptoken=1"}
    found = ask(graph, source)
    assert "one that was read before" in found.source.missing


@pytest.mark.parametrize("source", GRAPH_SOURCES, ids=lambda source: source.name)
def test_pages_that_lead_in_a_circle_end_and_leave_it_unknown(graph: MadeUpGraph, source: EvidenceSource) -> None:
    path = PATHS[source.name]
    for number in range(3):
        link = f"{{url}}{path}?$skiptoken={(number + 1) % 3}"
        graph.pages[f"?$skiptoken={number}"] = {"value": [], "@odata.nextLink": link}
    graph.pages[path] = {"value": [], "@odata.nextLink": f"{{url}}{path}?$skiptoken=0"}
    assert "one that was read before" in ask(graph, source).source.missing


def _pages(graph: MadeUpGraph, number: int) -> None:
    """A log of so many pages of service principals, and two of identities."""

    def page(token: str, follows: str | None, *rows: dict[str, Any]) -> None:
        link = {"@odata.nextLink": "{url}" + f"{SIGN_INS}?$skiptoken={follows}"} if follows else {}
        graph.pages[token] = {"value": list(rows), **link}

    for place in range(number):
        rows = [sign_in(place * 10 + each) for each in range(10)]
        page(OWN if place == 0 else f"?$skiptoken=s{place}", f"s{place + 1}" if place + 1 < number else None, *rows)
    page(IDENTITY, "m1", sign_in(3, clientCredentialType="managedIdentity"))
    page("?$skiptoken=m1", None, sign_in(4, clientCredentialType="managedIdentity"))


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_sign_ins, "_PAGES", 3)


@pytest.mark.usefixtures("often")
def test_a_reading_can_go_on_after_every_cursor_with_nothing_lost_or_twice(graph: MadeUpGraph) -> None:
    _pages(graph, 8)

    async def run() -> None:
        async with graph.connected(paced=False) as connection:
            request = EvidenceRequest(at=NOW, graph=connection)
            whole = [page async for page in graph_sign_ins.SOURCE.read(request)]
            assert len(whole) == 4
            reference = told(entry for page in whole for entry in page.entries)
            assert sum((use.successes or 0) + (use.failures or 0) for use in reference.uses) == 82
            for place, page in enumerate(whole[:-1], 1):
                rest = await reading(graph_sign_ins.SOURCE, request, page.cursor)
                before = [entry for earlier in whole[:place] for entry in earlier.entries]
                again = told((*before, *rest.uses, *rest.notes, rest.source))
                assert merged(again.uses) == merged(reference.uses)
                assert again.source == reference.source

    asyncio.run(run())


@pytest.mark.usefixtures("often")
def test_what_a_broken_log_showed_so_far_counts(graph: MadeUpGraph) -> None:
    _pages(graph, 8)
    graph.pages["?$skiptoken=s5"] = {"value": None}
    found = ask(graph, graph_sign_ins.SOURCE)
    assert sum((use.successes or 0) + (use.failures or 0) for use in found.uses) == 50
    assert found.source.missing.endswith("usage is unknown")
    assert found.source.since is None


def test_memory_has_an_end_where_every_sign_in_comes_from_elsewhere(
    graph: MadeUpGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_sign_ins, "_ROWS", 25)
    for place in range(6):
        follows = {"@odata.nextLink": "{url}" + f"{SIGN_INS}?$skiptoken=s{place + 1}"} if place < 5 else {}
        rows = [sign_in(place * 10 + each, ipAddress=f"198.51.100.{place * 10 + each}") for each in range(10)]
        graph.pages[OWN if place == 0 else f"?$skiptoken=s{place}"] = {"value": rows, **follows}
    graph.pages[IDENTITY] = {"value": []}

    async def largest() -> tuple[int, int]:
        async with graph.connected(paced=False) as connection:
            request = EvidenceRequest(at=NOW, graph=connection)
            sizes = [len(page.entries) async for page in graph_sign_ins.SOURCE.read(request)]
            return max(sizes), sum(sizes)

    assert asyncio.run(largest()) == (30, 61)


@pytest.mark.parametrize("cursor", ["", "{", "[]", "7", '{"next": 7}', "not json"])
@pytest.mark.parametrize("source", GRAPH_SOURCES, ids=lambda source: source.name)
def test_a_cursor_of_somebody_else_is_told(graph: MadeUpGraph, source: EvidenceSource, cursor: str) -> None:
    with pytest.raises(CursorExpiredError):
        ask(graph, source, cursor)
    assert graph.requests == []


def test_a_cursor_that_leads_to_another_host_is_not_followed(graph: MadeUpGraph) -> None:
    for source in GRAPH_SOURCES:
        with pytest.raises(CursorExpiredError, match="another address"):
            ask(graph, source, '{"next": "https://elsewhere.example/beta/auditLogs/signIns"}')
    assert graph.requests == []


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_no_source_is_read_that_was_not_asked_for(source: EvidenceSource) -> None:
    async def pages() -> int:
        return len([page async for page in source.read(EvidenceRequest(at=NOW))])

    assert not source.wanted(EvidenceRequest(at=NOW))
    assert asyncio.run(pages()) == 0


def test_the_sources_of_graph_are_wanted_where_there_is_a_graph(graph: MadeUpGraph) -> None:
    async def run(check: Callable[[GraphConnection], None]) -> None:
        async with graph.connected(paced=False) as connection:
            check(connection)

    def check(connection: GraphConnection) -> None:
        wanted = [source.name for source in sources() if source.wanted(EvidenceRequest(at=NOW, graph=connection))]
        assert wanted == ["graph-application-activity", "graph-credential-activity", "graph-sign-ins"]

    asyncio.run(run(check))
