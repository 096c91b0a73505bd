"""What the wire and the sign-in can do wrong, against a made-up Graph on loopback."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from inventory.cloud import Cloud
from inventory.errors import (
    InventoryError,
    PermissionMissingError,
    ReadFailedError,
    SignInFailedError,
    TenantUnreachableError,
)
from inventory.graph import Answer, GraphConnection, GraphSettings
from inventory.refusals import sign_in_failed
from inventory.wire import WirePage
from tests.inventory.madeup import TOKEN, MadeUpGraph, StaticCredential

_THING = "/v1.0/things"
_T = TypeVar("_T")


def _do(graph: MadeUpGraph, job: Callable[[GraphConnection], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        async with graph.connected() as connection:
            return await job(connection)

    return asyncio.run(run())


def _get(graph: MadeUpGraph, url: str = _THING) -> Answer[dict[str, Any]]:
    return _do(graph, lambda connection: connection.get(url, dict[str, Any]))


def _refusal(graph: MadeUpGraph, status: int, body: Any, url: str = _THING) -> InventoryError:
    graph.answer(url.partition("?")[0], body, status=status)
    with pytest.raises(InventoryError) as caught:
        _get(graph, url)
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def _error(code: str, message: str = "No.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "r-1"}}}


def test_an_answer_is_decoded_and_carries_the_tenants_time(graph: MadeUpGraph) -> None:
    graph.answer(_THING, {"a": 1})
    answer = _get(graph, f"{_THING}?$top=999")
    assert answer == Answer(value={"a": 1}, date=datetime(2026, 3, 2, 10, tzinfo=UTC))
    [request] = graph.requests
    assert (request.target, request.headers["authorization"]) == (f"{_THING}?$top=999", f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    ("url", "permission"),
    [
        ("/v1.0/applications?$top=1", "Application.Read.All"),
        ("/beta/auditLogs/signIns", "AuditLog.Read.All"),
        ("/beta/reports/appCredentialSignInActivities", "AuditLog.Read.All"),
        ("/v1.0/organization?$select=id", "Organization.Read.All"),
    ],
)
def test_a_403_names_the_permission(graph: MadeUpGraph, url: str, permission: str) -> None:
    error = _refusal(graph, 403, _error("Authorization_RequestDenied"), url)
    assert isinstance(error, PermissionMissingError)
    assert error.permission == permission
    assert permission in str(error)
    assert "request id r-1" in str(error)


def test_a_403_to_a_change_names_the_permission_to_write(graph: MadeUpGraph) -> None:
    graph.answer("/v1.0/applications/x", _error("Authorization_RequestDenied"), status=403)
    with pytest.raises(PermissionMissingError, match=r"Application\.ReadWrite\.All"):
        _do(graph, lambda connection: connection.send("PATCH", "/v1.0/applications/x", b"{}"))


def test_a_tenant_without_a_licence_is_not_told_to_grant_a_permission(graph: MadeUpGraph) -> None:
    error = _refusal(graph, 403, _error("Authentication_RequestFromNonPremiumTenantOrB2CTenant"), "/beta/reports/x")
    assert isinstance(error, PermissionMissingError)
    assert error.permission == "Microsoft Entra ID P1 or P2"


def test_a_401_is_a_failed_sign_in(graph: MadeUpGraph) -> None:
    assert isinstance(_refusal(graph, 401, _error("InvalidAuthenticationToken")), SignInFailedError)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, _error("Request_ResourceNotFound"), "Request_ResourceNotFound"),
        (409, _error("Request_MultipleObjectsWithSameKeyValue"), "Request_MultipleObjectsWithSameKeyValue"),
        (400, {"error": {"code": None}}, ""),
        (500, b"<html>gateway</html>", ""),
        (502, b"", ""),
        (302, b"", ""),
    ],
)
def test_any_other_refusal_keeps_status_and_code(graph: MadeUpGraph, status: int, body: Any, code: str) -> None:
    error = _refusal(graph, status, body)
    assert isinstance(error, ReadFailedError)
    assert (error.status, error.code) == (status, code)
    assert str(status) in str(error)


def test_a_redirect_is_never_followed(graph: MadeUpGraph) -> None:
    graph.answer(_THING, b"", status=307, Location="/elsewhere")
    graph.answer("/elsewhere", {})
    with pytest.raises(ReadFailedError, match="307"):
        _get(graph)
    assert len(graph.requests) == 1


def test_hostile_error_text_stays_one_short_printable_line(graph: MadeUpGraph) -> None:
    error = _refusal(graph, 400, _error("X", "a\u202eb\x1b[31m" + "c" * 5000 + "\nsecond"))
    assert "second" not in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    ("said", "waited"), [("2.128", 3), ("2", 2), ("0.5", 1), ("Mon, 02 Mar 2020 10:00:00 GMT", None)]
)
def test_throttling_is_waited_out_as_long_as_graph_says(
    graph: MadeUpGraph, waits: list[float], said: str, waited: int | None
) -> None:
    graph.answer(_THING, _error("TooManyRequests"), status=429, Retry_After=said)
    graph.answer(_THING, {"a": 1})
    assert _get(graph).value == {"a": 1}
    assert len(graph.requests) == 2
    assert waited is None or waits[0] == waited


def test_throttling_that_does_not_end_is_told(graph: MadeUpGraph, waits: list[float]) -> None:
    error = _refusal(graph, 429, _error("TooManyRequests"))
    assert isinstance(error, ReadFailedError)
    assert "try again later" in str(error)
    assert len(graph.requests) == 7
    assert sum(waits) < 60


def test_a_connection_that_breaks_is_tried_again_for_a_read(graph: MadeUpGraph, waits: list[float]) -> None:
    graph.answer(_THING, {"a": 1}, cut=3)
    graph.answer(_THING, {"a": 1})
    assert _get(graph).value == {"a": 1}
    assert waits == [0.1]


@pytest.mark.usefixtures("waits")
def test_an_answer_whose_compression_is_damaged_is_asked_for_again(graph: MadeUpGraph) -> None:
    whole = gzip.compress(b'{"a": 1}')
    graph.answer(_THING, whole[:-4] + b"\0\0\0\0", Content_Encoding="gzip")
    graph.answer(_THING, whole, Content_Encoding="gzip")
    assert _get(graph).value == {"a": 1}


@pytest.mark.usefixtures("waits")
def test_a_connection_that_always_breaks_is_told_and_a_change_is_never_repeated(graph: MadeUpGraph) -> None:
    graph.answer(_THING, {"a": 1}, cut=3)
    with pytest.raises(TenantUnreachableError, match="cannot be reached"):
        _get(graph)
    assert len(graph.requests) == 3
    with pytest.raises(TenantUnreachableError):
        _do(graph, lambda connection: connection.send("POST", _THING, b"{}"))
    assert len(graph.requests) == 4


@pytest.mark.parametrize("body", [b'{"a": 1', b"", b"<html>", b'{"a": "\xff"}'])
def test_a_body_that_is_no_json_is_told(graph: MadeUpGraph, body: bytes) -> None:
    graph.answer(_THING, body)
    with pytest.raises(ReadFailedError, match="cannot be understood"):
        _get(graph)


def test_the_token_never_goes_to_another_host(graph: MadeUpGraph) -> None:
    for url in ("https://evil.example/v1.0/things", "http://127.0.0.1:9/v1.0/things", "https://x:y/z", "@evil.example"):
        with pytest.raises(ReadFailedError, match="not followed"):
            _get(graph, url)
    assert graph.requests == []


def test_a_change_is_sent_as_json_with_its_headers(graph: MadeUpGraph) -> None:
    graph.answer(_THING, b"", status=204)
    headers = {"Prefer": "create-if-missing"}
    assert _do(graph, lambda connection: connection.send("PATCH", _THING, b'{"a":1}', headers)) is None
    [request] = graph.requests
    assert (request.method, request.body) == ("PATCH", b'{"a":1}')
    assert (request.headers["content-type"], request.headers["prefer"]) == ("application/json", "create-if-missing")


def test_requests_are_logged_without_the_token(graph: MadeUpGraph, caplog: pytest.LogCaptureFixture) -> None:
    graph.answer(_THING, {})
    with caplog.at_level(logging.DEBUG):
        _get(graph)
    assert f"GET {_THING} 200" in caplog.text
    assert TOKEN not in caplog.text


def test_a_host_that_does_not_answer_is_named() -> None:
    async def run() -> None:
        settings = GraphSettings(graph_endpoint="http://127.0.0.1:1")
        async with GraphConnection(settings, StaticCredential()) as connection:
            await connection.get("/v1.0/things", dict)

    with pytest.raises(TenantUnreachableError, match=r"http://127\.0\.0\.1:1 cannot be reached"):
        asyncio.run(run())


def _connect(**settings: Any) -> None:
    async def run() -> None:
        async with GraphConnection(GraphSettings(**settings)) as connection:
            await connection.get("/v1.0/things", dict)

    asyncio.run(run())


@pytest.mark.parametrize(
    "endpoint", ["graph.example", "http://graph.example", "https://", "https://a:b", "ftp://localhost"]
)
def test_an_endpoint_that_may_not_have_a_token_is_refused(endpoint: str) -> None:
    with pytest.raises(TenantUnreachableError, match="is no address of Graph"):
        _connect(graph_endpoint=endpoint)


@pytest.mark.parametrize(
    "settings",
    [
        {"graph_endpoint": "https://user:hunter2@graph.example"},
        {"graph_endpoint": "https://graph.example/?sig=hunter2"},
        {"authority_host": "https://user:hunter2@login.example"},
    ],
)
def test_an_address_that_holds_a_password_is_refused_and_not_told(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(TenantUnreachableError, match="give one without") as refused:
        _connect(**settings)
    assert "hunter2" not in str(refused.value)


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(TenantUnreachableError, match=r"none\.pem"):
        _connect(ca_file=tmp_path / "none.pem")
    (tmp_path / "bad.pem").write_text("not a certificate")
    with pytest.raises(TenantUnreachableError, match=r"bad\.pem"):
        _connect(ca_file=tmp_path / "bad.pem")


def test_without_any_credential_it_is_said_how_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # nobody is signed in with a tool
    with pytest.raises(SignInFailedError, match=r"no credential for https://localhost:1 .*AZURE_CLIENT_SECRET"):
        _connect(graph_endpoint="https://localhost:1", authority_host="https://localhost:1")


def test_an_authority_without_tls_is_refused() -> None:
    with pytest.raises(SignInFailedError, match="cannot sign in at http://127"):
        _connect(authority_host="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (
            "All failed\n\tEnvironment: AADSTS7000215: Invalid client secret provided. Trace ID: 1\nTo mitigate",
            SignInFailedError,
            "AADSTS7000215: Invalid client secret provided; check AZURE_TENANT_ID",
        ),
        ("EnvironmentCredential: Cannot connect to host localhost:1 ssl:default", TenantUnreachableError, "connect"),
        ("EnvironmentCredential authentication unavailable. Visit", SignInFailedError, "AZURE_CLIENT_ID"),
        ("\tAzureCliCredential: Timed out waiting for Azure CLI", SignInFailedError, "az login"),
    ],
)
def test_a_failed_sign_in_says_what_to_do(text: str, kind: type[Exception], says: str) -> None:
    error = sign_in_failed(text, "https://login.example")
    assert type(error) is kind
    assert says in str(error)
    assert "Trace ID" not in str(error)
    assert "https://login.example" in str(error)


def test_a_host_that_answered_before_may_be_slow_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.graph_transport._TIMEOUT", httpx.Timeout(0.4))
    late = [False, True, False, False]

    class Slow(MadeUpGraph):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if late.pop(0):
                try:
                    await asyncio.sleep(1.0)
                finally:
                    writer.close()
                return
            await super().serve(reader, writer)

    slow = Slow()
    slow.answer("/v1.0/a", {"value": []})

    async def ask() -> None:
        async with slow.connected() as connection:
            for _ in range(2):
                await connection.get("/v1.0/a", WirePage)

    asyncio.run(ask())
    late[:] = [True] * 9
    with pytest.raises(TenantUnreachableError, match="cannot be reached"):
        asyncio.run(ask())


def test_a_refused_sign_in_is_told_in_whole_sentences_and_by_the_names_of_its_own_variables() -> None:
    first = "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'. "
    second = f"This can happen if the application has not been installed by the administrator{' of it' * 20}. "
    text = f"Environment: {first}{second}You may have sent it to the wrong tenant.{' And' * 40}"
    told = str(sign_in_failed(text, "https://login.example", "CONTOSO"))
    assert "check CONTOSO_CLIENT_ID and the credential" in told
    assert "AZURE" not in told
    assert f"{first}{second.rstrip('. ')}; check" in told
    endless = str(sign_in_failed(f"AADSTS1: {'word ' * 200}", "https://login.example"))
    assert "word ...; check AZURE_TENANT_ID" in endless
    assert "CONTOSO_CLIENT_ID gave no token" in str(sign_in_failed("no", "https://login.example", "CONTOSO"))


@pytest.mark.parametrize(
    ("settings", "authority", "scope"),
    [
        (GraphSettings(), "https://login.microsoftonline.com", "https://graph.microsoft.com/.default"),
        (GraphSettings(cloud=Cloud.USGOV), "https://login.microsoftonline.us", "https://graph.microsoft.us/.default"),
        (
            GraphSettings(cloud=Cloud.USGOV, graph_endpoint="https://dod-graph.microsoft.us/"),
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us/.default",
        ),
        (
            GraphSettings(cloud=Cloud.CHINA, graph_endpoint="https://localhost:8443", authority_host="localhost:8443"),
            "https://localhost:8443",
            "https://microsoftgraph.chinacloudapi.cn/.default",
        ),
    ],
)
def test_settings_follow_the_cloud(settings: GraphSettings, authority: str, scope: str) -> None:
    assert (settings.authority, settings.scope) == (authority, scope)


@pytest.mark.parametrize(
    "named", ["login.microsoftonline.com", "https://LOGIN.microsoftonline.us/", "login.windows.net"]
)
def test_the_authority_of_another_cloud_in_the_environment_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", named)
    assert GraphSettings(cloud=Cloud.CHINA).authority == "https://login.chinacloudapi.cn"
    host = "microsoftonline.us" if "us" in named else "microsoftonline.com"
    other = Cloud.PUBLIC if "us" in named else Cloud.USGOV
    assert GraphSettings(cloud=other).authority.rpartition("login.")[2] not in {host, "windows.net"}
    own = Cloud.USGOV if "us" in named else Cloud.PUBLIC
    assert named in GraphSettings(cloud=own).authority


def test_settings_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "second.pem")
    assert (GraphSettings().authority, GraphSettings().bundle) == ("https://login.example", "second.pem")
    monkeypatch.setenv("SSL_CERT_FILE", "first.pem")
    assert GraphSettings().bundle == "first.pem"
    assert GraphSettings(ca_file=tmp_path).bundle == str(tmp_path)
