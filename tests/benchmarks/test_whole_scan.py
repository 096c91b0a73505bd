"""A whole ``unsecret scan`` of embedded tenants, and Azure CLI's listing of the same applications beside it.

``pytest -m bench -s tests/benchmarks/test_whole_scan.py`` prints requests, seconds on the clock, processor time of the
command alone, and its peak memory. The tenant runs on the same machine and has its share of the seconds.

Azure CLI is taken from the virtual environment that UNSECRET_TEST_AZ names; without it that part is skipped. It lists
applications and nothing else; a scan reads service principals, owners, federated credentials, roles, policies, hosts
and evidence of use as well. So the listing is compared with a reading of the same collection by our reader, too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from inventory import snapshot
from migrate.emulator import environments
from migrate.emulator.server import Emulator

SIZES = (1_000, 10_000, 100_000)
COMPARED = (1_000, 10_000)
LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
_REQUEST = re.compile(rb"^(?:GET|POST) /", re.MULTILINE)
_AZ_REQUEST = re.compile(rb"Request URL: ")
_APPLICATIONS = """
import asyncio, sys
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory

async def main():
    settings = GraphSettings(graph_endpoint=sys.argv[1])
    async with GraphConnection(settings) as connection:
        count = sum([len(page.entries) async for page in GraphDirectory(connection).applications()])
    print(count)

asyncio.run(main())
"""

_MEASURER = """
import json, os, subprocess, sys
out, errors, *command = sys.argv[1:]
with open(out, "wb") as to, open(errors, "wb") as also:
    process = subprocess.Popen(command, stdout=to, stderr=also)
    _, status, used = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
"""Starts a command from a small process: Linux counts the memory of whoever starts a process as its own peak."""

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a command took; ``memory`` in MiB."""

    output: bytes
    errors: bytes
    wall: float
    processor: float
    memory: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, {self.processor:.1f} s of processor time, at most {self.memory:.0f} MiB"


def run(command: list[str], environment: dict[str, str], folder: Path) -> Run:
    """Run a command to its end; what it prints goes to files, so that nobody has to read along."""
    out, errors = folder / "out", folder / "errors"
    began = time.perf_counter()
    measurer = [sys.executable, "-S", "-c", _MEASURER, str(out), str(errors), *command]
    done = subprocess.run(measurer, env=environment, cwd=folder, capture_output=True, check=True)
    wall = time.perf_counter() - began
    code, processor, memory = json.loads(done.stdout)
    assert code == 0, errors.read_bytes()[-2000:]
    return Run(output=out.read_bytes(), errors=errors.read_bytes(), wall=wall, processor=processor, memory=memory)


def scanned(emulator: Emulator, folder: Path) -> Run:
    """Scan the tenant; ``-v`` tells each request on a line of its own."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = environments.applied(emulator.environment(), passed_on)
    command = [sys.executable, "-P", str(LAUNCHER), "scan", "--out", str(folder / "s.db"), "-v"]
    return run(command, environment, folder)


@pytest.mark.parametrize("applications", SIZES)
def test_a_whole_scan(tmp_path: Path, applications: int) -> None:
    with Emulator(apps=applications, seed=7) as emulator:
        done = scanned(emulator, tmp_path)
    of = snapshot.read(tmp_path / "s.db", evidence=False) if applications < max(SIZES) else None
    assert of is None or len(of.applications) >= applications
    size = (tmp_path / "s.db").stat().st_size / 1e6
    print(
        f"\nscan of {applications} applications: {len(_REQUEST.findall(done.errors))} requests, {done}; {size:.1f} MB"
    )


@pytest.mark.parametrize("applications", COMPARED)
def test_beside_azure_cli(tmp_path: Path, applications: int) -> None:
    given = os.environ.get("UNSECRET_TEST_AZ")
    if given is None:
        pytest.skip("UNSECRET_TEST_AZ names no virtual environment with azure-cli")
    python = f"{given}/bin/python"
    own = {"AZURE_CONFIG_DIR": str(tmp_path / "azure"), "HOME": str(tmp_path), "AZURE_CORE_COLLECT_TELEMETRY": "false"}
    passed_on = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with Emulator(apps=applications, seed=7) as emulator:
        variables = emulator.environment()
        environment = environments.applied(emulator.proxied_environment(), passed_on) | own
        who = ("-u", variables["AZURE_CLIENT_ID"], "-p", variables["AZURE_CLIENT_SECRET"])
        sign_in = ("login", "--service-principal", *who, "--tenant", variables["AZURE_TENANT_ID"])
        run([python, "-m", "azure.cli", *sign_in], environment, tmp_path)
        listed = run([python, "-m", "azure.cli", "ad", "app", "list", "--all", "--debug"], environment, tmp_path)
        ours = scanned(emulator, tmp_path)
        direct = environments.applied(variables, passed_on) | {"PYTHONPATH": str(LAUNCHER.parent)}
        read = run([sys.executable, "-c", _APPLICATIONS, variables["UNSECRET_GRAPH_ENDPOINT"]], direct, tmp_path)
    asked = len(_AZ_REQUEST.findall(listed.errors))
    print(f"\naz ad app list --all, {applications} applications: {asked} requests, {listed}")
    print(f"our reader, the same collection: {read.output.decode().strip()} applications, {read}")
    print(f"unsecret scan, everything: {len(_REQUEST.findall(ours.errors))} requests, {ours}")
