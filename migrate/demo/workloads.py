"""The services of the demonstration: real programs, run as processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from migrate.emulator.server import Emulator
from migrate.errors import DemoError

NAMES = ("orders-api", "invoice-worker", "report-mailer")
OLD_REPORT = "old-report"
_TIMEOUT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A service: its application, its identity, and the secret that its deployment sets."""

    name: str
    client_id: str
    identity_client_id: str
    secret_variable: str
    secret: str
    folder: Path

    def __repr__(self) -> str:
        """Show the name only: the secret stays out of every message."""
        return f"Workload({self.name})"


def lay(emulator: Emulator, code: Path) -> tuple[Workload, ...]:
    """Write the services below ``code`` as their developers left them, and return them."""
    return tuple(_lay_one(emulator, code, name) for name in NAMES)


def _lay_one(emulator: Emulator, code: Path, name: str) -> Workload:
    tenant = emulator.tenant
    application = tenant.application_named(name)
    folder = write_source(code, name, tenant_id=tenant.id, client_id=application.app_id)
    return Workload(
        name=name,
        client_id=application.app_id,
        identity_client_id=tenant.identity_named(f"id-{name}").client_id,
        secret_variable=f"{name.replace('-', '_').upper()}_SECRET",
        secret=tenant.secret_of(tenant.live_secret_of(application).key_id),
        folder=folder,
    )


def write_source(code: Path, name: str, *, tenant_id: str, client_id: str) -> Path:
    """Write one program into a folder of its own and return the folder."""
    template = resources.files("migrate.demo").joinpath("services", f"{name}.py.txt").read_text("utf-8")
    folder = code / name
    folder.mkdir(parents=True)
    text = template.replace("@TENANT_ID@", tenant_id).replace("@CLIENT_ID@", client_id)
    (folder / "main.py").write_text(text, "utf-8")
    return folder


def run(workloads: tuple[Workload, ...], base: Mapping[str, str], *, secrets: bool, identities: bool) -> int:
    """Run every service once, all at a time; return how many succeeded.

    ``secrets`` and ``identities`` say which variables their deployment sets.
    """
    processes = [_start(each, base, secrets=secrets, identities=identities) for each in workloads]
    results = [process.communicate(timeout=_TIMEOUT) for process in processes]
    for workload, process, (_, errors) in zip(workloads, processes, results, strict=True):
        if process.returncode != 0:
            last = errors.strip().splitlines()[-1:] or ["no message"]
            raise DemoError(f"service {workload.name} in {workload.folder} failed: {last[0]}")
    return len(processes)


def _start(workload: Workload, base: Mapping[str, str], *, secrets: bool, identities: bool) -> subprocess.Popen[str]:
    environment = dict(base)
    if secrets:
        environment[workload.secret_variable] = workload.secret
    if identities:
        environment["MANAGED_IDENTITY_CLIENT_ID"] = workload.identity_client_id
    return subprocess.Popen(
        [sys.executable, "main.py"],
        cwd=workload.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def federated(emulator: Emulator, workloads: tuple[Workload, ...]) -> int:
    """Count the services whose last sign-in, by the tenant's own log, was by a federated credential."""
    last = [list(emulator.tenant.sign_ins.entries(each.client_id))[-1] for each in workloads]
    return sum(each.credential_type == "federatedIdentityCredential" and each.error_code == 0 for each in last)
