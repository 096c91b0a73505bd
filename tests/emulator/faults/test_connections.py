"""Requests that go wrong as a whole: refused by a gateway, reset, cut short or slow."""

import asyncio
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import requests
import urllib3
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.identity import ClientSecretCredential

from migrate.emulator.faults.retry_after import retry_after
from migrate.emulator.state.records import Application
from tests.emulator.conftest import GRAPH
from tests.emulator.faults.conftest import Trouble

FEDERATED = "/v1.0/applications/*/federatedIdentityCredentials"
BROKEN = (httpx.ReadError, httpx.RemoteProtocolError)
"""Before 3.11.9, Python takes a reset of a TLS connection for its end (gh-115627)."""


def names(trouble: Trouble, application: Application) -> list[str]:
    found = trouble.world.emulator.tenant.applications.get(application.id)
    return [each.name for each in found.federated] if found else []


def federate(trouble: Trouble, application: Application) -> httpx.Response:
    body = {"name": "mi-1", "issuer": trouble.world.issuer, "subject": "s", "audiences": ["api://x"]}
    return trouble.graph("POST", f"applications/{application.id}/federatedIdentityCredentials", json=body)


def drain(read: Callable[[], None]) -> None:
    while True:
        read()


@pytest.mark.parametrize(("when", "effect"), [("before", []), ("after", ["mi-1"])])
def test_a_reset_comes_before_or_after_the_effect(
    trouble: Trouble, application: Application, when: str, effect: list[str]
) -> None:
    trouble.graph("GET", "applications?$top=1")
    trouble.begin({"kind": "reset", "methods": ["POST"], "path": FEDERATED, "when": when, "times": 1})
    with pytest.raises(BROKEN):
        federate(trouble, application)
    assert names(trouble, application) == effect
    again = federate(trouble, application)
    assert again.status_code == (409 if effect else 201), again.text
    assert trouble.counts() == [(2, 1)]


def test_a_lost_answer_hides_a_secret_that_exists(trouble: Trouble, application: Application) -> None:
    path = f"applications/{application.id}/addPassword"
    trouble.begin({"kind": "reset", "methods": ["POST"], "path": "/V1.0/applications/*/addpassword", "when": "after"})
    before = len(application.passwords)
    with pytest.raises(BROKEN):
        trouble.graph("POST", path, json={"passwordCredential": {"displayName": "lost"}})
    held = trouble.graph("GET", f"applications/{application.id}").json()["passwordCredentials"]
    assert [each["displayName"] for each in held][before:] == ["lost"]
    assert held[-1]["secretText"] is None


def test_azure_identity_and_requests_report_a_reset(trouble: Trouble) -> None:
    operator = trouble.world.emulator.tenant.application_named("unsecret-operator")
    secret = trouble.world.emulator.tenant.live_secret_of(operator).secret
    trouble.begin({"kind": "reset", "path": "/*/oauth2/v2.0/token"})
    options: dict[str, Any] = {"authority": trouble.world.emulator.authority, "retry_total": 0}
    with (
        ClientSecretCredential(
            trouble.world.emulator.tenant_id, operator.app_id, secret, disable_instance_discovery=True, **options
        ) as credential,
        pytest.raises((ServiceRequestError, ServiceResponseError, ClientAuthenticationError)) as caught,
    ):
        credential.get_token(GRAPH)
    assert "AADSTS" not in str(caught.value)
    where = f"{trouble.world.emulator.authority}/{trouble.world.emulator.tenant_id}/oauth2/v2.0/token"
    with pytest.raises(requests.ConnectionError):
        requests.post(where, data={}, timeout=5)


@contextmanager
def plain(trouble: Trouble) -> Iterator[Callable[[], int]]:
    """Keep one plain connection, on which requests are sent."""
    port = int(trouble.world.emulator.imds_endpoint.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)

    def ask() -> int:
        connection.request("GET", "/metadata/instance")
        with connection.getresponse() as answer:
            answer.read()
            return answer.status

    yield ask
    connection.close()


def test_a_reset_is_one_on_the_wire_and_hits_a_connection_that_was_kept(trouble: Trouble) -> None:
    trouble.begin({"kind": "reset", "path": "/metadata/**", "after": 1})
    with plain(trouble) as ask:
        assert ask() < 500
        with pytest.raises(ConnectionResetError):
            ask()


def test_a_reset_is_one_on_the_wire_under_tls_as_well(trouble: Trouble) -> None:
    trouble.begin({"kind": "reset", "when": "after"})
    emulator = trouble.world.emulator
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=str(emulator.ca_file))
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", int(emulator.authority.rpartition(":")[2])), timeout=5) as connection:

        def go_on() -> None:
            connection.sendall(outgoing.read())
            received = connection.recv(65_536)
            assert received, "ended, not reset"
            incoming.write(received)

        while tls.version() is None or not tls.cipher():
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                go_on()
        tls.write(b"GET /v1.0/organization HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            drain(go_on)


def test_a_reset_ends_the_pending_requests_of_its_connection_alone(trouble: Trouble) -> None:
    trouble.begin({"kind": "reset", "path": "/v1.0/organization", "when": "after"})
    headers = trouble.world.bearer()

    def ask(path: str) -> int:
        try:
            return trouble.world.web.get(f"/v1.0/{path}", headers=headers).status_code
        except BROKEN:
            return 0

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, ["organization", "applications?$top=5"] * 40))
    assert answers == [0, 200] * 40


def test_resets_leak_no_connections(own_trouble: Trouble) -> None:
    own_trouble.begin({"kind": "reset", "path": "/v1.0/**"}, {"kind": "reset", "path": "/metadata/**", "when": "after"})
    server = own_trouble.world.emulator._servers[0].server_state
    for _ in range(50):
        with pytest.raises(BROKEN):
            own_trouble.world.web.get("/v1.0/organization")
        with plain(own_trouble) as ask, pytest.raises(ConnectionResetError):
            ask()
    own_trouble.end()
    for _ in range(100):
        if len(server.connections) <= 1 and not server.tasks:
            break
        time.sleep(0.02)
    assert len(server.connections) <= 1
    assert not server.tasks


def test_a_reset_behind_the_proxy_breaks_the_connection_too(trouble: Trouble, application: Application) -> None:
    trouble.begin({"kind": "reset", "methods": ["POST"], "path": "/v1.0/applications/*/addPassword", "when": "after"})
    emulator = trouble.world.emulator
    trust = ssl.create_default_context(cafile=str(emulator.ca_file))
    base = "https://graph.microsoft.com/v1.0"
    held = len(emulator.tenant.applications.get(application.id).passwords)  # type: ignore[union-attr]  # it is there
    with httpx.Client(proxy=emulator.proxy_endpoint, verify=trust, headers=trouble.world.bearer()) as client:
        assert client.get(f"{base}/organization").status_code == 200
        with pytest.raises(BROKEN):
            client.post(f"{base}/applications/{application.id}/addPassword", json={})
        assert client.get(f"{base}/organization").status_code == 200
    assert len(emulator.tenant.applications.get(application.id).passwords) == held + 1  # type: ignore[union-attr]


def test_a_body_that_ends_early_fails_a_client_that_was_told_its_length(trouble: Trouble) -> None:
    trouble.begin({"kind": "truncate", "path": "/v1.0/organization", "keep": 0.3})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        trouble.graph("GET", "organization")
    headers = trouble.world.bearer()
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
        requests.get(f"{trouble.world.emulator.authority}/v1.0/organization", headers=headers, timeout=5)
    assert isinstance(caught.value.args[0], urllib3.exceptions.ProtocolError)


def test_a_body_that_ends_early_with_a_length_to_match_is_json_no_more(trouble: Trouble) -> None:
    trouble.begin({"kind": "truncate", "path": "/v1.0/organization", "keep": 0.3, "length": "cut", "times": 1})
    cut = trouble.graph("GET", "organization")
    assert (cut.status_code, cut.headers["content-length"]) == (200, str(len(cut.content)))
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    whole = trouble.graph("GET", "organization")
    assert cut.content == whole.content[: int(len(whole.content) * 0.3)]


@pytest.mark.parametrize("length", ["whole", "cut"])
def test_what_has_no_body_cannot_be_cut(trouble: Trouble, application: Application, length: str) -> None:
    trouble.begin({"kind": "truncate", "length": length, "keep": 0})
    answer = trouble.world.web.patch(
        f"/v1.0/applications/{application.id}", json={"displayName": "x"}, headers=operator_headers(trouble)
    )
    assert (answer.status_code, answer.content) == (204, b"")


def operator_headers(trouble: Trouble) -> dict[str, str]:
    """Get a token although faults are on: they are put back."""
    plan = trouble.control("GET", "faults").json()
    trouble.end()
    headers = trouble.world.bearer()
    trouble.begin(*plan["faults"], seed=plan["seed"])
    return headers


@pytest.mark.parametrize("status", [403, 404, 408, 410, 429, 500, 502, 503, 504])
def test_an_error_answer_is_in_the_words_of_its_service(trouble: Trouble, status: int) -> None:
    headers = trouble.world.bearer()
    trouble.begin({"kind": "status", "status": status, "retry_after": 2.128})
    graph = trouble.world.web.get("/beta/applications", headers=headers)
    login = trouble.world.web.post("/common/oauth2/v2.0/token", data={})
    arm = trouble.world.web.get("/subscriptions?api-version=2022-12-01", headers=headers)
    imds = trouble.plain.get(f"{trouble.world.emulator.imds_endpoint}/metadata/identity/oauth2/token")
    answers = (graph, login, arm, imds)
    assert [(each.status_code, each.headers["retry-after"]) for each in answers] == [(status, "2.128")] * 4
    assert set(graph.json()["error"]) == {"code", "message", "innerError"}
    assert graph.json()["error"]["innerError"]["request-id"] == graph.headers["request-id"]
    assert login.json()["error"] == "temporarily_unavailable"
    assert set(arm.json()["error"]) == {"code", "message"}
    assert isinstance(imds.json()["error"], str)


@pytest.mark.parametrize(
    ("form", "expected"), [("float", r"30\.000"), ("integer", "30"), ("date", r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT")]
)
def test_retry_after_comes_in_every_form(trouble: Trouble, form: str, expected: str) -> None:
    trouble.begin({"kind": "status", "status": 503, "retry_after": 30, "retry_after_form": form})
    assert requests.utils.re.fullmatch(expected, trouble.world.web.get("/v1.0/x").headers["retry-after"])  # type: ignore[attr-defined]


def test_without_one_there_is_no_retry_after(trouble: Trouble) -> None:
    trouble.begin({"kind": "status", "status": 504})
    assert "retry-after" not in trouble.world.web.get("/v1.0/x").headers


@pytest.mark.parametrize(("when", "effect"), [("before", []), ("after", ["mi-1"])])
def test_a_gateway_gives_up_before_or_after_the_effect(
    trouble: Trouble, application: Application, when: str, effect: list[str]
) -> None:
    trouble.graph("GET", "organization")
    trouble.begin({"kind": "status", "status": 504, "path": FEDERATED, "when": when})
    assert federate(trouble, application).status_code == 504
    assert names(trouble, application) == effect


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_answer_keeps_others_waiting_for_nothing(trouble: Trouble, application: Application, when: str) -> None:
    trouble.graph("GET", "organization")
    trouble.begin({"kind": "slow", "path": FEDERATED, "seconds": 0.4, "when": when})
    with ThreadPoolExecutor(1) as pool:
        begun = time.monotonic()
        slow = pool.submit(federate, trouble, application)
        time.sleep(0.15)
        seen = names(trouble, application)
        assert trouble.graph("GET", "organization").status_code == 200
        assert time.monotonic() - begun < 0.39
        assert slow.result().status_code == 201
    assert time.monotonic() - begun >= 0.4
    assert seen == ([] if when == "before" else ["mi-1"])


def test_a_client_that_stops_waiting_has_its_effect_nevertheless(trouble: Trouble, application: Application) -> None:
    trouble.graph("GET", "organization")
    trouble.begin({"kind": "slow", "path": FEDERATED, "seconds": 1, "when": "after"})
    trouble.world.web.timeout = httpx.Timeout(0.1)
    try:
        with pytest.raises(httpx.ReadTimeout):
            federate(trouble, application)
    finally:
        trouble.world.web.timeout = httpx.Timeout(5)
    assert names(trouble, application) == ["mi-1"]


def test_an_emulator_ends_while_something_is_slow(own_trouble: Trouble) -> None:
    own_trouble.begin({"kind": "slow", "seconds": 60})

    async def leave_one_waiting() -> None:
        port = int(own_trouble.world.emulator.imds_endpoint.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metadata/instance HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await asyncio.to_thread(own_trouble.world.emulator.__exit__, None, None, None)
        assert time.monotonic() - begun < 5
        writer.close()

    asyncio.run(leave_one_waiting())


def test_after_every_share_and_times_choose_the_requests(trouble: Trouble) -> None:
    def taken(**choice: Any) -> list[bool]:
        trouble.begin({"kind": "status", "status": 503, "path": "/v1.0/x", **choice}, seed=4)
        return [trouble.world.web.get("/v1.0/x").status_code == 503 for _ in range(12)]

    assert taken() == [True] * 12
    assert taken(after=3) == [False] * 3 + [True] * 9
    assert taken(every=4) == [False, False, False, True] * 3
    assert taken(after=2, every=3, times=2) == [False] * 4 + [True, False, False, True] + [False] * 4
    assert taken(share=0.5) == taken(share=0.5)
    assert 2 < taken(share=0.5).count(True) < 10
    assert taken(share=0) == [False] * 12


def test_methods_and_paths_choose_the_requests(trouble: Trouble) -> None:
    trouble.begin({"kind": "status", "status": 503, "methods": ["GET"], "path": "/v1.0/*/x/**"})
    expected = {
        ("GET", "/v1.0/a/x"): True,
        ("GET", "/v1.0/a/x/b/c"): True,
        ("GET", "//v1.0//A/X/"): True,
        ("GET", "/v1.0/%61/%78"): True,
        ("GET", "/v1.0/a/b/x"): False,
        ("GET", "/v1.0/a/xx"): False,
        ("POST", "/v1.0/a/x"): False,
    }
    web = trouble.world.web
    base = trouble.world.emulator.authority
    assert {key: web.request(key[0], base + key[1]).status_code == 503 for key in expected} == expected


@pytest.mark.parametrize("form", ["float", "integer", "date"])
def test_no_retry_after_is_beyond_the_calendar(form: Any) -> None:
    assert retry_after(1e300, form)
    assert retry_after(float("inf"), form)
