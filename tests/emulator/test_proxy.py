"""The proxy: where it leads, what it refuses, and that it leads nowhere else."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from migrate.emulator import proxy as module
from migrate.emulator.clouds import proxied_host_names
from migrate.emulator.proxy import Proxy
from migrate.emulator.server import Emulator

CONNECT = "CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def said(emulator: Emulator, *sent: bytes) -> bytes:
    """Send bytes to the proxy and return everything that it answers."""
    with socket.create_connection(("127.0.0.1", port_of(emulator.proxy_endpoint)), timeout=10) as client:
        for part in sent:
            client.sendall(part)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def client_of(emulator: Emulator) -> httpx.Client:
    trust = ssl.create_default_context(cafile=str(emulator.ca_file))
    return httpx.Client(proxy=emulator.proxy_endpoint, verify=trust, trust_env=False, timeout=30)


@pytest.mark.parametrize("host", proxied_host_names())
def test_every_allowed_name_leads_here_under_a_certificate_that_carries_it(emulator: Emulator, host: str) -> None:
    with client_of(emulator) as web:
        answer = web.get(f"https://{host}/no/such/thing")
    assert answer.status_code in (401, 404)
    assert f"{host}:443" not in emulator.proxy.refused


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "evil-graph.microsoft.com:443",
        "graph.microsoft.com.evil.example:443",
        "graph.microsoft.com:80",
        "graph.microsoft.com:22",
        "169.254.169.254:80",
        "localhost:443",
        "127.0.0.1:443",
        "[::1]:443",
    ],
)
def test_another_host_or_port_is_refused_in_one_line_and_remembered(emulator: Emulator, target: str) -> None:
    before = emulator.proxy.refused.get(target, 0)
    head, _, body = said(emulator, CONNECT.format(target).encode()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert body.decode() == f"the embedded tenant does not serve {target}\n"
    assert emulator.proxy.refused[target] == before + 1


def test_names_are_compared_without_case_and_final_dot(emulator: Emulator) -> None:
    for target in ("GRAPH.Microsoft.com:443", "graph.microsoft.com.:443"):
        with socket.create_connection(("127.0.0.1", port_of(emulator.proxy_endpoint)), timeout=10) as client:
            client.sendall(CONNECT.format(target).encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_line",
    [
        b"",
        b"GET",
        b"GET /v1.0/applications HTTP/1.1",
        b"GET https://graph.microsoft.com/ HTTP/1.1",
        b"GET http:///path HTTP/1.1",
        b"GET http://user:pw@169.254.169.254/ HTTP/1.1",
        b"GET http://169.254.169.254:http/ HTTP/1.1",
        b"GET http://169.254.169.254/ HTTP/2.0",
        b"GET  http://169.254.169.254/ HTTP/1.1",
        b"G\xcbT http://169.254.169.254/ HTTP/1.1",
        b"CONNECT graph.microsoft.com HTTP/1.1",
        b"CONNECT :443 HTTP/1.1",
        b"CONNECT graph.microsoft.com:443x HTTP/1.1",
        b"CONNECT graph.microsoft.com:99999 HTTP/1.1",
        b"CONNECT graph.microsoft.com:-443 HTTP/1.1",
        b"CONNECT gr\xc3\xa4ph.microsoft.com:443 HTTP/1.1",
        b"CONNECT a@graph.microsoft.com:443 HTTP/1.1",
        b"CONNECT " + b"a" * 300 + b":443 HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_a_malformed_request_is_refused(emulator: Emulator, request_line: bytes) -> None:
    before = emulator.proxy.refused
    assert said(emulator, request_line + b"\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert emulator.proxy.refused == before


@pytest.mark.parametrize("field", [b"no colon", b" folded: x", b"na me: x", b": x", b"name: a\x00b", b"name : x"])
def test_a_malformed_field_is_refused(emulator: Emulator, field: bytes) -> None:
    sent = b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n" + field + b"\r\n\r\n"
    assert said(emulator, sent).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_head_that_is_too_long_is_refused(emulator: Emulator) -> None:
    sent = b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"
    assert said(emulator, sent).startswith(b"HTTP/1.1 431 ")


def test_a_head_that_does_not_come_to_its_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HEAD_SECONDS", 0.2)
    with Emulator(apps=5) as emulator:
        assert said(emulator, b"CONNECT graph.micro").startswith(b"HTTP/1.1 408 ")


def test_a_refused_body_does_not_take_the_answer_away(emulator: Emulator) -> None:
    head = b"POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: 300000\r\n\r\n"
    assert said(emulator, head, b"x" * 300_000).startswith(b"HTTP/1.1 403 Forbidden\r\n")


@pytest.mark.parametrize("host", module.METADATA_HOSTS)
def test_the_metadata_service_answers_under_its_own_address(emulator: Emulator, host: str) -> None:
    query = "api-version=2018-02-01&resource=api://AzureADTokenExchange"
    with client_of(emulator) as web:
        answer = web.get(f"http://{host}/metadata/identity/oauth2/token?{query}")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        identity = emulator.tenant.identity_named("id-orders-api").client_id
        granted = web.get(
            f"http://{host}/metadata/identity/oauth2/token?{query}&client_id={identity}", headers={"Metadata": "true"}
        )
    assert granted.json()["access_token"].count(".") == 2


def test_plain_http_leads_to_the_metadata_service_alone(emulator: Emulator) -> None:
    with client_of(emulator) as web:
        for url in ("http://graph.microsoft.com/v1.0/", "http://169.254.169.254:8080/", "http://127.0.0.1/"):
            assert web.get(url).status_code == 403


def test_answers_over_a_real_name_lead_on_under_that_name(emulator: Emulator, operator: dict[str, str]) -> None:
    with client_of(emulator) as web:
        page = web.get("https://graph.microsoft.com/v1.0/applications?$top=5", headers=operator).json()
        assert page["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/applications?")
        known = web.get(f"https://login.microsoftonline.com/{emulator.tenant_id}/v2.0/.well-known/openid-configuration")
    assert known.json()["token_endpoint"].startswith(f"https://login.microsoftonline.com/{emulator.tenant_id}/")


def test_over_a_real_name_only_that_service_answers(emulator: Emulator, operator: dict[str, str]) -> None:
    with client_of(emulator) as web:
        assert web.get("https://login.microsoftonline.com/v1.0/organization", headers=operator).status_code == 404
        assert web.get("https://graph.microsoft.com/v1.0/organization", headers=operator).status_code == 200
        discovery = f"{emulator.tenant_id}/v2.0/.well-known/openid-configuration"
        assert web.get(f"https://graph.microsoft.com/{discovery}").status_code == 404
        assert web.get(f"https://login.windows.net/{discovery}").status_code == 200


def test_another_clouds_services_do_not_know_this_tenant(emulator: Emulator, operator: dict[str, str]) -> None:
    tenant = emulator.tenant_id
    with client_of(emulator) as web:
        for host in ("login.microsoftonline.us", "login.partner.microsoftonline.cn"):
            discovery = web.get(f"https://{host}/{tenant}/v2.0/.well-known/openid-configuration")
            token = web.post(f"https://{host}/{tenant}/oauth2/v2.0/token", data={"grant_type": "client_credentials"})
            for answer in (discovery, token):
                assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
        graph = web.get("https://graph.microsoft.us/v1.0/applications", headers=operator)
        assert (graph.status_code, graph.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_instance_discovery_lists_the_authorities_of_every_cloud(emulator: Emulator) -> None:
    with client_of(emulator) as web:
        for host in ("login.microsoftonline.com", "login.microsoftonline.us"):
            authorize = f"https://{host}/{emulator.tenant_id}/oauth2/v2.0/authorize"
            query = {"api-version": "1.1", "authorization_endpoint": authorize}
            listed = web.get(f"https://{host}/common/discovery/instance", params=query).json()["metadata"]
            names = {name for row in listed for name in row["aliases"]}
            assert {"login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn"} <= names
            assert "localhost" not in names


@pytest.mark.slow
def test_three_hundred_parallel_connections_get_their_answers(emulator: Emulator, operator: dict[str, str]) -> None:
    trust = ssl.create_default_context(cafile=str(emulator.ca_file))
    address = ("127.0.0.1", port_of(emulator.proxy_endpoint))
    request = (
        "GET /v1.0/organization HTTP/1.1\r\nHost: graph.microsoft.com\r\n"
        f"Authorization: {operator['Authorization']}\r\nConnection: close\r\n\r\n"
    ).encode()
    with_all = [socket.create_connection(address, timeout=60) for _ in range(300)]  # open at once, then used at once

    def ask(plain: socket.socket) -> bytes:
        with plain:
            plain.sendall(CONNECT.format("graph.microsoft.com:443").encode())
            assert plain.recv(100).startswith(b"HTTP/1.1 200 ")
            with trust.wrap_socket(plain, server_hostname="graph.microsoft.com") as secure:
                secure.sendall(request)
                return b"".join(iter(lambda: secure.recv(65_536), b""))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, with_all))
    assert all(answer.startswith(b"HTTP/1.1 200 ") and b"Contoso" in answer for answer in answers)


def test_idle_tunnels_do_not_hold_up_the_end() -> None:
    with Emulator(apps=5) as emulator:
        address = ("127.0.0.1", port_of(emulator.proxy_endpoint))
        idle = [socket.create_connection(address, timeout=10) for _ in range(20)]
        for client in idle[:15]:  # the others have not even said what they want
            client.sendall(CONNECT.format("graph.microsoft.com:443").encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        before = time.monotonic()
    assert time.monotonic() - before < 3
    for client in idle:
        assert client.recv(100) == b""
        client.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, timeout=5)


def test_what_is_remembered_of_refusals_is_bounded_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 3)
    told: list[str] = []
    with Emulator(apps=5, tell=told.append) as emulator:
        for number in (1, 1, 2, 3, 4, 4):
            said(emulator, CONNECT.format(f"host{number}.example:443").encode())
        assert emulator.proxy.refused == {"host1.example:443": 2, "host2.example:443": 1, "host3.example:443": 1}
        listed = httpx.get(f"{emulator.control_endpoint}/proxy", trust_env=False).json()
        assert listed == {"refused": emulator.proxy.refused}
    assert told == ["host1.example:443", "host2.example:443", "host3.example:443"]


@asynccontextmanager
async def before(handler: Handler) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection to a proxy in front of a server of the test's."""
    behind = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = behind.sockets[0].getsockname()[1]
    proxy = Proxy(secure_port=port, plain_port=port)
    front = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        front.close()
        await proxy.close()
        behind.close()


async def echo_when_ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    everything = await reader.read()
    writer.write(b"got " + everything)
    writer.close()


def test_a_tunnel_passes_the_end_of_one_side_on_and_carries_the_answer_back() -> None:
    async def run() -> bytes:
        async with before(echo_when_ended) as (reader, writer):
            writer.write(CONNECT.format("graph.microsoft.com:443").encode())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"x" * 1_000_000)
            writer.write_eof()
            return await reader.read()

    assert asyncio.run(asyncio.wait_for(run(), 20)) == b"got " + b"x" * 1_000_000


async def answer_after_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    try:
        async with asyncio.timeout(0.3):
            ended = not await reader.read(1)
    except TimeoutError:
        ended = False
    writer.write(b"ended early" if ended else head)
    writer.close()


def test_a_forwarded_request_is_one_request_without_what_ends_at_a_proxy() -> None:
    sent = (
        b"GET http://169.254.169.254//a%20b?x=1&y=%7b#part HTTP/1.0\r\nHost: evil.example\r\nMetadata: true\r\n"
        b"Proxy-Connection: keep-alive\r\nConnection: keep-alive, X-Private\r\nX-Private: 1\r\nTE: trailers\r\n"
        b"Proxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\nX-Kept: caf\xc3\xa9\r\n\r\n"
    )

    async def run() -> bytes:
        async with before(answer_after_the_head) as (reader, writer):
            writer.write(sent)
            writer.write_eof()  # a server behind may take this for the client's leaving
            return await reader.read()

    assert asyncio.run(asyncio.wait_for(run(), 20)) == (
        b"GET //a%20b?x=1&y=%7b HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n"
        b"Metadata: true\r\nX-Kept: caf\xc3\xa9\r\n\r\n"
    )


async def leave_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.transport.abort()


def test_a_broken_server_ends_the_tunnel_and_a_missing_one_is_a_bad_gateway() -> None:
    async def broken() -> bytes:
        async with before(leave_at_once) as (reader, writer):
            writer.write(CONNECT.format("graph.microsoft.com:443").encode())
            return await reader.read()

    assert asyncio.run(asyncio.wait_for(broken(), 20)).startswith(b"HTTP/1.1 200 ")

    nowhere = Proxy(secure_port=1, plain_port=1)
    assert asyncio.run(answer_to(nowhere, CONNECT.format("graph.microsoft.com:443"))).startswith(b"HTTP/1.1 502 ")


async def answer_to(proxy: Proxy, head: str) -> bytes:
    """Let a proxy serve a request without a socket."""
    reader, sink = asyncio.StreamReader(), _Sink()
    reader.feed_data(head.encode())
    reader.feed_eof()
    await proxy._serve((reader, sink))  # type: ignore[arg-type]
    return sink.written


class _Sink:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def write_eof(self) -> None:
        pass

    async def drain(self) -> None:
        pass


def test_it_never_connects_anywhere_but_to_the_two_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[tuple[Any, ...]] = []

    async def record(*address: Any, **options: Any) -> Any:
        del options
        connected.append(address)
        raise ConnectionRefusedError

    proxy = Proxy(secure_port=1111, plain_port=2222)
    monkeypatch.setattr(asyncio, "open_connection", record)
    hosts = [*proxied_host_names(), *module.METADATA_HOSTS, "example.com", "10.0.0.1", "localhost"]
    for host in hosts:
        for port in (22, 80, 443, 1111):
            asyncio.run(answer_to(proxy, CONNECT.format(f"{host}:{port}")))
            asyncio.run(answer_to(proxy, f"GET http://{host}:{port}/ HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert set(connected) == {("127.0.0.1", 1111), ("127.0.0.1", 2222)}
    assert len(connected) == len(proxied_host_names()) + len(module.METADATA_HOSTS)
