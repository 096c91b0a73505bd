"""Which requests are made and how answers are joined, against a made-up Graph on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import unquote

import pytest

from inventory.directory import Collection, Directory, FederatedOf, Page
from inventory.errors import CursorExpiredError, PermissionMissingError, ReadFailedError
from inventory.graph_directory import GraphDirectory
from inventory.model import Application, ApplicationId, ClientId, ScanNote, ServicePrincipalId
from tests.inventory.madeup import MadeUpGraph
from tests.inventory.values import NOW, TENANT

_T = TypeVar("_T")
_APPLICATIONS = "/v1.0/applications"
_SIGN_INS = "/beta/auditLogs/signIns"
_CLIENT = ClientId("d1")
_DENIED = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}


def _do(graph: MadeUpGraph, job: Callable[[Directory], Awaitable[_T]], *, measure_users: bool = False) -> _T:
    async def run() -> _T:
        async with graph.connected() as connection:
            return await job(GraphDirectory(connection, measure_users=measure_users))

    return asyncio.run(run())


async def _all(pages: AsyncIterator[Page[_T]]) -> list[_T]:
    return [one async for page in pages for one in page.entries]


def _app(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"a{number}", "appId": f"d{number}", "owners": [], **more}


def _trusting(number: int, *names: str) -> dict[str, Any]:
    credentials = [{"id": name, "name": name, "issuer": "i", "subject": "s", "audiences": ["x"]} for name in names]
    return {"id": f"a{number}", "federatedIdentityCredentials": credentials}


def _chained(graph: MadeUpGraph, first: str, *pages: list[Any]) -> None:
    """Serve a listing in pages; the first is asked for by its query, the others by the link that leads to them."""
    for at, page in enumerate(pages):
        link = {"@odata.nextLink": f"{{url}}/v1.0/next/{at + 1}?$skiptoken=x"} if at + 1 < len(pages) else {}
        graph.pages[f"/v1.0/next/{at}" if at else first] = {"value": page, **link}


_OWNERS = "?$top=999&$expand=owners($select=id,displayName,accountEnabled)"
_FEDERATED = "?$top=999&$select=id&$expand=federatedIdentityCredentials"


def test_a_listing_goes_on_where_its_cursor_says(graph: MadeUpGraph) -> None:
    _chained(graph, _OWNERS, [_app(1), _app(2)], [_app(3)], [_app(4)])

    async def read(directory: Directory) -> None:
        pages = [page async for page in directory.applications()]
        ids = [[one.id for one in page.entries if isinstance(one, Application)] for page in pages]
        assert ids == [["a1", "a2"], ["a3"], ["a4"]]
        assert pages[-1].cursor is None
        for at, page in enumerate(pages[:-1]):
            assert page.cursor
            assert [again async for again in directory.applications(page.cursor)] == pages[at + 1 :]

    _do(graph, read)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "Directory_ExpiredPageToken"), (410, "syncStateNotFound"), (404, "Request_NotFound")]
)
def test_a_cursor_that_is_refused_is_told_as_that(graph: MadeUpGraph, status: int, code: str) -> None:
    graph.answer("/v1.0/next/1", {"error": {"code": code, "message": "expired"}}, status=status)
    with pytest.raises(CursorExpiredError, match=code):
        _do(graph, lambda directory: _all(directory.applications(f"{graph.url}/v1.0/next/1?$skiptoken=x")))
    _chained(graph, _OWNERS, [_app(1)], [])
    del graph.pages["/v1.0/next/1"]
    with pytest.raises(CursorExpiredError):
        _do(graph, lambda directory: _all(directory.applications()))


def test_a_cursor_on_another_host_is_not_followed(graph: MadeUpGraph) -> None:
    with pytest.raises(CursorExpiredError, match="another address"):
        _do(graph, lambda directory: _all(directory.applications("https://evil.example/v1.0/applications?x")))
    assert graph.requests == []


def test_only_a_scans_reads_are_of_low_priority(graph: MadeUpGraph) -> None:
    _chained(graph, _OWNERS, [_app(1)])
    graph.answer(f"{_APPLICATIONS}/a1", _app(1))
    graph.answer(f"{_APPLICATIONS}/a1/federatedIdentityCredentials", {"value": []})

    async def read(directory: Directory) -> None:
        await _all(directory.applications())
        assert await directory.application(ApplicationId("a1")) is not None

    _do(graph, read)
    assert [request.headers.get("x-ms-throttle-priority") for request in graph.requests] == ["Low", None, None]


def test_federated_credentials_have_a_listing_of_their_own(graph: MadeUpGraph) -> None:
    flexible = {"id": "f", "name": "flexible", "issuer": "i", "subject": None, "audiences": ["x"]}
    expression = {"claimsMatchingExpression": {"value": "claims['sub'] eq 'x'", "languageVersion": 1}}
    rows = [_trusting(1, "z", "b"), _trusting(2), {"id": "a3", "federatedIdentityCredentials": [flexible]}]
    beta = {"id": "a4", "federatedIdentityCredentials": [{**flexible, **expression}]}
    _chained(graph, _FEDERATED, rows, [beta, {"id": "a9"}, {"id": 5}])
    refusal = {"id": "0", "status": 404, "body": {"error": {"code": "NotFound", "message": "no beta here"}}}
    graph.answer("/beta/$batch", {"responses": [refusal]})
    found = _do(graph, lambda directory: _all(directory.federated()))
    told = [one for one in found if isinstance(one, FederatedOf)]
    assert [(one.holder_id, [trust.name for trust in one.federated]) for one in told] == [
        ("a1", ["b", "z"]),
        ("a2", []),
        ("a3", ["flexible"]),
        ("a4", ["flexible"]),
    ]
    assert [(trust.subject, trust.expression) for one in told[2:] for trust in one.federated] == [
        (None, None),
        (None, "claims['sub'] eq 'x'"),
    ]
    notes = [one for one in found if isinstance(one, ScanNote)]
    assert notes[0] == ScanNote(subject="federated credentials of a9", text="unreadable: they were not told")
    assert len(notes) == 2


def test_a_cloud_that_does_not_know_the_expansion_says_so(graph: MadeUpGraph) -> None:
    graph.answer(_APPLICATIONS, {"error": {"code": "BadRequest", "message": "no such expand"}}, status=400)
    with pytest.raises(ReadFailedError, match="no such expand"):
        _do(graph, lambda directory: _all(directory.federated()))


def test_an_unreadable_row_costs_only_itself(graph: MadeUpGraph) -> None:
    _chained(graph, _OWNERS, [_app(1), {"id": "a2", "appId": 5}, "odd", _app(3)])
    found = _do(graph, lambda directory: _all(directory.applications()))
    assert [type(one).__name__ for one in found] == ["Application", "ScanNote", "ScanNote", "Application"]


def test_a_page_that_points_to_itself_ends_the_reading(graph: MadeUpGraph) -> None:
    path = "/v1.0/servicePrincipals"
    graph.pages[path] = {"value": [], "@odata.nextLink": f"{{url}}{path}"}
    with pytest.raises(ReadFailedError, match="one that was read before"):
        _do(graph, lambda directory: _all(directory.service_principals()))


def test_pages_that_lead_in_a_circle_end_the_reading(graph: MadeUpGraph) -> None:
    path = "/v1.0/applications"
    for number in range(5):
        graph.pages[f"?$skiptoken={number}"] = {
            "value": [_app(number)],
            "@odata.nextLink": f"{{url}}{path}?$skiptoken={(number + 1) % 5 or 2}",
        }
    graph.pages[path] = {"value": [], "@odata.nextLink": f"{{url}}{path}?$skiptoken=0"}
    with pytest.raises(ReadFailedError, match="one that was read before"):
        _do(graph, lambda directory: _all(directory.applications()))
    assert len(graph.requests) < 20


def test_a_next_page_on_another_host_is_not_followed(graph: MadeUpGraph) -> None:
    graph.answer("/v1.0/servicePrincipals", {"value": [], "@odata.nextLink": "https://evil.example/v1.0/x"})
    with pytest.raises(ReadFailedError, match="not followed"):
        _do(graph, lambda directory: _all(directory.service_principals()))


def test_the_tenant_is_told_by_the_organization_or_by_our_own_token(graph: MadeUpGraph) -> None:
    graph.answer("/v1.0/organization", {"value": [{"id": "BBBBBBBB-0000-4000-8000-000000000000"}]})
    graph.answer("/v1.0/organization", _DENIED, status=403)
    assert _do(graph, lambda directory: directory.tenant()) == "bbbbbbbb-0000-4000-8000-000000000000"
    assert _do(graph, lambda directory: directory.tenant()) == TENANT


def test_the_time_is_the_tenants_own(graph: MadeUpGraph) -> None:
    graph.answer(_APPLICATIONS, {"value": []})
    assert _do(graph, lambda directory: directory.now()) == NOW
    graph.answer(_APPLICATIONS, {"value": []}, Date="yesterday")
    graph.answers[_APPLICATIONS].pop(0)
    with pytest.raises(ReadFailedError, match="does not tell its time"):
        _do(graph, lambda directory: directory.now())


def test_single_objects_are_read_or_are_not_there(graph: MadeUpGraph) -> None:
    graph.answer(f"{_APPLICATIONS}/a1", _app(1))
    graph.answer(
        f"{_APPLICATIONS}/a1/federatedIdentityCredentials", {"value": _trusting(1, "n")["federatedIdentityCredentials"]}
    )
    found = _do(graph, lambda directory: directory.application(ApplicationId("a1")))
    assert found is not None
    assert found.federated is not None
    assert found.federated[0].name == "n"
    graph.answer(f"{_APPLICATIONS}/a2", {"error": {"code": "Request_ResourceNotFound"}}, status=404)
    assert _do(graph, lambda directory: directory.application(ApplicationId("a2"))) is None
    graph.answer("/v1.0/servicePrincipals/s", {"id": "s", "appId": "m", "servicePrincipalType": "ManagedIdentity"})
    assert _do(graph, lambda directory: directory.service_principal(ServicePrincipalId("s"))) is None
    graph.answer(f"{_APPLICATIONS}/a3", {"id": "a3"})
    graph.answer(f"{_APPLICATIONS}/a3/federatedIdentityCredentials", {"value": []})
    with pytest.raises(ReadFailedError, match="application a3: unreadable"):
        _do(graph, lambda directory: directory.application(ApplicationId("a3")))


def test_a_service_principal_is_found_by_the_client_id_with_quotes_escaped(graph: MadeUpGraph) -> None:
    path = "/v1.0/servicePrincipals(appId='d1')"
    graph.answer(path, {"id": "s1", "appId": "D1", "servicePrincipalType": "Application", "owners": []})
    found = _do(graph, lambda directory: directory.principal_of(ClientId("d1")))
    assert found is not None
    assert (found.id, found.client_id, found.owners) == ("s1", "d1", ())
    assert graph.requests[-1].target == f"{path}?$expand=owners($select=id,displayName,accountEnabled)"
    missing = "/v1.0/servicePrincipals(appId='x''%3F%2F%23y')"
    graph.answer(missing, {"error": {"code": "Request_ResourceNotFound"}}, status=404)
    assert _do(graph, lambda directory: directory.principal_of(ClientId("x'?/#y"))) is None
    graph.answer(
        "/v1.0/servicePrincipals(appId='m')", {"id": "s", "appId": "m", "servicePrincipalType": "ManagedIdentity"}
    )
    assert _do(graph, lambda directory: directory.principal_of(ClientId("m"))) is None
    graph.answer("/v1.0/servicePrincipals(appId='e')", _DENIED, status=403)
    with pytest.raises(PermissionMissingError, match=r"Application\.Read\.All"):
        _do(graph, lambda directory: directory.principal_of(ClientId("e")))


def _event(at: str, **more: Any) -> dict[str, Any]:
    return {"createdDateTime": at, "appId": _CLIENT, "status": {"errorCode": 0}, **more}


def test_a_history_says_what_the_log_covers_and_asks_for_that_once(graph: MadeUpGraph) -> None:
    graph.answer(_SIGN_INS, {"value": [_event("2026-03-01T00:00:00Z"), _event("2026-02-27T00:00:00Z")]})
    graph.answer(_SIGN_INS, {"value": [_event("2026-02-28T00:00:00Z", clientCredentialType="certificate")]})
    for first in (20, 22):
        days = [*(f"02-{day}" for day in range(first, 29)), "03-01"]
        graph.answer(_SIGN_INS, {"value": [_event(f"2026-{day}T00:00:00Z") for day in days]})
    graph.answer(_SIGN_INS, {"value": [_event("2026-02-28T00:00:00Z")]})
    graph.answer(_SIGN_INS, {"value": []})

    async def twice(directory: Directory) -> list[Any]:
        return [await directory.sign_ins(_CLIENT, NOW - timedelta(days=7)) for _ in range(2)]

    one, two = _do(graph, twice)
    assert [each.at.day for each in one.sign_ins] == [27, 28, 1]
    assert one.covers_since is not None
    assert (one.as_of, one.missing, one.covers_since.day, one.gap) == (NOW, "", 22, "")
    assert (len(two.sign_ins), two.covers_since is not None and two.covers_since.day) == (1, 20)
    asked = [unquote(request.target) for request in graph.requests]
    assert len(asked) == 6
    assert "appId eq 'd1' and createdDateTime ge 2026-02-23T10:00:00Z" in asked[0]
    assert "createdDateTime ge 2026-02-19T22:00:00Z&$orderby=createdDateTime asc&$top=1000" in asked[2]
    assert all("signInEventTypes/any(t: t eq 'servicePrincipal')" in asked[number] for number in (0, 2))
    assert "signInEventTypes/any(t: t eq 'interactiveUser') or" in asked[1]


def test_more_user_sign_ins_than_a_page_make_the_history_unknown(graph: MadeUpGraph) -> None:
    graph.answer(_SIGN_INS, {"value": []})
    graph.answer(_SIGN_INS, {"value": [_event("2026-02-28T00:00:00Z")], "@odata.nextLink": f"{graph.url}{_SIGN_INS}?x"})
    graph.answer(_SIGN_INS, {"value": []})
    assert "users sign in to it so often" in _do(graph, lambda directory: directory.sign_ins(_CLIENT, NOW)).missing


def test_an_empty_log_covers_nothing(graph: MadeUpGraph) -> None:
    for _ in range(3):
        graph.answer(_SIGN_INS, {"value": []})
    found = _do(graph, lambda directory: directory.sign_ins(_CLIENT, NOW))
    assert (found.sign_ins, found.covers_since, found.missing) == ((), None, "")


def test_a_log_that_may_not_be_read_is_an_answer_and_not_an_exception(graph: MadeUpGraph) -> None:
    graph.answer(_SIGN_INS, _DENIED, status=403)
    graph.answer(_APPLICATIONS, {"value": []})
    found = _do(graph, lambda directory: directory.sign_ins(_CLIENT, NOW))
    assert (found.covers_since, found.as_of) == (None, NOW)
    assert "AuditLog.Read.All" in found.missing


def test_a_log_that_this_cloud_does_not_have_is_an_answer_too(graph: MadeUpGraph) -> None:
    graph.answer(_SIGN_INS, {"error": {"code": "BadRequest", "message": "no such segment"}}, status=404)
    graph.answer(_APPLICATIONS, {"value": []})
    assert "404" in _do(graph, lambda directory: directory.sign_ins(_CLIENT, NOW)).missing


def test_a_record_that_cannot_be_read_makes_the_history_unknown(graph: MadeUpGraph) -> None:
    graph.answer(_SIGN_INS, {"value": [{"appId": "d1"}]})
    graph.answer(_SIGN_INS, {"value": []})
    assert "1 records" in _do(graph, lambda directory: directory.sign_ins(_CLIENT, NOW)).missing


def test_a_quote_in_an_id_stays_inside_the_filter(graph: MadeUpGraph) -> None:
    graph.answer(_SIGN_INS, {"value": []})
    _do(graph, lambda directory: directory.sign_ins(ClientId("x' or '1' eq '1"), NOW))
    assert "appId eq 'x'' or ''1'' eq ''1' and" in unquote(graph.requests[0].target)


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"1234", 1234), (b"\xef\xbb\xbf7", 7), (b"many", None), (b"", None), (b"-1.5", None), (b"<html>", None)],
)
@pytest.mark.usefixtures("waits")
def test_a_count_is_an_advanced_query_for_a_bare_number(graph: MadeUpGraph, body: bytes, told: int | None) -> None:
    graph.answer("/v1.0/applications/$count", body, Content_Type="text/plain")

    async def count() -> int | None:
        async with graph.connected() as connection:
            return await GraphDirectory(connection).count(Collection.APPLICATIONS)

    assert asyncio.run(count()) == told
    asked = graph.requests[0].headers
    assert asked["consistencylevel"] == "eventual"
    assert asked["accept"].startswith("text/plain")
    assert asked["x-ms-throttle-priority"] == "Low"
