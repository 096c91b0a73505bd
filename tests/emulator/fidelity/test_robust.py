"""Whatever arrives on the wire, from however many at once, the emulator goes on and keeps its state whole."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final

import h11
import httpx
import pytest

from migrate.emulator.server import Emulator
from tests.emulator.conftest import World, make_world
from tests.emulator.fidelity.surfaces import routes_of
from tests.emulator.fidelity.test_garbage import check_tenant

pytestmark = pytest.mark.slow

CLIENTS: Final = 300


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A tenant of its own, because most of what is sent here would puzzle other tests."""
    with Emulator(apps=25, seed=5) as running:
        made = make_world(running)
        yield made
        made.web.close()


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which the servers log an exception."""
    caplog.set_level(logging.ERROR, logger="uvicorn.error")
    yield
    logged = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    assert [_told(record) for record in logged if record.levelno >= logging.ERROR and not _is_late(record)] == []


def _told(record: logging.LogRecord) -> str:
    return f"{record.getMessage()}: {record.exc_info[1]!r}" if record.exc_info else record.getMessage()


def _is_late(record: logging.LogRecord) -> bool:
    """uvicorn itself has refused malformed HTTP already, when our answer to its beginning comes too late."""
    return record.exc_info is not None and isinstance(record.exc_info[1], h11.LocalProtocolError)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "FOO", "M" * 200])
def test_unknown_methods_are_refused_everywhere(world: World, method: str) -> None:
    for path in routes_of(world.emulator):
        filled = path.replace("{path:path}", "applications").replace("{tenant}", world.emulator.tenant_id)
        for base in (world.emulator.authority, world.emulator.imds_endpoint):
            answer = world.web.request(method, base + filled.replace("{host}", "vm-orders-api"), headers=world.bearer())
            assert answer.status_code < 500, answer.text[:500]
            assert answer.status_code >= 400 or method in ("HEAD", "OPTIONS")


def test_a_body_without_end_is_cut_off_on_every_surface(world: World) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 65_536

    headers = world.bearer()
    for path, methods in routes_of(world.emulator).items():
        filled = path.replace("{path:path}", "applications").replace("{tenant}", world.emulator.tenant_id)
        for base in (world.emulator.authority, world.emulator.imds_endpoint):
            if "POST" not in methods:
                continue
            try:
                answer = world.web.post(base + filled, content=endless(), headers=headers)
            except (httpx.WriteError, httpx.RemoteProtocolError):
                continue  # the server need not read to the end
            assert 400 <= answer.status_code < 500, f"{filled}: {answer.status_code}"
    check_tenant(world)


MALFORMED: Final[dict[str, bytes]] = {
    "no request at all": b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n",
    "no method": b" / HTTP/1.1\r\n\r\n",
    "an unknown version": b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /v1.0/applications HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a host that is none": b"GET /v1.0/applications HTTP/1.1\r\nHost: \x01\xff:x:y\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: localhost\r\nnothing\r\n\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
    "a header without end": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 300_000 + b"\r\n\r\n",
    "a target without end": b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a negative length": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    "chunks that are none": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "an unknown coding": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nobody\r\n\r\n",
    "half a body": b"POST /v1.0/applications HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    "a query of raw bytes": b"GET /v1.0/applications?$filter=\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a path of raw bytes": b"GET /v1.0/\xc3\x28 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an authorization of raw bytes": b"GET /v1.0/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\r\n\r\n",
    "a whole address": b"GET https://graph.microsoft.com/v1.0/applications HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an address to connect to": b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: graph.microsoft.com\r\n\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
}


def answers_of(address: tuple[str, int], sent: bytes, trust: ssl.SSLContext | None) -> bytes:
    """Send bytes, close the sending side and read what comes back."""
    with socket.create_connection(address, timeout=10) as plain:
        try:
            if trust is not None:
                with trust.wrap_socket(plain, server_hostname="localhost") as secure:
                    return _spoken(secure, sent)
            return _spoken(plain, sent)
        except (ConnectionError, ssl.SSLError):
            return b""


def _spoken(connection: socket.socket, sent: bytes) -> bytes:
    connection.settimeout(1.5)
    connection.sendall(sent)
    try:
        return connection.recv(65_536)
    except TimeoutError:
        return b""  # it waits for the rest, which is its right


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_http_is_refused_and_hurts_nobody_else(world: World, kind: str) -> None:
    trust = ssl.create_default_context(cafile=str(world.emulator.ca_file))
    for base, context in ((world.emulator.authority, trust), (world.emulator.imds_endpoint, None)):
        address = httpx.URL(base)
        answer = answers_of(("127.0.0.1", address.port or 0), MALFORMED[kind], context)
        status = answer.partition(b" ")[2][:3]
        assert answer == b"" or status[:1] == b"4" or (kind, status) == ("an upgrade", b"404"), answer[:300]
    assert world.web.get("/v1.0/organization", headers=world.bearer()).status_code == 200


def test_three_hundred_clients_at_once_see_one_consistent_tenant(world: World) -> None:
    application = world.new_application()
    headers = world.bearer()
    base = f"/v1.0/applications/{application.id}"
    trust = ssl.create_default_context(cafile=str(world.emulator.ca_file))

    async def one(number: int) -> tuple[int, int, Any]:
        limits = httpx.Limits(max_connections=1)
        transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False, limits=limits)
        async with httpx.AsyncClient(
            base_url=world.emulator.authority, transport=transport, headers=headers, timeout=60
        ) as client:
            kind = number % 3
            if kind == 0:
                written = await client.post(f"{base}/addPassword", json={})
            elif kind == 1:
                federated = {
                    "name": f"fic-{number}",
                    "issuer": world.issuer,
                    "subject": f"subject-{number}",
                    "audiences": ["api://AzureADTokenExchange"],
                }
                written = await client.post(f"{base}/federatedIdentityCredentials", json=federated)
            else:
                written = await client.post("/v1.0/applications", json={"displayName": f"parallel-{number}"})
            read = await client.get(base)
            assert read.status_code == 200
            return kind, written.status_code, written.json()

    async def all_at_once() -> list[tuple[int, int, Any]]:
        return await asyncio.gather(*(one(number) for number in range(CLIENTS)))

    results = asyncio.run(all_at_once())
    assert {status for kind, status, _ in results if kind == 0} == {200}
    assert {status for kind, status, _ in results if kind == 2} == {201}
    federated = [status for kind, status, _ in results if kind == 1]
    assert (federated.count(201), federated.count(400)) == (20, CLIENTS // 3 - 20), "twenty fit on an application"
    shown = world.web.get(base, headers=headers).json()
    key_ids = {content["keyId"] for kind, _, content in results if kind == 0}
    assert {item["keyId"] for item in shown["passwordCredentials"]} >= key_ids
    assert len(shown["passwordCredentials"]) == CLIENTS // 3 + 1
    kept = world.web.get(f"{base}/federatedIdentityCredentials", headers=headers).json()["value"]
    assert {item["id"] for item in kept} == {content["id"] for _, status, content in results if "issuer" in content}
    made = {content["id"] for kind, _, content in results if kind == 2}
    listed = world.web.get("/v1.0/applications?$top=999&$select=id", headers=headers).json()["value"]
    assert made <= {item["id"] for item in listed}
    assert len({item["id"] for item in listed}) == len(listed)
