"""How the embedded tenant carries 100,000 applications: start, memory, and who waits for whom while pages are read.

``pytest -m bench -s tests/benchmarks`` prints the figures; nothing is asserted about time. Processor time of both sides
is taken beside the pages per second, since it tells the bottleneck whatever else the machine does meanwhile.

The first client to see every application has the certificates made whose thumbprints it is shown; later ones do not,
so that one client that does not count reads everything before the others.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from azure.identity import ClientSecretCredential

if TYPE_CHECKING:
    from msgraph.graph_request_adapter import GraphRequestAdapter

APPLICATIONS = 100_000
PAGE = 999
MODEL_PAGES = 4
"""msgraph-sdk is too slow to be waited for to the end."""
LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
NEXT = re.compile(rb'"@odata\.nextLink":"([^"]+)"')

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An emulator in a process of its own."""

    pid: int
    authority: str
    started: float
    start_processor: float
    variables: dict[str, str]

    def memory(self, name: str) -> float:
        """Give VmHWM (the most) or VmRSS (now) in MiB."""
        found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found[1]) / 1024

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.variables["SSL_CERT_FILE"])

    def credential(self) -> ClientSecretCredential:
        return ClientSecretCredential(
            *(self.variables[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")),
            authority=self.authority,
            disable_instance_discovery=True,
            connection_verify=self.variables["SSL_CERT_FILE"],
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-P", str(LAUNCHER), "emulator", "--apps", str(APPLICATIONS), "--port", str(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        variables = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = shlex.split(line)[1].partition("=")
                variables[name] = value
            if "AZURE_CLIENT_SECRET" in variables and "SSL_CERT_FILE" in variables:
                break
        authority = f"https://localhost:{port}"
        while not answers(port):
            time.sleep(0.01)
        started = time.perf_counter() - began
        try:
            yield Running(
                pid=process.pid,
                authority=authority,
                started=started,
                start_processor=processor_seconds(process.pid),
                variables=variables,
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def reads_and_discards(running: Running, path: str, bearer: str) -> int:
    """Follow the links to the end over one connection and look at nothing else."""
    connection = http.client.HTTPSConnection(running.authority.removeprefix("https://"), context=running.trust)
    pages = 0
    with closing(connection):
        while path:
            connection.request("GET", path, headers={"Authorization": bearer})
            body = connection.getresponse().read()
            pages += 1
            following = NEXT.search(body, max(0, len(body) - 1000)) or NEXT.search(body, 0, 1000)
            path = following[1].decode().partition(running.authority)[2] if following else ""
    return pages


class Credential(msgspec.Struct, rename="camel"):
    """What a scanner looks at in a secret or a certificate."""

    key_id: str
    end_date_time: str
    display_name: str | None = None


class Application(msgspec.Struct, rename="camel"):
    """What a scanner looks at in an application."""

    id: str
    app_id: str
    display_name: str
    password_credentials: list[Credential] = []
    key_credentials: list[Credential] = []


class Page(msgspec.Struct):
    value: list[Application]
    following: str = msgspec.field(name="@odata.nextLink", default="")


def read_pages(running: Running, path: str, bearer: str, following: Callable[[bytes], str]) -> int:
    """Follow the links to the end over one connection of httpx."""
    pages = 0
    with httpx.Client(base_url=running.authority, verify=running.trust, trust_env=False, timeout=60) as web:
        while path:
            path = following(web.get(path, headers={"Authorization": bearer}).content)
            pages += 1
    return pages


def reads_fields(running: Running, path: str, bearer: str) -> int:
    """Do what the leanest client with a use for the answer does: decode the fields that it looks at."""
    decoder = msgspec.json.Decoder(Page)
    return read_pages(running, path, bearer, lambda body: decoder.decode(body).following)


def reads_json(running: Running, path: str, bearer: str) -> int:
    """Do what a client does that takes no trouble."""
    return read_pages(running, path, bearer, lambda body: str(json.loads(body).get("@odata.nextLink", "")))


def reads_bytes(running: Running, path: str, bearer: str) -> int:
    """Let msgraph-sdk fetch, and decode the fields without its models."""
    del bearer  # the SDK gets its own

    async def read() -> int:
        from kiota_abstractions.method import Method  # noqa: PLC0415
        from kiota_abstractions.request_information import RequestInformation  # noqa: PLC0415

        decoder, pages = msgspec.json.Decoder(Page), 0
        async with graph(running) as adapter:
            following = running.authority + path
            while following:
                request = RequestInformation(method=Method.GET)
                request.url = following
                body = await adapter.send_primitive_async(request, "bytes", {})
                assert isinstance(body, bytes)
                following = decoder.decode(body).following
                pages += 1
        return pages

    return asyncio.run(read())


@asynccontextmanager
async def graph(running: Running) -> AsyncIterator[GraphRequestAdapter]:
    """Give the SDK's way to the emulator."""
    from kiota_authentication_azure.azure_identity_authentication_provider import (  # noqa: PLC0415
        AzureIdentityAuthenticationProvider,
    )
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # noqa: PLC0415

    scopes = ["https://graph.microsoft.com/.default"]
    provider = AzureIdentityAuthenticationProvider(running.credential(), scopes=scopes, allowed_hosts=["localhost"])
    transport = httpx.AsyncHTTPTransport(verify=running.trust, trust_env=False)
    async with transport, httpx.AsyncClient(transport=transport, trust_env=False, timeout=60) as web:
        adapter = GraphRequestAdapter(provider, GraphClientFactory.create_with_default_middleware(client=web))
        adapter.base_url = f"{running.authority}/v1.0"
        yield adapter


def reads_models(running: Running, path: str, bearer: str) -> int:
    """Let msgraph-sdk make its models of the first pages."""
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415

    del bearer  # the SDK gets its own

    async def read() -> int:
        async with graph(running) as adapter:
            applications, following = GraphServiceClient(request_adapter=adapter).applications, running.authority + path
            for _ in range(MODEL_PAGES):
                page = await applications.with_url(following).get()
                assert page
                assert page.odata_next_link
                following = page.odata_next_link
        return MODEL_PAGES

    return asyncio.run(read())


CLIENTS: dict[str, Callable[[Running, str, str], int]] = {
    "the first ever, reads and discards": reads_and_discards,
    "reads and discards": reads_and_discards,
    "lean (httpx and msgspec, a scanner's fields)": reads_fields,
    "httpx and json": reads_json,
    "msgraph-sdk's requests, msgspec": reads_bytes,
    "msgraph-sdk's models": reads_models,
}
PATHS = {
    "whole": f"/v1.0/applications?$top={PAGE}",
    "selected": f"/v1.0/applications?$top={PAGE}&$select=id,appId,displayName,passwordCredentials",
}


def test_start_and_memory(running: Running) -> None:
    print(
        f"\nstart: {running.started:.1f} s, {running.start_processor:.1f} s of processor time; "
        f"memory: {running.memory('VmRSS'):.0f} MiB"
    )
    assert running.memory("VmRSS") < 1.5 * 1024


@pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions", "ignore::DeprecationWarning:msgraph")
@pytest.mark.parametrize("what", PATHS)
def test_pages_per_second(running: Running, what: str) -> None:
    bearer = f"Bearer {running.credential().get_token('https://graph.microsoft.com/.default').token}"
    for name, client in CLIENTS.items():
        served, used = processor_seconds(running.pid), time.process_time()
        began = time.perf_counter()
        pages = client(running, PATHS[what], bearer)
        wall = time.perf_counter() - began
        served, used = processor_seconds(running.pid) - served, time.process_time() - used
        assert pages >= (MODEL_PAGES if client is reads_models else APPLICATIONS // PAGE)
        waits = "client" if used > served else "emulator"
        print(
            f"\n{what} applications, {name}: {pages / wall:.1f} pages of {PAGE} a second; processor time for a page: "
            f"{served / pages * 1000:.1f} ms emulator, {used / pages * 1000:.1f} ms client; "
            f"the {waits} is the bottleneck"
        )
    print(f"\nmost memory since the start: {running.memory('VmHWM'):.0f} MiB")
