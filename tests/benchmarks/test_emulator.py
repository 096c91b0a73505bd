"""How the embedded tenant carries 100,000 applications: start, memory, and who waits for whom while pages are read.

``pytest -m bench -s tests/benchmarks`` prints the figures; nothing is asserted about time. Processor time of both sides
is taken beside the pages per second, since it tells the bottleneck whatever else the machine does meanwhile.
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
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from azure.identity import ClientSecretCredential

APPLICATIONS = 100_000
PAGE = 999
MODEL_PAGES = 4
"""msgraph-sdk is too slow to be waited for to the end."""
LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
NEXT = re.compile(rb'"@odata\.nextLink":"([^"]+)"')

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An emulator in a process of its own."""

    pid: int
    authority: str
    started: float
    variables: dict[str, str]

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

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
            yield Running(pid=process.pid, authority=authority, started=started, variables=variables)
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


def reads_json(running: Running, path: str, bearer: str) -> int:
    """Do what the leanest client with a use for the answer does."""
    pages = 0
    with httpx.Client(base_url=running.authority, verify=running.trust, trust_env=False) as web:
        while path:
            page = json.loads(web.get(path, headers={"Authorization": bearer}).content)
            pages += 1
            path = page.get("@odata.nextLink", "")
    return pages


def reads_models(running: Running, path: str, bearer: str) -> int:
    """Let msgraph-sdk make its models of the first pages."""
    from kiota_authentication_azure.azure_identity_authentication_provider import (  # noqa: PLC0415
        AzureIdentityAuthenticationProvider,
    )
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # noqa: PLC0415

    del bearer  # the SDK gets its own

    async def read() -> int:
        scopes = ["https://graph.microsoft.com/.default"]
        provider = AzureIdentityAuthenticationProvider(running.credential(), scopes=scopes, allowed_hosts=["localhost"])
        transport = httpx.AsyncHTTPTransport(verify=running.trust, trust_env=False)
        async with transport, httpx.AsyncClient(transport=transport, trust_env=False, timeout=60) as web:
            adapter = GraphRequestAdapter(provider, GraphClientFactory.create_with_default_middleware(client=web))
            adapter.base_url = f"{running.authority}/v1.0"
            applications, following = GraphServiceClient(request_adapter=adapter).applications, running.authority + path
            for _ in range(MODEL_PAGES):
                page = await applications.with_url(following).get()
                assert page
                assert page.odata_next_link
                following = page.odata_next_link
        return MODEL_PAGES

    return asyncio.run(read())


CLIENTS: dict[str, Callable[[Running, str, str], int]] = {
    "reads and discards": reads_and_discards,
    "httpx and json": reads_json,
    "msgraph-sdk": reads_models,
}
PATHS = {
    "whole": f"/v1.0/applications?$top={PAGE}",
    "selected": f"/v1.0/applications?$top={PAGE}&$select=id,appId,displayName,passwordCredentials",
}


def test_start_and_memory(running: Running) -> None:
    print(f"\nstart: {running.started:.1f} s; memory: {running.memory('VmRSS'):.0f} MiB")
    assert running.memory("VmRSS") < 1.5 * 1024


@pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions", "ignore::DeprecationWarning:msgraph")
@pytest.mark.parametrize("what", PATHS)
def test_pages_per_second(running: Running, what: str) -> None:
    bearer = f"Bearer {running.credential().get_token('https://graph.microsoft.com/.default').token}"
    for name, client in CLIENTS.items():
        served, used = running.processor_seconds(), time.process_time()
        began = time.perf_counter()
        pages = client(running, PATHS[what], bearer)
        wall = time.perf_counter() - began
        served, used = running.processor_seconds() - served, time.process_time() - used
        assert pages >= (MODEL_PAGES if client is reads_models else APPLICATIONS // PAGE)
        print(
            f"\n{what} applications, {name}: {pages / wall:.1f} pages of {PAGE} a second; processor time for a page: "
            f"{served / pages * 1000:.1f} ms emulator, {used / pages * 1000:.1f} ms client ({used / served:.2f} x)"
        )
    print(f"\nmost memory since the start: {running.memory('VmHWM'):.0f} MiB")
